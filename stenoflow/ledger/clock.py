"""The clock that leases are measured by, injected so that tests can let time pass."""

import time
from threading import Event
from typing import Protocol


class Clock(Protocol):
    """Time that only moves forward, and a way to wait for it."""

    def now_s(self) -> float:
        """Return seconds since some fixed moment."""
        ...

    def wait(self, event: Event, timeout_s: float) -> bool:
        """Wait until ``event`` is set, at most ``timeout_s`` seconds. Return True if it is set."""
        ...


class SystemClock:
    """The machine's monotonic clock, which goes on while the machine is suspended."""

    def now_s(self) -> float:
        """Return seconds since the machine was started, or since some moment before."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()

    def wait(self, event: Event, timeout_s: float) -> bool:
        """Wait until ``event`` is set, at most ``timeout_s`` seconds. Return True if it is set."""
        return event.wait(timeout_s)
