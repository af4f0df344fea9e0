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
from stenoflow.errors import ConfigurationError

HEARD_OF_NOTHING_S = 240.0


def test_the_password_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    first = auth_string(tmp_path / "home")

    assert auth_string(tmp_path / "home") == first
    assert auth_string(tmp_path / "another") != first
    assert (tmp_path / "home" / "auth").stat().st_mode & 0o777 == 0o600


def test_a_password_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    (tmp_path / "auth").write_text("admin:from a backup")
    (tmp_path / "auth").chmod(0o644)
    assert auth_string(tmp_path) == "admin:from a backup"
    assert (tmp_path / "auth").stat().st_mode & 0o777 == 0o600


def test_a_password_is_not_written_where_somebody_else_has_put_a_link(tmp_path: Path) -> None:
    (tmp_path / "auth.new").symlink_to(tmp_path / "theirs")
    with pytest.raises(ConfigurationError, match=r"auth\.new cannot be opened"):
        auth_string(tmp_path)
    (tmp_path / "theirs").write_text("admin:known to them")
    (tmp_path / "auth").symlink_to(tmp_path / "theirs")
    with pytest.raises(ConfigurationError, match="set STENOFLOW_HOME to a folder of your own"):
        auth_string(tmp_path)


def test_what_is_not_a_file_holds_no_secret(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "auth")
    with pytest.raises(ConfigurationError, match="is not a file of your own"):
        auth_string(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_users_password_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "auth").write_text("admin:known to them")
    os.chown(tmp_path / "auth", 65534, 65534)
    with pytest.raises(ConfigurationError, match="is not a file of your own"):
        auth_string(tmp_path)


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
        umask=0,
    )


def test_a_port_in_use_is_reported(tmp_path: Path) -> None:
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
    home.mkdir(mode=0o755)
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
    secret = {path.name: path.stat().st_mode & 0o777 for path in home.rglob("*") if path.is_file()}
    assert {"auth", "prefect.db", "server.log", "worker.log"} <= set(secret)
    assert {name: mode for name, mode in secret.items() if mode & 0o077} == {}
