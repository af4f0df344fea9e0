"""Ceph's S3 server on this machine: one monitor, one OSD that keeps everything in memory, one RGW.

    python -m bench.harness.rgw [--port 8000] [--bucket recordings ...]

It listens on 127.0.0.1 only, and keeps nothing when it ends.
"""

import argparse
import json
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.harness.s3_server import S3Server

PACKAGES = "radosgw ceph-mon ceph-osd ceph-common"
PROGRAMS = (
    "radosgw",
    "radosgw-admin",
    "ceph-mon",
    "ceph-osd",
    "ceph",
    "ceph-authtool",
    "monmaptool",
)
MEMORY_BYTES = 8 * 1024**3
"""Maximum size of all objects together; memory is used only as they are written."""
START_S = 60

CONFIGURATION = """\
[global]
fsid = {fsid}
mon initial members = a
mon host = {monitor}
public addr = 127.0.0.1
ms bind msgr1 = false
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms cluster mode = crc
ms service mode = crc
run dir = {folder}
crash dir = {folder}
keyring = {folder}/keyring
mon data = {folder}/mon
osd data = {folder}/osd
rgw data = {folder}/rgw
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
admin socket =
osd objectstore = memstore
memstore device bytes = {memory}
osd pool default size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd class load list = *
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 0
paxos propose interval = 0.02
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
"""


def why_unavailable() -> str | None:
    """Return why it cannot be started here, as a reason to skip a test; None if it can."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"needs package {PACKAGES}: there is no {', '.join(absent)}" if absent else None


@contextmanager
def running_rgw(port: int = 0) -> Generator[S3Server]:
    """Run a server during the block; no process and no file remains."""
    folder = Path(tempfile.mkdtemp(prefix="stenoflow-rgw-"))
    try:
        with ExitStack() as daemons:
            yield _started(folder, port or _free_port(), daemons)
    finally:
        shutil.rmtree(folder)


def _started(folder: Path, port: int, daemons: ExitStack) -> S3Server:
    fsid, osd, monitor = str(uuid.uuid4()), str(uuid.uuid4()), f"[v2:127.0.0.1:{_free_port()}/0]"
    configuration = folder / "ceph.conf"
    configuration.write_text(
        CONFIGURATION.format(
            fsid=fsid, monitor=monitor, folder=folder, port=port, memory=MEMORY_BYTES
        )
    )
    for name in ("mon", "osd", "rgw"):
        (folder / name).mkdir()
    at = f"--conf={configuration}"
    keyring, map_of_monitors = f"{folder}/keyring", f"{folder}/monmap"
    _run("ceph-authtool", keyring, "--create-keyring", "--gen-key", "--name=mon.")
    for name in ("client.admin", "client.rgw"):
        _run("ceph-authtool", keyring, "--gen-key", f"--name={name}")
    _run("monmaptool", "--create", f"--fsid={fsid}", "--addv", "a", monitor, map_of_monitors)
    _run("ceph-mon", at, "--mkfs", "--id=a", f"--monmap={map_of_monitors}", f"--keyring={keyring}")
    daemons.enter_context(_daemon("ceph-mon", at, "--foreground", "--id=a"))
    _run("ceph", at, "osd", "new", osd)
    _run("ceph-osd", at, "--mkfs", "--id=0", f"--osd-uuid={osd}", "--no-mon-config")
    daemons.enter_context(_daemon("ceph-osd", at, "--foreground", "--id=0"))
    gateway = daemons.enter_context(_daemon("radosgw", at, "--foreground", "--name=client.rgw"))
    who = ("--uid=tests", "--display-name=tests")
    user = json.loads(_run("radosgw-admin", at, "--name=client.rgw", "user", "create", *who))
    _await_port(port, gateway, folder / "client.rgw.log")
    [keys] = user["keys"]
    return S3Server(f"http://127.0.0.1:{port}", keys["access_key"], keys["secret_key"])


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=START_S, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


@contextmanager
def _daemon(*command: str) -> Generator[subprocess.Popen[bytes]]:
    """Run a child that ends with this process, however that ends, and that Ctrl-C does not reach."""
    guarded = ("setpriv", "--pdeathsig", "KILL", "--", *command)
    nothing = subprocess.DEVNULL
    child = subprocess.Popen(
        guarded, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
    )
    try:
        yield child
    finally:
        # On SIGTERM, an OSD would first write everything it holds in memory to the disk.
        child.kill()
        child.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _await_port(port: int, daemon: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no S3 server at port {port}:\n{log.read_text()}") from None
            time.sleep(0.05)
        else:
            return


def main() -> None:
    """Serve until Ctrl-C."""
    options = argparse.ArgumentParser(prog="python -m bench.harness.rgw", description=__doc__)
    options.add_argument("--port", type=int, default=0, help="any free one by default")
    options.add_argument("--bucket", nargs="+", default=[], help="made at the start")
    chosen = options.parse_args()
    if why := why_unavailable():
        options.exit(1, f"{why}\nsudo apt-get install {PACKAGES}\n")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with running_rgw(chosen.port) as server:
        for bucket in chosen.bucket:
            server.client().create_bucket(Bucket=bucket)
        for name, value in server.environment.items():
            print(f"export {name}={value}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
