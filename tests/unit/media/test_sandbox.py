"""A sandboxed child keeps to its bounds, and never outlives its parent."""

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from stenoflow.errors import (
    MissingDependency,
    OverLimit,
    ProcessKilled,
    ProcessTimedOut,
    Stopped,
)
from stenoflow.media.sandbox import KEPT_MESSAGE_BYTES, Bounds, Child, launcher, sandboxed
from tests.support.corpus import ROOT

ROOMY = Bounds(memory_bytes=2 * 1024**3, deadline_s=60)

needs_launcher = pytest.mark.skipif(launcher() is None, reason="needs package util-linux: prlimit")


def shell(script: str, bounds: Bounds = ROOMY, stop: threading.Event | None = None) -> Child:
    """Start a shell script in the sandbox."""
    return Child(["/bin/sh", "-c", script], bounds, name="The script", stop=stop)


def read_all(child: Child) -> bytes:
    """Read a child's output to its end."""
    written = bytearray()
    buffer = memoryview(bytearray(1 << 16))
    while got := child.read_into(buffer):
        written += buffer[:got]
    return bytes(written)


def pid_printed(child: Child) -> int:
    """Return the process id that a child prints as its first line."""
    line = bytearray()
    while not line.endswith(b"\n"):
        letter = memoryview(bytearray(1))
        assert child.read_into(letter)
        line += letter
    return int(line)


def output_of(script: str, bounds: Bounds = ROOMY) -> str:
    """Run a shell script in the sandbox; return what it prints."""
    child = shell(script, bounds)
    try:
        printed = read_all(child).decode()
        child.finish()
        return printed.strip()
    finally:
        child.close()


def gone(pid: int) -> bool:
    """Wait up to ten seconds for a process to end; return True if it has."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


class TestOutput:
    """Output, messages and exit codes."""

    def test_output_arrives_whole_and_in_order(self) -> None:
        assert output_of("i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done").split() == [
            str(number) for number in range(3000)
        ]

    def test_the_exit_code_is_returned(self) -> None:
        with sandboxed(["/bin/sh", "-c", "exit 3"], ROOMY, name="The script") as child:
            assert read_all(child) == b""
            assert child.finish().exit_code == 3

    def test_a_crash_has_a_negative_exit_code(self) -> None:
        with sandboxed(["/bin/sh", "-c", "kill -SEGV $$"], ROOMY, name="The script") as child:
            assert child.finish().exit_code == -signal.SIGSEGV

    def test_the_first_and_the_last_of_many_messages_are_kept(self) -> None:
        script = (
            "echo first >&2; head -c 3000000 /dev/zero | tr '\\0' 'x' >&2; echo last >&2; echo done"
        )
        child = shell(script)
        try:
            assert read_all(child) == b"done\n"
            child.finish()
            messages = child.messages()
        finally:
            child.close()
        assert messages.startswith("first\n")
        assert messages.endswith("last\n")
        assert len(messages) == 2 * KEPT_MESSAGE_BYTES

    def test_being_killed_from_outside_is_not_the_fault_of_the_input(self) -> None:
        with pytest.raises(ProcessKilled, match="The script was killed from outside by signal 9"):
            output_of("kill -9 $$")

    @pytest.mark.parametrize("program", ["/nowhere/ffmpeg", "/etc/passwd"])
    def test_a_program_that_cannot_be_started_is_missing(self, program: str) -> None:
        with (
            pytest.raises(MissingDependency, match="The script could not be started"),
            sandboxed([program], ROOMY, name="The script") as child,
        ):
            child.finish()

    def test_a_missing_program_is_found_without_launchers_too(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("stenoflow.media.sandbox.launcher", lambda: None)
        with pytest.raises(MissingDependency, match="No such file"):
            Child(["/nowhere/ffmpeg"], ROOMY, name="The script")


class TestBounds:
    """What the sandbox prevents."""

    def test_an_idle_child_ends_at_the_deadline_through_no_fault_of_the_input(self) -> None:
        child = shell("echo $$; exec sleep 600", Bounds(2 * 1024**3, deadline_s=0.2))
        try:
            with pytest.raises(
                ProcessTimedOut, match=r"The script was still running after 0\.2 s.*too busy"
            ):
                read_all(child)
        finally:
            child.close()

    def test_a_busy_child_ends_at_the_deadline_by_fault_of_the_input(self) -> None:
        child = shell("echo $$; while :; do :; done", Bounds(2 * 1024**3, deadline_s=0.2))
        try:
            spinning = psutil.Process(pid_printed(child))
            while spinning.cpu_times().user < 0.2:
                os.sched_yield()
            with pytest.raises(OverLimit, match=r"after 0\.2 s, the deadline, and had been busy"):
                read_all(child)
        finally:
            child.close()

    @needs_launcher
    def test_a_busy_child_ends_though_no_process_waits_for_it(self) -> None:
        """Its CPU time is limited too."""
        child = shell("echo $$; while :; do :; done", Bounds(2 * 1024**3, deadline_s=0.2))
        try:
            os.waitid(os.P_PID, pid_printed(child), os.WEXITED | os.WNOWAIT)
            with pytest.raises(OverLimit, match="had been busy"):
                child.finish()
        finally:
            child.close()

    def test_waiting_for_a_slow_reader_does_not_count(self) -> None:
        """Its output is read later than its deadline allows."""
        child = shell("echo ready; yes | head -c 4000000", Bounds(2 * 1024**3, deadline_s=1))
        try:
            ready = memoryview(bytearray(6))
            child.read_into(ready)
            threading.Event().wait(1.5)
            assert len(read_all(child)) == 4_000_000
            assert child.finish().exit_code == 0
        finally:
            child.close()

    @needs_launcher
    def test_a_child_cannot_use_more_memory(self) -> None:
        hungry = f"exec {sys.executable} -S -c 'bytearray(1 << 30); print(1)'"
        assert output_of(hungry) == "1"
        assert output_of(hungry, Bounds(memory_bytes=512 * 1024**2, deadline_s=60)) == ""

    @needs_launcher
    def test_a_child_cannot_write_files(self, tmp_path: Path) -> None:
        assert output_of(f"echo secret > {tmp_path}/file; echo went on") != "secret"
        assert [path.stat().st_size for path in tmp_path.iterdir()] == [0]

    @needs_launcher
    @pytest.mark.parametrize(("limit", "value"), [("-n", "7"), ("-c", "0"), ("-f", "0")])
    def test_open_files_and_core_dumps_are_limited(self, limit: str, value: str) -> None:
        assert output_of(f"ulimit {limit}", Bounds(2 * 1024**3, 60, open_files=7)) == value

    @needs_launcher
    def test_a_child_cannot_gain_privileges(self) -> None:
        assert "NoNewPrivs:\t1" in output_of("cat /proc/self/status")

    def test_a_child_does_not_get_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DEEPGRAM_API_KEY", "secret")
        monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
        known = {line.partition("=")[0] for line in output_of("exec /usr/bin/env").splitlines()}
        assert known <= {"PATH", "LC_ALL", "PWD", "SHLVL", "_"}

    def test_a_child_does_not_inherit_open_files(self, tmp_path: Path) -> None:
        with (tmp_path / "ours").open("w") as ours:
            os.set_inheritable(ours.fileno(), True)
            held = output_of("exec ls -l /proc/self/fd")
        assert "ours" not in held
        assert held.count(" -> ") == 4  # its three pipes, and the folder that ls reads


class TestEnd:
    """A child is gone when its block or its parent is."""

    def test_a_child_ends_when_its_block_is_left(self) -> None:
        with sandboxed(["/bin/sh", "-c", "echo $$; exec sleep 600"], ROOMY, name="It") as child:
            pid = pid_printed(child)
            os.kill(pid, 0)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    def test_a_child_ends_when_an_error_leaves_its_block(self) -> None:
        pids: list[int] = []
        with (
            pytest.raises(RuntimeError, match="ours"),
            sandboxed(["/bin/sh", "-c", "echo $$; exec sleep 600"], ROOMY, name="It") as child,
        ):
            pids.append(pid_printed(child))
            raise RuntimeError("ours")
        with pytest.raises(ProcessLookupError):
            os.kill(pids[0], 0)

    def test_a_child_may_have_just_ended_by_itself(self) -> None:
        with sandboxed(["/bin/sh", "-c", "echo $$"], ROOMY, name="It") as child:
            os.waitid(os.P_PID, pid_printed(child), os.WEXITED | os.WNOWAIT)

    def test_a_child_ends_when_a_stop_is_requested(self) -> None:
        stop = threading.Event()
        child = shell("echo $$; exec sleep 600", stop=stop)
        try:
            pid_printed(child)
            threading.Timer(0.05, stop.set).start()
            with pytest.raises(Stopped):
                read_all(child)
        finally:
            child.close()

    @needs_launcher
    def test_a_child_ends_when_its_parent_is_killed(self) -> None:
        program = (
            "from stenoflow.media.sandbox import *\n"
            "child = Child(['/bin/sh', '-c', 'echo $$; exec sleep 600'], Bounds(2**31, 60), name='It')\n"
            "pid = memoryview(bytearray(16)); got = 0\n"
            "while b'\\n' not in bytes(pid): got += child.read_into(pid[got:got + 1])\n"
            "print(bytes(pid[:got]).decode(), flush=True); child.finish()\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT
        ) as parent:
            assert parent.stdout
            pid = int(parent.stdout.readline())
            os.kill(pid, 0)
            parent.send_signal(signal.SIGKILL)
        assert gone(pid)

    def test_a_child_outlives_the_thread_that_started_it(self) -> None:
        started: list[Child] = []
        thread = threading.Thread(target=lambda: started.append(shell("echo $$; exec cat")))
        thread.start()
        thread.join()
        try:
            os.kill(pid_printed(started[0]), 0)
        finally:
            started[0].close()

    def test_a_forked_process_starts_children_of_its_own(self) -> None:
        program = (
            "import os; from tests.unit.media.test_sandbox import output_of\n"
            "assert output_of('echo parent') == 'parent'\n"
            "pid = os.fork()\n"
            "if pid == 0:\n    print(output_of('echo forked'), flush=True); os._exit(0)\n"
            "os.waitpid(pid, 0)\n"
        )
        found = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            cwd=ROOT,
            text=True,
            timeout=60,
            check=True,
        )
        assert found.stdout == "forked\n"

    def test_without_launchers_it_still_has_a_deadline_and_an_end(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("stenoflow.media.sandbox.launcher", lambda: None)
        child = shell("echo $$; exec sleep 600", Bounds(2 * 1024**3, deadline_s=0.2))
        pid = pid_printed(child)
        with pytest.raises(ProcessTimedOut):
            read_all(child)
        child.close()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
