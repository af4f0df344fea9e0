"""Slots that this process takes from the Prefect server in blocks, and hands out to its requests.

One request to the server a slot would cost more than a short recording does. A block is as large as the
number of requests that wait here, or that began lately; what is not used goes back, or runs out.
"""

import atexit
import math
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from threading import Condition, Event, Thread
from typing import Generic, TypeVar
from uuid import UUID

import httpx

from stenoflow.errors import PrefectUnavailable, Stopped
from stenoflow.tasks.limits.server import LEASE_S, LimitServer, Refusal

MOST = 8
"""Slots in a block. Others, on other machines, wait for what one process keeps for itself."""
RENEW_S = LEASE_S / 3
LINGER_S = 1.0
"""Seconds for which an unused slot is kept for the next request of this process."""
ROTATE_S = 20.0
"""Age in seconds from which a lease is given back as its requests end, for other processes to have a turn."""
PERMIT_S = 1.0
"""Seconds for which a permit to begin a request is good: kept longer, permits would add up to a burst."""

Clock = Callable[[], float]
_Slot = TypeVar("_Slot")


class _Blocks(ABC, Generic[_Slot]):
    """Slots of the same limits at the server; any number of threads may wait for one."""

    def __init__(self, server: LimitServer, names: Sequence[str], clock: Clock) -> None:
        self._server = server
        self._names = names
        self._clock = clock
        self._changed = Condition()
        self._waiting = 0
        self._asking = False
        self._ask_at_s = -math.inf

    def acquire(self, stop: Event, poll_s: float) -> _Slot:
        """Wait for a slot; ``poll_s`` is after how many seconds ``stop`` is noticed at the latest.

        Raises Stopped; PrefectUnavailable if the limit has no slots at all; httpx.HTTPError.
        """
        with self._changed:
            self._waiting += 1
        try:
            while not stop.is_set():
                with self._changed:
                    if (slot := self._free()) is not None:
                        return slot
                    pause_s = poll_s if self._asking else self._ask_at_s - self._clock()
                    if pause_s > 0:
                        self._changed.wait(min(pause_s, poll_s))
                        continue
                    self._asking = True
                    number = min(self._number(), MOST)
                self._ask(number)
        finally:
            with self._changed:
                self._waiting -= 1
        raise Stopped(f"stopped while waiting for a slot of {self._names[0]}")

    def _ask(self, number: int) -> None:
        refusal: Refusal | None = None
        try:
            refusal = self._request(number)
            if refusal and number > 1:
                refusal = self._request(1)
        finally:
            with self._changed:
                self._asking = False
                if refusal:
                    self._ask_at_s = self._clock() + refusal.retry_after_s
                self._changed.notify_all()
        if refusal and refusal.too_many:
            raise PrefectUnavailable(
                f"the limit {self._names[0]!r} at the Prefect server grants no slot: it has none; "
                "set it under Concurrency in the server's UI."
            )

    @abstractmethod
    def _free(self) -> _Slot | None:
        """Hand out a slot that this process has, if there is one."""

    @abstractmethod
    def _number(self) -> int:
        """Return the number of slots to ask for."""

    @abstractmethod
    def _request(self, number: int) -> Refusal | None:
        """Take slots from the server, and keep them. Raises httpx.HTTPError."""


class Permits(_Blocks[bool]):
    """Permits to begin a request, from a rate limit."""

    def __init__(
        self, server: LimitServer, names: Sequence[str], clock: Clock = time.monotonic
    ) -> None:
        """Take permits of all the limits of these names."""
        super().__init__(server, names, clock)
        self._until_s: deque[float] = deque()
        self._used_at_s: deque[float] = deque(maxlen=MOST)

    def drop(self) -> None:
        """Forget the permits that are left: the engine accepts no requests for now."""
        with self._changed:
            self._until_s.clear()

    def _free(self) -> bool | None:
        now_s = self._clock()
        while self._until_s:
            if self._until_s.popleft() > now_s:
                self._used_at_s.append(now_s)
                return True
        return None

    def _number(self) -> int:
        lately = sum(each > self._clock() - PERMIT_S for each in self._used_at_s)
        return max(self._waiting, lately)

    def _request(self, number: int) -> Refusal | None:
        refusal = self._server.take(self._names, number)
        if refusal is None:
            with self._changed:
                self._until_s.extend([self._clock() + PERMIT_S] * number)
        return refusal


@dataclass(eq=False)
class Lease:
    """Slots that the server has leased to this process."""

    id: UUID
    slots: int
    idle: int
    taken_at_s: float
    renewed_at_s: float
    idle_since_s: float
    ended: bool = False
    """The server has given its slots to others: it did not hear from this process in time."""


class Slots(_Blocks[Lease]):
    """Slots that a request holds while it is open, leased: those of a killed process come back."""

    def __init__(
        self,
        server: LimitServer,
        names: Sequence[str],
        clock: Clock = time.monotonic,
        *,
        tend_every_s: float | None = LINGER_S / 2,
    ) -> None:
        """Lease slots of all the limits of these names.

        A thread calls :meth:`tend` every ``tend_every_s`` seconds, unless None.
        """
        super().__init__(server, names, clock)
        self._tend_every_s = tend_every_s
        self._leases: list[Lease] = []
        self._keeper: Thread | None = None
        atexit.register(self.close)

    def release(self, lease: Lease) -> None:
        """Take back a slot whose request has ended."""
        with self._changed:
            lease.idle += 1
            lease.idle_since_s = self._clock()
            self._changed.notify_all()

    def close(self) -> None:
        """Give back all slots that are not in use."""
        with self._changed:
            unused = [each for each in self._leases if each.idle == each.slots]
            self._leases = [each for each in self._leases if each not in unused]
        self._give_back(unused)

    def _free(self) -> Lease | None:
        newest = self._clock() - ROTATE_S
        for lease in self._leases:
            if lease.idle and lease.taken_at_s > newest and not lease.ended:
                lease.idle -= 1
                return lease
        return None

    def _number(self) -> int:
        return self._waiting

    def _request(self, number: int) -> Refusal | None:
        asked_at_s = self._clock()
        granted = self._server.lease(self._names, number)
        if isinstance(granted, Refusal):
            return granted
        with self._changed:
            self._leases.append(
                Lease(granted, number, number, asked_at_s, asked_at_s, self._clock())
            )
            if self._keeper is None and self._tend_every_s is not None:
                keep = partial(self._keep, self._tend_every_s)
                self._keeper = Thread(target=keep, name="engine-slots", daemon=True)
                self._keeper.start()
        return None

    def tend(self) -> None:
        """Renew the leases that are in use, and give back the others."""
        with self._changed:
            unused = [each for each in self._leases if self._is_unused(each)]
            self._leases = [each for each in self._leases if each not in unused]
            due = [
                each
                for each in self._leases
                if not each.ended and each.renewed_at_s + RENEW_S <= self._clock()
            ]
        self._give_back(unused)
        for lease in due:
            self._renew(lease)

    def _keep(self, every_s: float) -> None:
        while True:
            time.sleep(every_s)
            self.tend()
            with self._changed:
                if not self._leases:
                    self._keeper = None
                    return

    def _is_unused(self, lease: Lease) -> bool:
        now_s = self._clock()
        rotated = lease.ended or now_s - lease.taken_at_s >= ROTATE_S
        return lease.idle == lease.slots and (rotated or now_s - lease.idle_since_s >= LINGER_S)

    def _renew(self, lease: Lease) -> None:
        try:
            self._server.renew(lease.id)
        except httpx.HTTPStatusError as error:
            lease.ended = error.response.status_code == HTTPStatus.GONE
        except httpx.HTTPError:
            pass  # A server that is away for a moment; the lease lasts for two more renewals.
        else:
            lease.renewed_at_s = self._clock()

    def _give_back(self, leases: Sequence[Lease]) -> None:
        for each in leases:
            # A lease that is not given back ends by itself.
            with suppress(httpx.HTTPError):
                self._server.release(each.id)
