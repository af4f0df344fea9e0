"""What every test shares: system packages that may be missing, and a Prefect of the tests' own."""

import os
import re
from collections.abc import Generator
from pathlib import Path

import pytest

NO_SKIPS = os.environ.get("STENOFLOW_NO_SKIPS") == "1"
"""Turns a skip for want of a system package into a failure, as in CI."""

MISSING = re.compile(r"needs package (?P<packages>[^:]+)")
_missing: set[str] = set()


def pytest_configure(config: pytest.Config) -> None:
    # Tests never touch the profiles, databases and keys of whoever runs them.
    for name in ("DEEPGRAM_API_KEY", "PREFECT_API_URL", "PREFECT_API_KEY", "AWS_PROFILE"):
        os.environ.pop(name, None)


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
