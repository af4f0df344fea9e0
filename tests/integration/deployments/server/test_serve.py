"""One command runs everything on one machine, behind a password, and Ctrl-C leaves nothing of it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from stenoflow.deployments.server.serve import auth_string

HEARD_OF_NOTHING_S = 240.0


def test_the_password_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    first = auth_string(tmp_path / "home")

    assert auth_string(tmp_path / "home") == first
    assert auth_string(tmp_path / "another") != first
    assert (tmp_path / "home" / "auth").stat().st_mode & 0o777 == 0o600


def serve(home: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from stenoflow.deployments.cli.app import main; main()",
            "serve",
            *options,
        ],
        cwd=home.parent,
        env={**os.environ, "STENOFLOW_HOME": str(home), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said, _ = serve(tmp_path / "home", "--port", str(port)).communicate(
            timeout=HEARD_OF_NOTHING_S
        )

    assert f"port {port} is taken" in said


def read_until(served: subprocess.Popen[str], word: str) -> str:
    """What it prints, up to the line that holds the word."""
    assert served.stdout
    said = ""
    while word not in said:
        line = served.stdout.readline()
        assert line, said
        said += line
    return said


def worker_of(served: subprocess.Popen[str]) -> psutil.Process:
    (worker,) = (
        child
        for child in psutil.Process(served.pid).children()
        if child.status() != psutil.STATUS_ZOMBIE and "worker" in child.cmdline()
    )
    return worker


@pytest.mark.timeout(400)
def test_ctrl_c_ends_server_worker_and_all_below_them(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    home = tmp_path / "home"
    served = serve(home, "--port", str(port))
    said = read_until(served, "Ctrl-C")
    url = f"http://127.0.0.1:{port}/api/deployments/filter"
    user, _, password = (home / "auth").read_text().partition(":")

    assert password not in said
    assert httpx.post(url, json={}).status_code == 401
    deployments = httpx.post(url, json={}, auth=(user, password)).json()
    assert {each["name"] for each in deployments} == {"api", "hourly", "batch", "manual"}

    worker = worker_of(served)
    api = next(each["id"] for each in deployments if each["name"] == "api")
    asked = f"{url.removesuffix('filter')}{api}/create_flow_run"
    body = {"parameters": {"key": "interview.mp3"}}
    httpx.post(asked, json=body, auth=(user, password)).raise_for_status()
    while not (flows := worker.children(recursive=True)):
        time.sleep(0.1)
    worker.kill()
    assert "The worker has ended" in read_until(served, "Another one has taken over")
    assert psutil.wait_procs(flows, timeout=0)[1] == []
    below = psutil.Process(served.pid).children(recursive=True)
    assert len(below) >= 2

    served.send_signal(signal.SIGINT)
    assert served.wait(HEARD_OF_NOTHING_S) == 0
    assert psutil.wait_procs(below, timeout=0)[1] == []
    for log in home.glob("*.log"):
        assert password not in log.read_text()
