"""Limits of an engine's account, which all flow runs on all machines share.

The Prefect server holds two global concurrency limits for each engine: ``stenoflow-NAME`` limits how
many requests are open at the same time (slots are leased, so those of a killed process come back), and
``stenoflow-NAME-rate`` how many begin each second (its slots decay). When the engine answers "too many
requests", the rate limit is overfilled by as many slots as decay in the time to wait, so that all
workers wait, not only the one that was refused.

Engines on this machine share no account: they wait for one of the machine's cores.
"""

import math
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from threading import Event, Lock

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
)
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency, rate_limit
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from stenoflow.engines.base import EngineLimits
from stenoflow.engines.registry import engine_spec
from stenoflow.errors import EngineBusy, PrefectUnavailable, Stopped
from stenoflow.tasks.limits.machine import CORES

LEASE_S = 60.0
POLL_S = 5.0
"""Seconds for which one request to the Prefect server waits for a slot."""
BUSY_S = 5.0
"""Seconds for which all workers back off after a "too many requests" that names no time itself."""

_creating = Lock()

Limiter = Callable[[Event], AbstractContextManager[None]]
"""``with limiter(stop):`` holds an engine's limits for as long as the block runs; raises Stopped."""


def concurrency_limit_name(engine: str) -> str:
    """Return the name of the limit on requests that are open at the same time."""
    return f"stenoflow-{engine}"


def rate_limit_name(engine: str) -> str:
    """Return the name of the limit on requests that begin each second."""
    return f"stenoflow-{engine}-rate"


def engine_limiter(engine: str, *, cores: int = 1, poll_s: float = POLL_S) -> Limiter:
    """Return what each request to an engine must hold while it is open.

    That is the limits of its account, or so many ``cores`` of this machine. ``poll_s`` is after how many
    seconds of waiting a cancellation is noticed at the latest.
    """
    if engine_spec(engine).limits:
        return lambda stop: _account_slot(engine, stop, poll_s)
    return lambda stop: CORES.slots(stop, cores)


def create_limits(client: SyncPrefectClient, engine: str) -> None:
    """Create an engine's limits unless they exist: what a person has set stays as it is."""
    limits = _limits_of(engine)
    for limit in (
        GlobalConcurrencyLimitCreate(
            name=concurrency_limit_name(engine), limit=limits.open_requests
        ),
        GlobalConcurrencyLimitCreate(
            name=rate_limit_name(engine),
            limit=math.ceil(limits.requests_per_s),
            slot_decay_per_second=limits.requests_per_s,
        ),
    ):
        try:
            client.read_global_concurrency_limit_by_name(limit.name)
        except ObjectNotFound:
            with suppress(ObjectAlreadyExists):
                client.create_global_concurrency_limit(limit)


def back_off_all_workers(engine: str, wait_s: float) -> None:
    """Let no worker begin a request to the engine for about ``wait_s`` seconds.

    Prefect has no request that adds to a limit's ``active_slots``, so they are read and then set. Of two
    workers that do so at the same moment one may win with the shorter wait: the next refusal corrects that.
    """
    with _as_prefect_unavailable(), get_client(sync_client=True) as client:
        limit = client.read_global_concurrency_limit_by_name(rate_limit_name(engine))
        decay_per_s = limit.slot_decay_per_second or _limits_of(engine).requests_per_s
        overfilled = limit.limit + math.ceil(wait_s * decay_per_s)
        if limit.active_slots < overfilled:
            client.update_global_concurrency_limit(
                limit.name, GlobalConcurrencyLimitUpdate(active_slots=overfilled)
            )


def _limits_of(engine: str) -> EngineLimits:
    limits = engine_spec(engine).limits
    if limits is None:
        raise ValueError(f"{engine} runs on this machine, and has no limits of an account")
    return limits


@contextmanager
def _account_slot(engine: str, stop: Event, poll_s: float) -> Generator[None, None, None]:
    with _both_limits(engine, stop, poll_s):
        try:
            yield
        except EngineBusy as busy:
            back_off_all_workers(engine, busy.retry_after_s or BUSY_S)
            raise


@contextmanager
def _both_limits(engine: str, stop: Event, poll_s: float) -> Generator[None, None, None]:
    """Wait until both limits admit a request, then hold a slot until the block ends."""
    slot = ExitStack()
    with _as_prefect_unavailable():
        _acquire_interruptibly(
            engine,
            stop,
            lambda: rate_limit(rate_limit_name(engine), timeout_seconds=poll_s, strict=True),
        )
        _acquire_interruptibly(engine, stop, lambda: slot.enter_context(_lease(engine, poll_s)))
    try:
        yield
    finally:
        # A reply that is paid for is not given up for a slot: its lease ends by itself.
        with suppress(httpx.HTTPError):
            slot.close()


def _lease(engine: str, poll_s: float) -> AbstractContextManager[None]:
    return concurrency(
        concurrency_limit_name(engine),
        timeout_seconds=poll_s,
        lease_duration=LEASE_S,
        strict=True,
        raise_on_lease_renewal_failure=False,
    )


def _acquire_interruptibly(engine: str, stop: Event, acquire: Callable[[], object]) -> None:
    """Call ``acquire`` until it does not time out. Raises Stopped once ``stop`` is set."""
    created = False
    while not stop.is_set():
        try:
            acquire()
            return
        except TimeoutError:
            continue
        except ConcurrencySlotAcquisitionError:
            # There is no such limit yet, as a rule. Two threads that both find none would both create
            # it, and one of them would leave an error in the log.
            if created:
                raise
            with _creating, get_client(sync_client=True) as client:
                create_limits(client, engine)
            created = True
    raise Stopped(f"stopped while waiting for a slot of the engine {engine}")


@contextmanager
def _as_prefect_unavailable() -> Generator[None, None, None]:
    try:
        yield
    except (httpx.HTTPError, ConcurrencySlotAcquisitionError) as error:
        raise PrefectUnavailable(
            f"the Prefect server, which holds the engine's limits, grants no slot: {error}; check "
            "that it runs, and the limits under Concurrency in its UI."
        ) from error
