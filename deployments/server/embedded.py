"""A Prefect server that lives as long as a command, if no other one is named.

Prefect would start one by itself, but in the terminal's own process group: Ctrl-C would end it before
the runs could report their end, and they would try to for a minute. It would also outlive a command
that is killed. This one is in a session of its own, and the kernel ends it with the command.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import prefect
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

from stenoflow.deployments.server.client import check_server
from stenoflow.deployments.server.health import await_health
from stenoflow.deployments.server.sqlite_pool import database_of

STOP_S = 5
DRAIN_S = 5
WHERE = (
    "what it printed above, and whether stenoflow doctor finds all packages at the versions that "
    "Stenoflow needs"
)


@contextmanager
def server_of_choice() -> Generator[None]:
    """Use the server at PREFECT_API_URL or of Prefect's active profile, else one for this block alone.

    Raises MissingDependency if it does not answer, or does not start; ConfigurationError if it refuses.
    """
    if get_current_settings().api.url:
        asyncio.run(check_server())
        yield
        return
    port = _free_port()
    server = _start(port)
    try:
        url = f"http://127.0.0.1:{port}/api"
        await_health(server, url, WHERE)
        with temporary_settings({PREFECT_API_URL: url}):
            yield
            _send_pending()
    finally:
        server.terminate()
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _send_pending() -> None:
    """Wait until the server has the events and logs of the last steps.

    `APILogHandler.aflush` does this for logs; Prefect documents nothing like it for events, and both
    are kept in workers of one kind.
    """
    for worker in (EventsWorker, APILogWorker):
        worker.drain_all(timeout=DRAIN_S)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _start(port: int) -> subprocess.Popen[bytes]:
    setpriv = shutil.which("setpriv")
    tied = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
    folder = str(Path(prefect.__file__).parent.parent)
    where = ["--app-dir", folder, "--host", "127.0.0.1", "--port", str(port)]
    how = ["--factory", "prefect.server.api.server:create_app", "--log-level", "error"]
    return subprocess.Popen(
        [*tied, sys.executable, "-m", "uvicorn", *where, *how],
        env={
            **database_of(get_current_settings().home),
            **os.environ,
            **get_current_settings().to_environment_variables(exclude_unset=True),
            "PREFECT_UI_ENABLED": "0",
            # Run the services of an ephemeral server, without the scheduler and the UI, as
            # https://github.com/PrefectHQ/prefect/pull/16120 introduced it. The documented
            # `prefect server start --no-services` would not record task runs.
            "PREFECT__SERVER_EPHEMERAL": "1",
            "PREFECT__SERVER_FINAL": "1",
        },
        start_new_session=True,
        umask=0o077,  # a database that it makes holds secrets
    )
