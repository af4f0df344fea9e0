"""Waiting for a Prefect server on this machine that is being started."""

import subprocess
import threading
import time
from contextlib import suppress

import httpx

from stenoflow.errors import MissingDependency

READY_S = 120
"""A server that has not started by then will not: a busy laptop takes half a minute the first time."""
POLL_S = 0.1


def await_health(
    server: subprocess.Popen[bytes], url: str, where: str, stop: threading.Event | None = None
) -> None:
    """Return once the server at ``url`` is healthy, or ``stop`` is set.

    Raises MissingDependency, which says ``where`` to look, where it ends or does not start.
    """
    stop = stop or threading.Event()
    give_up = time.monotonic() + READY_S
    # One client, without TLS: to read all certificates costs as much as a tenth of the server's start.
    with httpx.Client(verify=False, timeout=READY_S) as client:  # noqa: S501
        while time.monotonic() < give_up and server.poll() is None and not stop.is_set():
            with suppress(httpx.TransportError):
                if client.get(f"{url}/health").is_success:
                    return
            stop.wait(POLL_S)
    if not stop.is_set():
        raise MissingDependency(f"Prefect's server did not start: see {where}.")
