"""The process that owns a lease, and a test of whether it is still running.

A process on this machine is looked up in ``/proc``; of one elsewhere nothing can be known from here.
"""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class LeaseOwner(BaseModel):
    """A process, named so that no later process can be mistaken for it."""

    model_config = ConfigDict(frozen=True)

    machine: str
    """The boot of a machine, and the namespace in which ``pid`` counts; "" if the system has none."""
    pid: int
    started: int
    """Start of the process in clock ticks after boot (field 22 of proc(5)'s ``stat``)."""


def this_process() -> LeaseOwner:
    """Return the calling process as a lease owner."""
    pid = os.getpid()
    return LeaseOwner(machine=_machine(), pid=pid, started=_started(pid) or 0)


def is_alive(owner: LeaseOwner) -> bool | None:
    """Return True if the process runs, False if not, None if it runs on another machine."""
    if not owner.machine or owner.machine != _machine():
        return None
    return _started(owner.pid) == owner.started


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> int | None:
    """Return the start of a process in clock ticks after boot; None if it does not run, as a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])
