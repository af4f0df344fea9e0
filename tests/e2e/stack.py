"""All parts of a real installation, each in a process that a test may kill and start again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import psutil
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_HOME,
    temporary_settings,
)

from bench.harness.s3_server import REGION, S3Server
from stenoflow.blocks.deepgram_credentials import DeepgramCredentials
from stenoflow.blocks.object_store import ObjectStore
from stenoflow.blocks.transcription_profile import TranscriptionProfile
from stenoflow.deployments.deploy import POOL, deploy
from stenoflow.deployments.server.sqlite_pool import database_of
from stenoflow.profile.model import Profile
from stenoflow.testing.deepgram.process import StandInProcess

AUTH = "admin:a password only of this test"
CREDENTIALS = httpx.BasicAuth(*AUTH.split(":"))
CRASHED_AFTER_S = 40.0
PATIENCE_S = 240.0
POLL_S = 0.5

T = TypeVar("T")


def awaited(what: Callable[[], T | None], within_s: float = PATIENCE_S) -> T:
    """The first answer that is neither None nor empty; another process decides when."""
    give_up = time.monotonic() + within_s
    while time.monotonic() < give_up:
        if answer := what():
            return answer
        time.sleep(POLL_S)
    raise AssertionError(f"{what} was in vain for {within_s} s")


@dataclass
class Stack:
    """A Prefect server with a password, and workers."""

    folder: Path
    port: int
    _running: dict[str, subprocess.Popen[bytes]] = field(
        default_factory=dict[str, "subprocess.Popen[bytes]"]
    )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def start_server(self) -> None:
        self._start("server", "server", "start", "--host", "127.0.0.1", "--port", str(self.port))
        awaited(self._is_healthy)

    def start_worker(self) -> None:
        self._start("worker", "worker", "start", "--pool", POOL, "--limit", "4")

    def kill(self, name: str) -> None:
        """End a part and all its children as a power failure would."""
        process = self._running.pop(name)
        tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for each in tree:
            each.send_signal(signal.SIGKILL)
        psutil.wait_procs(tree)
        process.wait()

    def children(self, name: str) -> set[str]:
        """Names of the processes below a part."""
        tree = psutil.Process(self._running[name].pid).children(recursive=True)
        return {each.name() for each in tree if each.status() != psutil.STATUS_ZOMBIE}

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """What the server answers, asked again while it is too busy to: every request here bears that."""

        def asked() -> httpx.Response | None:
            try:
                response = httpx.request(
                    method, f"{self.url}{path}", json=body, auth=CREDENTIALS, timeout=90
                )
            except httpx.TransportError:
                return None
            return None if response.is_server_error else response

        response = awaited(asked).raise_for_status()
        return response.json() if response.content else None

    def run_deployment(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        deployment = self.api("GET", f"/deployments/name/{name}")["id"]
        body = {"parameters": parameters, "idempotency_key": uuid4().hex}
        return self.api("POST", f"/deployments/{deployment}/create_flow_run", body)

    def remove_schedules(self, name: str) -> None:
        """Leave the deployment to the tests: seven past each hour its schedule would run beside theirs."""
        deployment = self.api("GET", f"/deployments/name/{name}")
        assert deployment["schedules"]
        for schedule in deployment["schedules"]:
            self.api("DELETE", f"/deployments/{deployment['id']}/schedules/{schedule['id']}")

    def run(self, run_id: str) -> dict[str, Any]:
        return self.api("GET", f"/flow_runs/{run_id}")

    def ended(self, run_id: str) -> dict[str, Any]:
        """A flow run, once its state is final; one without heartbeat is started again."""
        final = ("COMPLETED", "FAILED", "CANCELLED")
        return awaited(
            lambda: found if (found := self.run(run_id))["state_type"] in final else None
        )

    def runs(self, **flow_runs: Any) -> list[dict[str, Any]]:
        return self.api("POST", "/flow_runs/filter", {"flow_runs": flow_runs, "limit": 200})

    def end(self) -> None:
        for name in list(self._running):
            self.kill(name)

    def settings(self) -> Any:
        """For what Prefect does in this process."""
        return temporary_settings(
            {
                PREFECT_API_URL: self.url,
                PREFECT_API_AUTH_STRING: AUTH,
                PREFECT_HOME: self.folder,
            }
        )

    def _start(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "prefect", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ
                | database_of(self.folder)
                | {
                    "PREFECT_HOME": str(self.folder),
                    "PREFECT_API_URL": self.url,
                    "PREFECT_API_AUTH_STRING": AUTH,
                    "PREFECT_SERVER_API_AUTH_STRING": AUTH,
                    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
                    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
                        "prefect.server.concurrency.lease_storage.filesystem"
                    ),
                    "PREFECT_WORKER_QUERY_SECONDS": "1",
                },
            )

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5).is_success
        except httpx.TransportError:
            return False


@contextmanager
def running_stack(folder: Path) -> Generator[Stack]:
    """A server with everything deployed, and a worker; all of it ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    stack = Stack(folder, port)
    try:
        stack.start_server()
        with stack.settings():
            deploy(crashed_after_s=CRASHED_AFTER_S, quiet=True)
        stack.remove_schedules("ingest/hourly")
        stack.start_worker()
        yield stack
    finally:
        stack.end()


def save_blocks(stack: Stack, server: S3Server, bucket: str, standin: StandInProcess) -> None:
    """The blocks that the deployments name: an S3 server, a stand-in for Deepgram."""
    with stack.settings():
        for name in ("recordings", "transcripts"):
            ObjectStore(
                location=f"s3://{bucket}/{name}",
                endpoint_url=server.endpoint_url,
                region=REGION,
                access_key_id=server.access_key_id,
                secret_access_key=server.secret_access_key,  # type: ignore[arg-type]
            ).save(name, overwrite=True)
        DeepgramCredentials.of(standin.key, standin.url).save("main", overwrite=True)
        TranscriptionProfile(profile=Profile(engine="deepgram")).save("default", overwrite=True)
