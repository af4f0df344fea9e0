"""Who holds something that others wait for, and whether that process still lives.

A process on this machine is looked up in ``/proc``; of one elsewhere nothing can be known from here.
"""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class LeaseOwner(BaseModel):
    """A process, named so that no later process can be taken for it."""

    model_config = ConfigDict(frozen=True)

    machine: str
    """The boot of a machine, and the namespace in which ``pid`` counts; "" where there is none."""
    pid: int
    started: int
    """Start of the process in clock ticks after boot (field 22 of proc(5)'s ``stat``)."""


def this_process() -> LeaseOwner:
    """The holder that the calling process is."""
    pid = os.getpid()
    return LeaseOwner(machine=_machine(), pid=pid, started=_started(pid) or 0)


def lives(holder: LeaseOwner) -> bool | None:
    """Whether the process runs; None where that cannot be told from here."""
    if not holder.machine or holder.machine != _machine():
        return None
    return _started(holder.pid) == holder.started


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> int | None:
    """None where no such process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])
