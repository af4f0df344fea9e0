"""Machine-wide slots: a semaphore that all processes of one user on one machine share.

Slot ``N`` of ``NAME`` is held by an ``flock`` on ``NAME-N.lock`` in a folder that only this user may
write to. The kernel releases the lock when the process that holds it dies, even by SIGKILL. Processes
in containers share slots where they share that folder and the host's name.
"""

import os
import platform
import stat
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Event, Lock

from filelock import Timeout, UnixFileLock

from stenoflow.errors import ConfigurationError, Stopped
from stenoflow.storage.local.home import home_folder

POLL_S = 0.02
"""Seconds between two attempts to take a slot that other processes hold."""

Wait = Callable[[Event, float], object]


def slots_folder() -> Path:
    """Return the folder of this user's lock files on this machine.

    A home folder may be shared by several machines, so each machine has a subfolder by its name.
    """
    return home_folder() / "slots" / (platform.node() or "localhost")


class MachineSlots:
    """A number of slots under one name, shared by all processes that use one folder.

    ``folder`` None is :func:`slots_folder`, looked up when the first slot is taken. ``clock`` and
    ``wait`` are for tests: ``wait(stop, seconds)`` returns after so many seconds, or once ``stop`` is set.
    """

    def __init__(
        self,
        name: str,
        count: int,
        *,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Wait = Event.wait,
    ) -> None:
        self.count = count
        self._name = name
        self._folder = folder
        self._clock = clock
        self._wait = wait
        # Threads of one process queue here; only as many as there are slots try the lock files.
        self._threads = BoundedSemaphore(count)
        self._trying = Lock()
        self._released_at = float("-inf")
        self._gathering = Lock()

    @contextmanager
    def slots(self, stop: Event, number: int) -> Generator[None, None, None]:
        """Wait for several slots, at most all there are, and hold them until the block ends.

        Only one at a time gathers several: two that each held a part would wait for each other for ever.
        Raises as :meth:`slot`.
        """
        number = min(number, self.count)
        if number == 1:
            with self.slot(stop):
                yield
            return
        gate = MachineSlots(
            f"{self._name}-gathering", 1, folder=self._folder, clock=self._clock, wait=self._wait
        )
        with ExitStack() as held:
            while not self._gathering.acquire(timeout=POLL_S):
                self._check(stop)
            try:
                with gate.slot(stop):
                    for _ in range(number):
                        held.enter_context(self.slot(stop))
            finally:
                self._gathering.release()
            yield

    @contextmanager
    def slot(self, stop: Event) -> Generator[None, None, None]:
        """Wait for a slot, and hold it until the block ends.

        Raises Stopped once ``stop`` is set, and ConfigurationError where the lock files' folder cannot
        be made or is not this user's alone.
        """
        while not self._threads.acquire(timeout=POLL_S):
            self._check(stop)
        try:
            # Another process that waits takes a released slot before this one takes it again.
            if (pause_s := self._released_at + 2 * POLL_S - self._clock()) > 0:
                self._wait(stop, pause_s)
            lock = self._acquire(stop)
            try:
                yield
            finally:
                self._released_at = self._clock()
                lock.release()
        finally:
            self._threads.release()

    def _acquire(self, stop: Event) -> UnixFileLock:
        folder = _private_folder(self._folder or slots_folder())
        while (lock := self._try(folder)) is None:
            self._wait(stop, POLL_S)
            self._check(stop)
        return lock

    def _try(self, folder: Path) -> UnixFileLock | None:
        """Return the lock of a free slot; None where all are held, or another thread looks for one."""
        if not self._trying.acquire(blocking=False):
            return None
        try:
            return self._first_free(folder)
        finally:
            self._trying.release()

    def _first_free(self, folder: Path) -> UnixFileLock | None:
        for number in range(self.count):
            # A lock that is only a file would outlive its process: better none than that.
            lock = UnixFileLock(
                folder / f"{self._name}-{number}.lock", thread_local=False, fallback_to_soft=False
            )
            try:
                lock.acquire(blocking=False)
            except Timeout:
                continue
            return lock
        return None

    def _check(self, stop: Event) -> None:
        if stop.is_set():
            raise Stopped(f"stopped while waiting for one of {self.count} {self._name} slots")


def _private_folder(folder: Path) -> Path:
    """Make the folder unless it exists, and return it.

    Raises ConfigurationError where it cannot be made, belongs to another user, or others may write
    to it: they could hold all slots, and no recording would ever be decoded.
    """
    remedy = "set STENOFLOW_HOME to a folder of your own"
    try:
        if not folder.exists():
            # mkdir(parents=True) would make the parents with another mode.
            for each in (*reversed(folder.parents), folder):
                each.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise ConfigurationError(
            f"the folder of lock files {folder} cannot be made ({error.strerror}): {remedy}."
        ) from error
    if found.st_uid != os.getuid():
        raise ConfigurationError(f"the folder of lock files {folder} is another user's: {remedy}.")
    if not stat.S_ISDIR(found.st_mode) or stat.S_IMODE(found.st_mode) & 0o022:
        raise ConfigurationError(
            f"others may write to the folder of lock files {folder}: `chmod 700` it, or {remedy}."
        )
    return folder


DECODERS = MachineSlots("decoder", int(os.environ.get("STENOFLOW_DECODERS") or os.cpu_count() or 1))
"""Decoders that run at the same time on this machine: more than its cores would not be faster."""

CORES = MachineSlots("core", os.cpu_count() or 1)
"""Cores that engines on this machine may use."""
