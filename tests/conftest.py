"""Settings and servers of all tests, and a list of the system packages that skipped tests need."""

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
"""Turns a test that is skipped for want of a system package into a failure, as in CI."""

MISSING = re.compile(r"needs package (?P<packages>[^:]+)")
_missing: set[str] = set()


# A deadline for each example would make tests depend on the speed of the machine.
settings.register_profile("stenoflow", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=10)
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
    # A test gets a server only if it starts one.
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
}


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(PREFECT_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def prefect_server() -> Generator[None, None, None]:
    """Run a real Prefect server with a new database, for flows and tasks in this process."""
    from stenoflow.deployments.server.embedded import server_of_choice

    with server_of_choice():
        yield


@pytest.fixture(scope="session")
def rgw() -> Generator[S3Server, None, None]:
    """Run Ceph's S3 server."""
    from bench.harness.rgw import running_rgw, why_unavailable

    if why := why_unavailable():
        pytest.skip(why)
    with running_rgw() as server:
        yield server


@pytest.fixture(scope="session")
def moto() -> Generator[S3Server, None, None]:
    """Run moto's S3 server, which starts in a second, lists slowly, and accepts any credentials."""
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
    if NO_SKIPS and packages_missed_by(report) and isinstance(report.longrepr, tuple):
        report.outcome = "failed"
        report.longrepr = f"{report.longrepr[2]}, and STENOFLOW_NO_SKIPS=1 allows no skips"
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # Unlike the hook above, this one runs where the summary is printed, with workers or without.
    _missing.update(packages_missed_by(report))


def packages_missed_by(report: pytest.TestReport) -> list[str]:
    """Return the system packages for want of which a test was skipped."""
    if not report.skipped or not isinstance(report.longrepr, tuple):
        return []
    found = MISSING.search(report.longrepr[2])
    return found["packages"].split() if found else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _missing:
        terminalreporter.section("Tests were skipped for want of system packages", sep="-")
        terminalreporter.line(f"sudo apt-get install {' '.join(sorted(_missing))}")


@pytest.fixture(autouse=True)
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which this test's scratch folders are made."""
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setenv("STENOFLOW_SCRATCH", str(folder))
    return folder
