"""``stenoflow serve``: a server with its UI, the deployments, and a worker on this machine.

Prefect is imported only once its environment is set: it reads it then. The password is made once and
kept in a file that only its owner reads; nothing answers without it.
"""

import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
from rich.console import Console

from stenoflow.deployments.server.health import await_health
from stenoflow.deployments.server.sqlite_pool import DATABASE, database_of
from stenoflow.errors import ConfigurationError
from stenoflow.storage.local.home import home_folder, private_file

STOP_S = 10
POLL_S = 0.2
AUTH_BYTES = 24
PR_SET_CHILD_SUBREAPER = 36
"""Option of prctl(2): orphans of this process' descendants become its children."""
SHORT_S = 30
SHORT_LIVES = 3
"""So many workers in a row, each of which lived no longer, are enough: something must be wrong."""

console = Console(highlight=False, soft_wrap=True)


def auth_string(home: Path) -> str:
    """Return user and password from ``home``, which are made at the first use.

    Raises ConfigurationError if their file is another user's.
    """
    file = home / "auth"
    if not file.exists():
        fresh = private_file(file.with_suffix(".new"))
        fresh.write_text(f"admin:{secrets.token_urlsafe(AUTH_BYTES)}")
        fresh.replace(file)
    return private_file(file).read_text().strip()


def serve(*, port: int, recordings: Path, transcripts: Path, at_once: int) -> bool:
    """Run until Ctrl-C, then end everything. Return True unless a part of it ended by itself.

    Raises ConfigurationError where the port is taken, MissingDependency where the server does not start.
    """
    home = home_folder()
    url = f"http://127.0.0.1:{port}"
    _check_free(port)
    os.environ |= _environment(home, url)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    _adopt_orphans()
    with ExitStack() as running:
        running.callback(lambda: _end(psutil.Process().children(recursive=True)))
        server = running.enter_context(
            _child("server", home, "server", "start", "--host", "127.0.0.1", "--port", str(port))
        )
        await_health(server, f"{url}/api", str(home / "server.log"), stop)
        if stop.is_set():
            return True
        _register(recordings, transcripts)
        _greet(url, home, recordings, transcripts)
        return _keep_working(home, server, stop, at_once)


def _keep_working(
    home: Path, server: subprocess.Popen[bytes], stop: threading.Event, at_once: int
) -> bool:
    """Run a worker, and another one after each that dies. Return True if stopped by Ctrl-C."""
    workers = short_lives = 0
    while True:
        began = time.monotonic()
        with _child("worker", home, "worker", "start", "--pool", "stenoflow",
                    "--limit", str(at_once)) as worker:  # fmt: skip
            if workers:
                console.print("Another one has taken over.")
            ended = _first_to_end(stop, {"server": server, "worker": worker})
            if ended is None:
                console.print("Stopping ...")
                _end_flows(worker)
                return True
        console.print(f"[red]The {ended} has ended:[/] see {home / ended}.log")
        if ended == "server":
            return False
        _kill_orphans(server)
        workers += 1
        short_lives = short_lives + 1 if time.monotonic() - began < SHORT_S else 0
        if short_lives == SHORT_LIVES:
            return False


def _first_to_end(
    stop: threading.Event, children: dict[str, subprocess.Popen[bytes]]
) -> str | None:
    """Return the name of the first child that ends by itself; None once ``stop`` is set."""
    while not stop.wait(POLL_S):
        for name, child in children.items():
            if child.poll() is not None:
                return name
        _reap_adopted({child.pid for child in children.values()})
    return None


def _reap_adopted(own: set[int]) -> None:
    """Reap adopted processes that have ended."""
    if sys.platform != "linux":
        return
    peek = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while (ended := os.waitid(os.P_ALL, 0, peek)) and ended.si_pid not in own:
        os.waitpid(ended.si_pid, 0)


def _kill_orphans(server: subprocess.Popen[bytes]) -> None:
    """End what a dead worker has left, at once: such flows have nowhere to write to any more.

    Their runs are found by their missing heartbeat, and go on.
    """
    kept = {server.pid, *(process.pid for process in _descendants(server))}
    left = [each for each in psutil.Process().children(recursive=True) if each.pid not in kept]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=STOP_S)


def _adopt_orphans() -> None:
    """Let the flows of a worker that was killed become our children, for us to end."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigurationError(
                f"port {port} is taken, perhaps by another `stenoflow serve`: end that one, or "
                "choose another with --port."
            ) from error


def _environment(home: Path, url: str) -> dict[str, str]:
    auth = auth_string(home)
    private_file(home / DATABASE)
    return {
        "PREFECT_HOME": str(home),
        **database_of(home),
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_API_AUTH_STRING": auth,
        "PREFECT_SERVER_API_AUTH_STRING": auth,
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
            "prefect.server.concurrency.lease_storage.filesystem"
        ),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
    }


@contextmanager
def _child(name: str, home: Path, *arguments: str) -> Generator[subprocess.Popen[bytes]]:
    """A part of Prefect in a session of its own, so that Ctrl-C is for us alone; it ends with us."""
    setpriv = shutil.which("setpriv")
    tied = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
    with private_file(home / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(
            [*tied, sys.executable, "-m", "prefect", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield child
    finally:
        _end([psutil.Process(child.pid), *_descendants(child)] if child.poll() is None else [])
        child.wait()


def _descendants(child: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(child.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _end_flows(worker: subprocess.Popen[bytes]) -> None:
    """End the flows first, so that they can report their end to the server."""
    _end(_descendants(worker))


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.terminate()
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(processes, timeout=STOP_S)
    for process in alive:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(alive, timeout=STOP_S)


def _register(recordings: Path, transcripts: Path) -> None:
    from stenoflow.blocks.object_store import ObjectStore  # noqa: PLC0415
    from stenoflow.deployments.deploy import deploy, exists  # noqa: PLC0415

    deploy(quiet=True)
    for name, folder in (("recordings", recordings), ("transcripts", transcripts)):
        if not exists(ObjectStore, name):
            folder.mkdir(parents=True, exist_ok=True)
            ObjectStore(location=str(folder.absolute())).save(name)


def _greet(url: str, home: Path, recordings: Path, transcripts: Path) -> None:
    sample = Path(__file__).parents[1] / "samples" / "interview.mp3"
    auth = home / "auth"
    parameters = '{"parameters": {"key": "interview.mp3"}, "idempotency_key": "first"}'
    console.print(
        f"""
[bold]{url}[/]   log in with what is in {auth}

Three things to try:

1. An upload, and a sweep from the UI: put a recording where the block object-store/recordings says,
   then open Deployments, ingest/hourly, Run (it also runs by itself each hour):
     cp {sample} {recordings}/

2. The API:
     curl -u "$(cat {auth})" {url}/api/deployments/name/transcribe/api   # its id
     curl -u "$(cat {auth})" {url}/api/deployments/ID/create_flow_run \\
       -H 'content-type: application/json' -d '{parameters}'

3. The command line, in another terminal:
     export PREFECT_API_URL={url}/api PREFECT_API_AUTH_STRING="$(cat {auth})"
     stenoflow submit interview.mp3
     stenoflow status interview.mp3

Transcripts: {transcripts}. Logs: {home}. Ctrl-C stops everything.
""",
        markup=True,
    )
