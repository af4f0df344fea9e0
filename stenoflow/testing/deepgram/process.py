"""The stand-in in a process of its own: it outlives whoever is killed while it is being asked."""

import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from stenoflow.testing.deepgram.faults import Fault
from stenoflow.testing.deepgram.server import Charge


@dataclass(frozen=True, slots=True)
class Apart:
    """A stand-in in another process."""

    url: str
    key: str

    def script(self, *faults: Fault) -> None:
        """What the next requests meet, as with ``StandIn.script``."""
        body = [asdict(fault) for fault in faults]
        httpx.post(
            f"{self.url}/standin/script", json=body, headers=self._headers
        ).raise_for_status()

    def report(self) -> dict[str, Any]:
        """Bill and requests, as with ``StandIn.report``."""
        response = httpx.get(f"{self.url}/standin", headers=self._headers)
        return response.raise_for_status().json()

    def bill(self) -> list[Charge]:
        return [Charge(**charge) for charge in self.report()["bill"]]

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Token {self.key}"}


@contextmanager
def standin_apart(*options: str) -> Generator[Apart]:
    """Start ``python -m stenoflow.testing.deepgram`` with these options, and end it with the block."""
    command = [sys.executable, "-m", "stenoflow.testing.deepgram", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            if program.stdout is None:
                raise AssertionError("the stand-in's output was asked for")
            url = program.stdout.readline().removeprefix("base URL:").strip()
            key = program.stdout.readline().removeprefix("API key:").strip()
            yield Apart(url, key)
        finally:
            program.send_signal(signal.SIGINT)
            program.wait(10)
