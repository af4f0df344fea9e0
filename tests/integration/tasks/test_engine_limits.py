"""An engine's limits hold for all flow runs on all machines, and "too many requests" slows them all."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from contextvars import copy_context

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate

from stenoflow.errors import EngineBusy, PrefectUnavailable, Stopped
from stenoflow.tasks.limits.engine import (
    Lane,
    back_off_all_workers,
    concurrency_limit_name,
    create_limits,
    engine_limiter,
    give_back_unused_slots,
    in_lane,
    rate_limit_name,
)

pytestmark = pytest.mark.usefixtures("prefect_server")

ENGINE = "deepgram"
LANES: tuple[Lane, ...] = ("urgent", "bulk")
AN_HOUR_S = 3600
SLACK = 6000
"""Slots that decay in ten minutes: more time than passes between two lines of a test."""


class StopsAtLook(threading.Event):
    """A cancellation that is set at the n-th time that somebody looks whether it is."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.left = number

    def is_set(self) -> bool:
        self.left -= 1
        return self.left <= 0


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client
        give_back_unused_slots()
        for of in LANES:
            for name in (concurrency_limit_name(ENGINE, of), rate_limit_name(ENGINE, of)):
                client.delete_global_concurrency_limit_by_name(name)


def test_limits_are_created_once_and_what_a_person_has_set_stays(client: SyncPrefectClient) -> None:
    create_limits(client, ENGINE)
    client.update_global_concurrency_limit(
        concurrency_limit_name(ENGINE), GlobalConcurrencyLimitUpdate(limit=3)
    )
    create_limits(client, ENGINE)
    assert client.read_global_concurrency_limit_by_name(concurrency_limit_name(ENGINE)).limit == 3


def test_the_first_request_creates_them(client: SyncPrefectClient) -> None:
    with engine_limiter(ENGINE)(threading.Event()):
        held = client.read_global_concurrency_limit_by_name(concurrency_limit_name(ENGINE))
        assert held.active_slots == 1
    assert client.read_global_concurrency_limit_by_name(
        rate_limit_name(ENGINE)
    ).slot_decay_per_second


def test_a_limit_of_nothing_is_trouble_that_may_end(client: SyncPrefectClient) -> None:
    create_limits(client, ENGINE)
    client.update_global_concurrency_limit(
        concurrency_limit_name(ENGINE), GlobalConcurrencyLimitUpdate(limit=0)
    )
    with (
        pytest.raises(PrefectUnavailable, match="grants no slot"),
        engine_limiter(ENGINE)(threading.Event()),
    ):
        pytest.fail("went on")


def test_no_more_requests_are_open_at_once_than_the_limit(client: SyncPrefectClient) -> None:
    create_limits(client, ENGINE)
    client.update_global_concurrency_limit(
        concurrency_limit_name(ENGINE), GlobalConcurrencyLimitUpdate(limit=2)
    )
    inside, most, lock = 0, 0, threading.Lock()
    both = threading.Barrier(2, timeout=60)

    def request() -> None:
        nonlocal inside, most
        with engine_limiter(ENGINE)(threading.Event()):
            with lock:
                inside += 1
                most = max(most, inside)
            both.wait()
            with lock:
                inside -= 1

    # Which server is meant is in the context, which purchases hand on to their threads.
    threads = [threading.Thread(target=copy_context().run, args=(request,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def rate_slots(client: SyncPrefectClient) -> float:
    return client.read_global_concurrency_limit_by_name(rate_limit_name(ENGINE)).active_slots


def test_too_many_requests_fills_the_rate_limit_for_the_time_the_engine_names(
    client: SyncPrefectClient,
) -> None:
    create_limits(client, ENGINE)
    with pytest.raises(EngineBusy), engine_limiter(ENGINE)(threading.Event()):
        raise EngineBusy("too many", retry_after_s=AN_HOUR_S)
    limit = client.read_global_concurrency_limit_by_name(rate_limit_name(ENGINE))
    assert limit.slot_decay_per_second
    full = limit.limit + AN_HOUR_S * limit.slot_decay_per_second
    assert full - SLACK < limit.active_slots <= full


def test_while_workers_back_off_no_request_begins_and_all_can_be_stopped(
    client: SyncPrefectClient,
) -> None:
    create_limits(client, ENGINE)
    back_off_all_workers(ENGINE, AN_HOUR_S)
    stop = StopsAtLook(3)
    with (
        pytest.raises(Stopped, match="deepgram"),
        engine_limiter(ENGINE, poll_s=0.1)(stop),
    ):
        pytest.fail("went on")
    assert stop.left == 0, "it has tried twice, and begun nothing"


def test_a_longer_wait_is_not_cut_short_by_a_shorter_one(client: SyncPrefectClient) -> None:
    create_limits(client, ENGINE)
    back_off_all_workers(ENGINE, AN_HOUR_S)
    before = rate_slots(client)
    back_off_all_workers(ENGINE, 1)
    assert rate_slots(client) > before - SLACK


def test_engines_of_this_machine_need_no_server() -> None:
    with engine_limiter("whisper")(threading.Event()):
        pass


def limit_to(client: SyncPrefectClient, slots: int, of: Lane) -> None:
    create_limits(client, ENGINE)
    client.update_global_concurrency_limit(
        concurrency_limit_name(ENGINE, of), GlobalConcurrencyLimitUpdate(limit=slots)
    )


def open_slots(client: SyncPrefectClient, of: Lane) -> float:
    name = concurrency_limit_name(ENGINE, of)
    return client.read_global_concurrency_limit_by_name(name).active_slots


def test_a_recording_that_is_run_by_itself_does_not_wait_for_a_sweep_that_uses_all_it_may(
    client: SyncPrefectClient,
) -> None:
    limit_to(client, 2, "urgent")
    limit_to(client, 1, "bulk")
    with ExitStack() as sweep:
        with in_lane("bulk"):
            sweep.enter_context(engine_limiter(ENGINE)(threading.Event()))
            with pytest.raises(Stopped), engine_limiter(ENGINE, poll_s=0.1)(StopsAtLook(5)):
                pytest.fail("the sweep has more than its part")
        with engine_limiter(ENGINE)(threading.Event()):
            assert (open_slots(client, "urgent"), open_slots(client, "bulk")) == (2, 1)


def test_one_request_after_the_other_holds_the_same_slot(client: SyncPrefectClient) -> None:
    create_limits(client, ENGINE)
    with engine_limiter(ENGINE)(threading.Event()):
        pass
    assert open_slots(client, "urgent") == 1, "it is kept for the next request"
    limit_to(client, 1, "urgent")
    with engine_limiter(ENGINE)(threading.Event()):
        assert open_slots(client, "urgent") == 1


def test_a_slot_that_nobody_uses_is_given_back(client: SyncPrefectClient) -> None:
    create_limits(client, ENGINE)
    with engine_limiter(ENGINE)(threading.Event()):
        pass
    deadline = time.monotonic() + 30
    while open_slots(client, "urgent"):
        assert time.monotonic() < deadline
