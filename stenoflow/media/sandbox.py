"""A sandbox for programs that read hostile input: no child uses more than its limits or outlives us.

A sandboxed child has its own pipes and no others, none of our environment, no way to gain privileges,
limits on memory, CPU time, open files and written files, and a deadline. It is killed when its ``with``
block is left, for whatever reason; and the kernel kills it when this process dies, even by SIGKILL.

The limits are set by ``prlimit`` and ``setpriv`` of util-linux, two programs that start each other and
then the child: 2 ms a child. A Python launcher that does the same takes 11 ms. ``preexec_fn`` takes 8 ms
in a process of 300 MB, as it rules out ``vfork``, and may deadlock in a process with threads. Without
these two programs (macOS) a child still has its own pipes, no environment, the deadline, and is killed
when its block is left.

The kernel ties "dies with its parent" to the thread that started the child, not to the process.
Therefore one thread, which lives as long as the process, starts all children.
"""

import fcntl
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from math import ceil
from typing import IO, cast

from stenoflow.errors import (
    MissingDependency,
    OverLimit,
    ProcessKilled,
    ProcessTimedOut,
    Stopped,
)

STOP_LATENCY_S = 0.1
"""A stop is noticed within this time."""

FILLING_S = 0.002
"""A pause in which a child in full swing fills its pipe: woken for each of its writes, we would spend more
time on waking up than on reading."""

_NEVER = threading.Event()

PIPE_BYTES = 1024 * 1024
"""Bytes that a child may write ahead of its reader: the most that Linux grants without privileges."""

KEPT_MESSAGE_BYTES = 64 * 1024
"""Bytes of a child's standard error that are kept from its beginning, and as many from its end."""

OUTSIDE_SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

BUSY_SHARE = 1 / 2
"""A child that has used this share of its deadline as CPU time was busy with its input."""

LAUNCHER_FAILED = (126, 127)
NOT_STARTED = re.compile(r"^(?:setpriv|prlimit): failed to execute .*: (.+)$", re.MULTILINE)
"""Exit codes and message of the launchers if they could not start the program."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits on what a child may use."""

    memory_bytes: int
    """Address space."""
    deadline_s: float
    """Seconds spent waiting for the child in all; and the CPU seconds that it may use.

    Time in which the child waits for its reader does not count: a slow reader is not the input's fault.
    For a child that answers requests it counts from the last one, and CPU time is not limited.
    """
    open_files: int = 64


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """End of a child that was not killed from outside."""

    exit_code: int
    """As in ``subprocess``: below zero, the signal by which it crashed."""
    cpu_s: float


@contextmanager
def sandboxed(
    arguments: Sequence[str],
    bounds: Bounds,
    *,
    name: str,
    stop: threading.Event | None = None,
) -> "Generator[Child]":
    """Run a program for the length of a ``with`` block; it is gone when the block is left.

    ``arguments[0]`` is the program's absolute path; ``name`` is what error messages call it. Raises
    MissingDependency if there is no such program, ProcessKilled if the machine could not start it.
    """
    child = Child(arguments, bounds, name=name, stop=stop)
    try:
        yield child
    finally:
        child.close()


@cache
def launcher() -> tuple[str, str] | None:
    """Return the paths of ``prlimit`` and ``setpriv``, which set the limits; None if one is missing."""
    prlimit, setpriv = shutil.which("prlimit"), shutil.which("setpriv")
    return (prlimit, setpriv) if prlimit and setpriv else None


class Child:
    """A running sandboxed program. One thread at a time may read it; :meth:`close` must be called."""

    def __init__(
        self,
        arguments: Sequence[str],
        bounds: Bounds,
        *,
        name: str,
        stop: threading.Event | None = None,
        requests: bool = False,
    ) -> None:
        """Start the program; with ``requests``, it reads them from its standard input."""
        self._bounds = bounds
        self._name = name
        self._stop = stop
        self._waited_s = 0.0
        self._exit_status: ExitStatus | None = None
        self._head = bytearray()
        self._tail = bytearray()
        try:
            self._process = _starter.submit(_start, arguments, bounds, requests).result()
        except (FileNotFoundError, PermissionError) as error:
            raise self._missing(str(error.strerror)) from error
        except OSError as error:
            raise ProcessKilled(f"{name} could not be started: {error.strerror}.") from error
        self._output = cast("IO[bytes]", self._process.stdout)
        self._errors = cast("IO[bytes]", self._process.stderr)
        self._selector = selectors.DefaultSelector()
        for pipe in (self._output, self._errors):
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ)

    def read_into(self, buffer: memoryview) -> int:
        """Fill the buffer with the child's output; return the bytes read, fewer only at the output's end.

        Raises Stopped, and at the deadline OverLimit if the child was busy, ProcessTimedOut if not.
        """
        filled = 0
        self._check()
        while filled < len(buffer):
            try:
                got = os.readv(self._output.fileno(), [buffer[filled:]])
            except BlockingIOError:
                self._wait_for_pipes()
                if filled:
                    self._pause(FILLING_S)
                continue
            if got == 0:
                break
            filled += got
        return filled

    def ask(self, request: bytes, *, deadline_s: float, stop: threading.Event | None) -> None:
        """Write a request, as a rule one line, and begin a deadline of its own.

        Raises ProcessKilled if the child has ended.
        """
        self._stop = stop
        self._bounds = replace(self._bounds, deadline_s=deadline_s)
        self._waited_s = 0.0
        try:
            cast("IO[bytes]", self._process.stdin).write(request)
        except BrokenPipeError as error:
            raise ProcessKilled(f"{self._name} has ended before it was asked.") from error

    def read_line(self, max_bytes: int) -> bytes:
        """Return the next line of the child's output; what there was, without its end, if the child ends.

        A longer one is returned unfinished. Raises Stopped, and OverLimit at the deadline.
        """
        line = bytearray()
        self._check()
        while not line.endswith(b"\n") and len(line) <= max_bytes:
            try:
                data = os.read(self._output.fileno(), PIPE_BYTES)
            except BlockingIOError:
                self._wait_for_pipes()
                continue
            if not data:
                break
            line += data
        return bytes(line)

    @property
    def runs(self) -> bool:
        """True unless the child has ended."""
        return self._exit_status is None and not self._reap(os.WNOHANG)

    def messages(self) -> str:
        """Return the child's standard error so far; if it is long, its beginning and its end."""
        self._gather_messages()
        return (self._head + self._tail).decode(errors="replace")

    def finish(self) -> ExitStatus:
        """Wait until the child, whose output was read to the end, has ended.

        Raises ProcessKilled if it was killed from outside, OverLimit if it used up its time, ProcessTimedOut
        if it did so without being busy, Stopped, and MissingDependency if there is no such program.
        """
        pause_s = 0.000_5
        while self._exit_status is None:
            self._gather_messages()
            self._check()
            if not self._reap(os.WNOHANG):
                self._pause(pause_s)
                self._waited_s += pause_s
                pause_s = min(2 * pause_s, STOP_LATENCY_S)
        self._gather_messages()
        exit_status = self._exit_status
        if exit_status.exit_code in LAUNCHER_FAILED and (
            reason := NOT_STARTED.search(self.messages())
        ):
            raise self._missing(reason[1])
        if exit_status.exit_code != 0 and exit_status.cpu_s >= self._bounds.deadline_s:
            raise self._too_slow(exit_status.cpu_s)
        if -exit_status.exit_code in OUTSIDE_SIGNALS:
            raise ProcessKilled(
                f"{self._name} was killed from outside by signal {-exit_status.exit_code}; if memory "
                "ran out, work on fewer recordings at a time."
            )
        return exit_status

    def close(self) -> None:
        """Kill the child if it still runs, wait until it is gone, and close the pipes."""
        self._kill()
        self._selector.close()
        self._output.close()
        self._errors.close()
        if self._process.stdin:
            # A request that the child did not read is lost with it.
            with suppress(BrokenPipeError):
                self._process.stdin.close()

    def _wait_for_pipes(self) -> None:
        began = time.monotonic()
        self._selector.select(STOP_LATENCY_S)
        self._gather_messages()
        self._waited_s += time.monotonic() - began
        self._check()

    def _pause(self, seconds: float) -> None:
        """Wait so long, or until there is a stop."""
        (self._stop or _NEVER).wait(seconds)

    def _gather_messages(self) -> None:
        if self._errors not in self._selector.get_map():
            return
        with suppress(BlockingIOError):
            while data := os.read(self._errors.fileno(), PIPE_BYTES):
                room = KEPT_MESSAGE_BYTES - len(self._head)
                self._head += data[:room]
                self._tail += data[room:]
                del self._tail[:-KEPT_MESSAGE_BYTES]
            self._selector.unregister(self._errors)

    def _check(self) -> None:
        if self._stop is not None and self._stop.is_set():
            raise Stopped(f"{self._name} was asked to stop.")
        if self._waited_s > self._bounds.deadline_s:
            raise self._too_slow(self._kill().cpu_s)

    def _kill(self) -> ExitStatus:
        """Kill the child if it still runs, and wait until it is gone."""
        if self._exit_status is None:
            # Popen.kill would itself take the exit status of a child that has just ended.
            os.kill(self._process.pid, signal.SIGKILL)
            self._reap(0)
        return cast("ExitStatus", self._exit_status)

    def _missing(self, reason: str) -> MissingDependency:
        return MissingDependency(
            f"{self._name} could not be started: {reason}; reinstall it, or see `stenoflow doctor`."
        )

    def _too_slow(self, cpu_s: float) -> OverLimit | ProcessTimedOut:
        """Return the error at the deadline: CPU time is caused by the input, waiting by the machine."""
        ended = f"{self._name} was still running after {self._bounds.deadline_s:g} s, the deadline"
        if cpu_s >= BUSY_SHARE * self._bounds.deadline_s:
            return OverLimit(
                f"{ended}, and had been busy: the file is damaged so that it takes for ever, or the "
                "deadline is too short for it."
            )
        return ProcessTimedOut(
            f"{ended}, but had got only {cpu_s:.1f} s of CPU time: this machine or its disk is too busy. "
            "The next sweep tries again; work on fewer recordings at a time."
        )

    def _reap(self, options: int) -> bool:
        """Take an ended child's exit status from the kernel; return False if it still runs."""
        pid, status, usage = os.wait4(self._process.pid, options)
        if pid == 0:
            return False
        self._exit_status = ExitStatus(
            exit_code=os.waitstatus_to_exitcode(status),
            cpu_s=usage.ru_utime + usage.ru_stime,
        )
        # Popen must know too, or it warns of a child that it believes to be running.
        self._process.returncode = self._exit_status.exit_code
        return True


def _start(arguments: Sequence[str], bounds: Bounds, requests: bool) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    process = subprocess.Popen(
        [*_sandbox_prefix(bounds, limit_cpu=not requests), *arguments],
        stdin=subprocess.PIPE if requests else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd="/",
        env=environment,
        start_new_session=True,
    )
    if sys.platform == "linux":
        # If the kernel refuses, the child only waits for its reader more often.
        with suppress(PermissionError):
            fcntl.fcntl(cast("IO[bytes]", process.stdout), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return process


def _sandbox_prefix(bounds: Bounds, *, limit_cpu: bool) -> list[str]:
    """Return the launchers' arguments, which precede the program's own; none if they are missing."""
    found = launcher()
    if found is None:
        return []
    prlimit, setpriv = found
    cpu_s = ceil(bounds.deadline_s) + 1
    limits = [
        f"--as={bounds.memory_bytes}",
        # At the soft limit the program gets SIGXCPU, at the hard one it is killed.
        *([f"--cpu={cpu_s}:{cpu_s + 2}"] if limit_cpu else []),
        f"--nofile={bounds.open_files}",
        "--fsize=0",
        "--core=0",
    ]
    return [prlimit, *limits, "--", setpriv, "--pdeathsig", "KILL", "--no-new-privs", "--"]


_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-starter")


def _renew_starter() -> None:
    """Give a forked process its own starter: it has none of its parent's threads."""
    global _starter  # noqa: PLW0603
    _starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-starter")


os.register_at_fork(after_in_child=_renew_starter)
