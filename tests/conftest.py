"""What every test shares: system packages that may be missing, and a Prefect of the tests' own."""

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from bench.harness.s3_server import S3Server
from stenoflow.deployments.server.sqlite_pool import CHOSEN_BY
from tests.support.corpus import shared

NO_SKIPS = os.environ.get("STENOFLOW_NO_SKIPS") == "1"
"""Turns a skip for want of a system package into a failure, as in CI."""

MISSING = re.compile(r"needs package (?P<packages>[^:]+)")
_missing: set[str] = set()


# A deadline for each example would make tests depend on the speed of the machine.
settings.register_profile("stenoflow", deadline=None)
settings.load_profile("stenoflow")

# Tests never touch the profiles, databases and keys of whoever runs them; Prefect reads its
# environment when it is first imported, which is after this.
for name in (
    "DEEPGRAM_API_KEY",
    "DEEPGRAM_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "PREFECT_API_URL",
    "PREFECT_API_KEY",
    "AWS_PROFILE",
    *CHOSEN_BY,
):
    os.environ.pop(name, None)
# The Deepgram stand-in answers with the corpus' recorded replies.
if folder := shared():
    os.environ["STENOFLOW_CORPUS"] = str(folder)
PREFECT_HOME = tempfile.mkdtemp(prefix="stenoflow-tests-prefect-")
os.environ |= {
    "PREFECT_HOME": PREFECT_HOME,
    "STENOFLOW_HOME": f"{PREFECT_HOME}/stenoflow",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # What asks for no server gets none.
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
}


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(PREFECT_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def prefect_server() -> Generator[None, None, None]:
    """A real Prefect server with a database of its own, for flows and tasks run in this process."""
    from stenoflow.deployments.server.embedded import server_of_choice

    with server_of_choice():
        yield


@pytest.fixture(scope="session")
def rgw() -> Generator[S3Server, None, None]:
    """Ceph's S3 server."""
    from bench.harness.rgw import running_rgw, why_unavailable

    if why := why_unavailable():
        pytest.skip(why)
    with running_rgw() as server:
        yield server


@pytest.fixture(scope="session")
def moto() -> Generator[S3Server, None, None]:
    """An S3 server that starts in a second, lists slowly, and believes any keys."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield S3Server(f"http://{host}:{port}", "any-key", "any-secret")
    server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        found = MISSING.search(report.longrepr[2])
        if found:
            _missing.update(found["packages"].split())
            if NO_SKIPS:
                report.outcome = "failed"
                report.longrepr = f"{report.longrepr[2]}, and STENOFLOW_NO_SKIPS=1 allows no skips"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _missing:
        terminalreporter.section("Skipped for want of system packages", sep="-")
        terminalreporter.line(f"sudo apt-get install {' '.join(sorted(_missing))}")


@pytest.fixture(autouse=True)
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's scratch folders are made."""
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setenv("STENOFLOW_SCRATCH", str(folder))
    return folder
