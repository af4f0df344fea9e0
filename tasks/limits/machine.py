"""Turns at what a machine has few of: cores to decode with, cores to run an engine on.

All processes of one user on a machine share them, flow runs of any worker. A place is a name in the
kernel's abstract namespace (unix(7)): whoever binds a socket to it has it, and when that process dies, even
by SIGKILL, it is free, with no file left behind. Processes in containers share places where they share a
network. Where there is no such namespace (macOS) the places are each process' own.
"""

import errno
import math
import os
import socket
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager, nullcontext
from threading import BoundedSemaphore, Event

from stenoflow.errors import Stopped

POLL_S = 0.02
"""How often a process looks whether another one has left a place."""
STOP_POLL_S = 0.2


class Turns:
    """So many places under one name."""

    def __init__(self, name: str, places: int) -> None:
        self.places = places
        self._name = name
        # Threads of one process queue here, and look for a place only when it is their turn.
        self._here = BoundedSemaphore(places)
        self._left_s = -math.inf

    @contextmanager
    def turn(self, stop: Event) -> Generator[None, None, None]:
        """Wait for a place, and have it until the block ends. Raises Stopped."""
        while not self._here.acquire(timeout=STOP_POLL_S):
            self._check(stop)
        try:
            with self._place(stop) if sys.platform == "linux" else nullcontext():
                yield
        finally:
            self._here.release()

    @contextmanager
    def _place(self, stop: Event) -> Generator[None, None, None]:
        # Other processes look for a place that was left before this one takes it again.
        stop.wait(max(0.0, self._left_s + 2 * POLL_S - time.monotonic()))
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as place:
            while not self._taken(place):
                stop.wait(POLL_S)
                self._check(stop)
            try:
                yield
            finally:
                self._left_s = time.monotonic()

    def _taken(self, place: socket.socket) -> bool:
        """Whether the socket could be bound to one of the places."""
        for number in range(self.places):
            try:
                place.bind(f"\0stenoflow-{os.getuid()}-{self._name}-{number}")
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return True
        return False

    def _check(self, stop: Event) -> None:
        if stop.is_set():
            raise Stopped(f"stopped while waiting for a turn: all {self._name}s are at work")


DECODERS = Turns("decoder", int(os.environ.get("STENOFLOW_DECODERS") or os.cpu_count() or 1))
"""Decoders at work at once on this machine: more than the cores would only take turns."""

CORES = Turns("core", os.cpu_count() or 1)
"""What engines on this machine may use of it."""
