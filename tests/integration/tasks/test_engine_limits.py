"""An engine's pace is one for all flow runs on all machines, and 429 slows them all."""

import threading
import time
from collections.abc import Iterator
from contextvars import copy_context

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate

from stenoflow.errors import EngineBusy, Stopped
from stenoflow.tasks.limits.engine import (
    PrefectUnavailable,
    admission,
    create_limits,
    open_limit,
    rate_of,
    slow_everybody,
)

pytestmark = pytest.mark.usefixtures("prefect_server")

ENGINE = "deepgram"


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client
        for name in (open_limit(ENGINE), rate_of(ENGINE)):
            client.delete_global_concurrency_limit_by_name(name)


def test_limits_come_by_themselves_and_what_a_person_has_set_stays(
    client: SyncPrefectClient,
) -> None:
    create_limits(client, ENGINE)
    client.update_global_concurrency_limit(
        open_limit(ENGINE), GlobalConcurrencyLimitUpdate(limit=3)
    )
    create_limits(client, ENGINE)
    assert client.read_global_concurrency_limit_by_name(open_limit(ENGINE)).limit == 3


def test_who_first_asks_for_a_turn_creates_them(client: SyncPrefectClient) -> None:
    with admission(ENGINE)(threading.Event()):
        assert client.read_global_concurrency_limit_by_name(open_limit(ENGINE)).active_slots == 1
    assert client.read_global_concurrency_limit_by_name(rate_of(ENGINE)).slot_decay_per_second


def test_a_limit_of_nothing_is_trouble_that_may_end(client: SyncPrefectClient) -> None:
    create_limits(client, ENGINE)
    client.update_global_concurrency_limit(
        open_limit(ENGINE), GlobalConcurrencyLimitUpdate(limit=0)
    )
    with (
        pytest.raises(PrefectUnavailable, match="gives no turn"),
        admission(ENGINE)(threading.Event()),
    ):
        pytest.fail("went on")


def test_no_more_requests_are_open_at_once_than_the_limit(client: SyncPrefectClient) -> None:
    create_limits(client, ENGINE)
    client.update_global_concurrency_limit(
        open_limit(ENGINE), GlobalConcurrencyLimitUpdate(limit=2)
    )
    inside, most, lock = 0, 0, threading.Lock()
    both = threading.Barrier(2, timeout=60)

    def ask() -> None:
        nonlocal inside, most
        with admission(ENGINE)(threading.Event()):
            with lock:
                inside += 1
                most = max(most, inside)
            both.wait()
            with lock:
                inside -= 1

    # Which server is meant is in the context, which purchases hand on to their threads.
    threads = [threading.Thread(target=copy_context().run, args=(ask,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_too_many_slows_everybody_for_the_time_the_engine_names(client: SyncPrefectClient) -> None:
    create_limits(client, ENGINE)
    with pytest.raises(EngineBusy), admission(ENGINE)(threading.Event()):
        raise EngineBusy("too many", retry_after_s=2)
    began = time.monotonic()
    with admission(ENGINE)(threading.Event()):
        waited_s = time.monotonic() - began
    assert waited_s > 1.5


def test_a_longer_wait_is_not_cut_short_by_a_shorter_one(client: SyncPrefectClient) -> None:
    create_limits(client, ENGINE)
    slow_everybody(ENGINE, 60)
    before = client.read_global_concurrency_limit_by_name(rate_of(ENGINE)).active_slots
    slow_everybody(ENGINE, 1)
    after = client.read_global_concurrency_limit_by_name(rate_of(ENGINE)).active_slots
    assert after > before - 50


def test_who_waits_for_a_turn_can_be_stopped(client: SyncPrefectClient) -> None:
    create_limits(client, ENGINE)
    slow_everybody(ENGINE, 600)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped), admission(ENGINE)(stop):
        pytest.fail("went on")


def test_engines_of_this_machine_need_no_server() -> None:
    with admission("pocketsphinx")(threading.Event()):
        pass
