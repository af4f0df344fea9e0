"""Slots come from the server in blocks, are used again, and go back when nobody needs them."""

from collections.abc import Sequence
from threading import Event
from uuid import UUID, uuid4

import httpx
import pytest

from stenoflow.errors import PrefectUnavailable, Stopped
from stenoflow.tasks.limits.blocks import LINGER_S, PERMIT_S, RENEW_S, ROTATE_S, Permits, Slots
from stenoflow.tasks.limits.server import LimitServer, Refusal

POLL_S = 0.01


class Server(LimitServer):
    """A server with so many slots, that notes what it is asked."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.leases: dict[UUID, int] = {}
        self.taken: list[int] = []
        self.renewed: list[UUID] = []
        self.gone = False

    def lease(self, names: Sequence[str], slots: int) -> UUID | Refusal:
        if refusal := self._refusal(slots, sum(self.leases.values())):
            return refusal
        lease = uuid4()
        self.leases[lease] = slots
        return lease

    def renew(self, lease: UUID) -> None:
        if self.gone:
            request = httpx.Request("POST", "http://server")
            raise httpx.HTTPStatusError("", request=request, response=httpx.Response(410))
        self.renewed.append(lease)

    def release(self, lease: UUID) -> None:
        del self.leases[lease]

    def take(self, names: Sequence[str], slots: int) -> Refusal | None:
        if refusal := self._refusal(slots, sum(self.taken)):
            return refusal
        self.taken.append(slots)
        return None

    def _refusal(self, slots: int, used: int) -> Refusal | None:
        if slots > self.slots:
            return Refusal(0, too_many=True)
        return Refusal(0) if used + slots > self.slots else None


class Clock:
    """A clock that stands still until it is moved."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def slots_of(server: Server, clock: Clock) -> Slots:
    return Slots(server, ["limit"], clock, tend_every_s=None)


def test_a_slot_is_used_again_without_asking(clock: Clock) -> None:
    server = Server(1)
    slots = slots_of(server, clock)
    for _ in range(5):
        slots.release(slots.acquire(Event(), POLL_S))
    assert len(server.leases) == 1


def test_an_unused_slot_goes_back_after_a_moment(clock: Clock) -> None:
    server = Server(1)
    slots = slots_of(server, clock)
    slots.release(slots.acquire(Event(), POLL_S))
    slots.tend()
    assert server.leases
    clock.now_s += LINGER_S
    slots.tend()
    assert not server.leases


def test_a_slot_in_use_is_renewed_and_kept(clock: Clock) -> None:
    server = Server(1)
    slots = slots_of(server, clock)
    slots.acquire(Event(), POLL_S)
    for _ in range(3):
        clock.now_s += RENEW_S
        slots.tend()
    assert len(server.renewed) == 3
    assert server.leases


def test_others_have_a_turn_where_one_process_is_never_idle(clock: Clock) -> None:
    server = Server(1)
    slots = slots_of(server, clock)
    slots.release(slots.acquire(Event(), POLL_S))
    clock.now_s += ROTATE_S
    slots.tend()
    assert not server.leases


def test_a_lease_that_has_ended_is_not_handed_out_again(clock: Clock) -> None:
    server = Server(2)
    slots = slots_of(server, clock)
    first = slots.acquire(Event(), POLL_S)
    clock.now_s += RENEW_S
    server.gone = True
    slots.tend()
    slots.release(first)
    assert slots.acquire(Event(), POLL_S) is not first


def test_who_waits_for_a_slot_can_be_stopped(clock: Clock) -> None:
    slots = slots_of(Server(1), clock)
    slots.acquire(Event(), POLL_S)
    stop = Event()
    stop.set()
    with pytest.raises(Stopped):
        slots.acquire(stop, POLL_S)


def test_a_limit_without_slots_is_an_error(clock: Clock) -> None:
    with pytest.raises(PrefectUnavailable, match="limit"):
        slots_of(Server(0), clock).acquire(Event(), POLL_S)


def test_permits_are_taken_one_by_one_at_first_and_in_blocks_when_many_were_needed(
    clock: Clock,
) -> None:
    server = Server(100)
    permits = Permits(server, ["limit"], clock)
    for _ in range(15):
        permits.acquire(Event(), POLL_S)
    assert server.taken == [1, 1, 2, 4, 8]


def test_a_permit_does_not_last(clock: Clock) -> None:
    server = Server(100)
    permits = Permits(server, ["limit"], clock)
    for _ in range(3):
        permits.acquire(Event(), POLL_S)
    assert sum(server.taken) == 4, "one is left"
    clock.now_s += PERMIT_S
    permits.acquire(Event(), POLL_S)
    assert server.taken[-1] == 1
    assert sum(server.taken) == 5


def test_where_a_block_is_not_to_be_had_one_permit_is(clock: Clock) -> None:
    server = Server(5)
    permits = Permits(server, ["limit"], clock)
    for _ in range(5):
        permits.acquire(Event(), POLL_S)
    assert sum(server.taken) == 5
