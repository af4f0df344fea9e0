"""The stand-in in a process of its own, which survives a client that is killed during a request."""

import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from stenoflow.testing.deepgram.faults import Fault
from stenoflow.testing.deepgram.records import Charge


@dataclass(frozen=True, slots=True)
class StandInProcess:
    """A stand-in in another process."""

    url: str
    key: str

    def script(self, *faults: Fault) -> None:
        """Set what happens to the next requests, as ``StandIn.script`` does."""
        body = [asdict(fault) for fault in faults]
        httpx.post(
            f"{self.url}/standin/script", json=body, headers=self._headers
        ).raise_for_status()

    def report(self) -> dict[str, Any]:
        """Return the bill and the requests, as ``StandIn.report`` does."""
        response = httpx.get(f"{self.url}/standin", headers=self._headers)
        return response.raise_for_status().json()

    def bill(self) -> list[Charge]:
        """Return every charge so far."""
        return [Charge(**charge) for charge in self.report()["bill"]]

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Token {self.key}"}


@contextmanager
def standin_process(*options: str) -> Generator[StandInProcess]:
    """Start ``python -m stenoflow.testing.deepgram`` with these options, and stop it after the block."""
    command = [sys.executable, "-m", "stenoflow.testing.deepgram", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            if program.stdout is None:
                raise AssertionError("Popen was given a pipe for the stand-in's output")
            url = program.stdout.readline().removeprefix("base URL:").strip()
            key = program.stdout.readline().removeprefix("API key:").strip()
            yield StandInProcess(url, key)
        finally:
            program.send_signal(signal.SIGINT)
            program.wait(60)
