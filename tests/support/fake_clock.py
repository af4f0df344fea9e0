"""A clock for tests of leases: time passes only when a test says so."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

PATIENCE_S = 60.0
"""Real seconds after which a test that waits for its threads fails."""


class FakeClock:
    """A :class:`stenoflow.ledger.clock.Clock` whose time is advanced by hand.

    Threads sleep in :meth:`wait`. A test waits until as many of them as it expects are asleep, so that
    each has done all it does at this time, and then advances.
    """

    def __init__(self) -> None:
        self._now_s = 1000.0
        self._changed = threading.Condition()
        self._sleepers: dict[object, float] = {}

    def now_s(self) -> float:
        with self._changed:
            return self._now_s

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        sleeper = object()
        with self._changed:
            wakes_at_s = self._sleepers[sleeper] = self._now_s + timeout_s
            self._changed.notify_all()
            while not event.is_set() and self._now_s < wakes_at_s:
                self._changed.wait(0.005)  # an event that is set notifies no condition
            del self._sleepers[sleeper]
        return event.is_set()

    def advance(self, seconds: float) -> None:
        with self._changed:
            self._now_s += seconds
            self._changed.notify_all()

    def wait_for_sleepers(
        self, count: int, *, or_until: Callable[[], bool] = lambda: False
    ) -> None:
        """Return once ``count`` threads sleep beyond the present, or ``or_until`` is true."""
        with self._changed:
            asleep = 0
            for _ in range(int(PATIENCE_S / 0.005)):
                asleep = sum(wakes_at_s > self._now_s for wakes_at_s in self._sleepers.values())
                if asleep >= count or or_until():
                    return
                self._changed.wait(0.005)
        raise AssertionError(f"{asleep} threads sleep, not {count}")

    def run(self, futures: Sequence[Future[Any]], *, sleepers: int, step_s: float) -> None:
        """Let time pass until all work is done, each step when ``sleepers`` threads are asleep.

        When the first is done, fewer sleep, and time passes without waiting for that.
        """

        def first_is_done() -> bool:
            return any(each.done() for each in futures)

        while not all(each.done() for each in futures):
            self.wait_for_sleepers(sleepers, or_until=first_is_done)
            self.advance(step_s)


class ImpatientClock(FakeClock):
    """A clock for work that must not wait in the thread that made the clock."""

    def __init__(self) -> None:
        super().__init__()
        self._owner = threading.current_thread()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        if threading.current_thread() is self._owner:
            raise AssertionError(f"waited {timeout_s} s")
        return super().wait(event, timeout_s)
