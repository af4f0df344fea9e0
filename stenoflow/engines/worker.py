"""Engines on this machine: child processes that load a model once, and answer one request after another.

A recognizer may hold Python's lock for seconds, crash, or leak. A child can be stopped at any moment and
takes everything with it. It is a plain script beside the engine, with one argument: JSON that says what
it is to load. Each line of its standard input is a request, each line of its standard output the reply.

A child that has answered is kept for the next request of this process that needs the same model, and is
closed when none comes for :data:`IDLE_S`. The kernel kills it when this process dies.
"""

import json
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stenoflow.errors import EngineError, OverLimit, ProcessTimedOut
from stenoflow.media.sandbox import Bounds, Child

REPLY_MAX_BYTES = 1 << 28
"""A reply larger than this is not a transcript: 24 hours of fast speech take about 20 MB."""

IDLE_S = 20.0
"""Seconds for which a child without requests is kept, with its memory. A model is loaded in less."""


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """A kind of child: those of one spec are alike, and each may answer any request."""

    name: str
    """Its name in error messages."""
    script: Path
    loads: str
    """Its argument: JSON."""
    memory_bytes: int
    open_files: int = 1024


def ask_worker(
    spec: WorkerSpec,
    request: Mapping[str, Any],
    *,
    deadline_s: float,
    stop: threading.Event,
    reply_max_bytes: int = REPLY_MAX_BYTES,
) -> bytes:
    """Have a child answer a request, and return its reply, without the end of the line.

    Raises EngineError where the child fails, writes more than ``reply_max_bytes``, or takes longer than
    ``deadline_s`` seconds; ProcessKilled where it is killed from outside; Stopped.
    """
    child = _take(spec)
    line = b""
    try:
        child.ask(json.dumps(request).encode() + b"\n", deadline_s=deadline_s, stop=stop)
        line = child.read_line(reply_max_bytes)
        if len(line) > reply_max_bytes:
            raise EngineError(f"{spec.name} replied with more than {reply_max_bytes} bytes.")
        if not line.endswith(b"\n"):
            end = child.finish()
            last_line = child.messages().strip().rpartition("\n")[2]
            raise EngineError(f"{spec.name} failed (exit code {end.exit_code}): {last_line}")
    except (OverLimit, ProcessTimedOut) as error:
        raise EngineError(str(error)) from error
    finally:
        _give_back(spec, child) if line.endswith(b"\n") else child.close()
    return line[:-1]


def close_idle_workers() -> None:
    """End all children that wait for requests."""
    with _lock:
        waiting = [each for kept in _idle.values() for each in kept]
        _idle.clear()
    for each in waiting:
        each.timer.cancel()
        each.child.close()


@dataclass(slots=True)
class _Idle:
    child: Child
    timer: threading.Timer


_lock = threading.Lock()
_idle: dict[WorkerSpec, list[_Idle]] = {}


def _take(spec: WorkerSpec) -> Child:
    """Return a child that waits for requests, or a new one."""
    while True:
        with _lock:
            kept = _idle.get(spec)
            found = kept.pop() if kept else None
        if found is None:
            # -P: the script's folder holds modules named like the packages that it imports.
            arguments = [sys.executable, "-P", str(spec.script), spec.loads]
            bounds = Bounds(spec.memory_bytes, deadline_s=0, open_files=spec.open_files)
            return Child(arguments, bounds, name=spec.name, requests=True)
        found.timer.cancel()
        if found.child.runs:
            return found.child
        found.child.close()


def _give_back(spec: WorkerSpec, child: Child) -> None:
    timer = threading.Timer(IDLE_S, _close, (spec, child))
    timer.daemon = True
    with _lock:
        _idle.setdefault(spec, []).append(_Idle(child, timer))
    timer.start()


def _close(spec: WorkerSpec, child: Child) -> None:
    """Close a child unless another thread has taken it meanwhile."""
    with _lock:
        kept = _idle.get(spec, [])
        mine = [each for each in kept if each.child is child]
        for each in mine:
            kept.remove(each)
    for each in mine:
        each.child.close()


def _forget_idle() -> None:
    """Let a forked process start children of its own: it cannot wait for those of its parent."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _idle.clear()


os.register_at_fork(after_in_child=_forget_idle)
