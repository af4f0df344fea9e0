"""The unit lane: no server, no network, no Prefect. Tests that need one of these are in integration/."""

import socket
import sys
from collections.abc import Generator
from typing import Any

import pytest

ADVICE = "unit tests have no network, no server and no Prefect: move the test to tests/integration"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail where collecting nothing but unit tests has imported Prefect."""
    if "prefect" in sys.modules and all("tests/unit/" in each.nodeid for each in session.items):
        raise pytest.UsageError(f"a test module imports prefect, but {ADVICE}")


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Fail a test that connects to, or listens at, an address of a network, or imports Prefect."""

    def only_unix(name: str) -> None:
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, *arguments: Any) -> Any:
            if self.family != socket.AF_UNIX:
                pytest.fail(f"socket.{name}{arguments}: {ADVICE}")
            return real(self, *arguments)

        monkeypatch.setattr(socket.socket, name, guarded)

    for name in ("connect", "connect_ex", "listen"):
        only_unix(name)
    imported = "prefect" in sys.modules
    yield
    if "prefect" in sys.modules and not imported:
        pytest.fail(f"the test has imported prefect, but {ADVICE}")
