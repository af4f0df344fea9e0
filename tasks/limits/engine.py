"""How fast an engine may be asked, by all flow runs on all machines together.

Two global concurrency limits of Prefect for each paid engine: ``stenoflow-NAME`` holds how many
requests are open at once (slots are leased, so those of a killed process come back), and
``stenoflow-NAME-rate`` how many are begun each second (its slots decay). When the engine answers
"too many", the rate limit is overfilled by as many slots as decay in the time to wait, so that
everybody waits, not only the one who was told.

Engines on this machine are no shared account: they take turns at this machine's cores.
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

from stenoflow.errors import EngineBusy, Stopped, TransientError
from stenoflow.tasks.limits.machine import CORES

SHARED = ("deepgram", "openai")
"""Engines that all machines ask at one place."""

OPEN_AT_ONCE = {"deepgram": 25, "openai": 4}
"""Deepgram allows 50 open requests a project, and 10 with summaries, topics or sentiment."""
BEGUN_PER_S = {"deepgram": 10.0, "openai": 10.0}

LEASE_S = 60.0
POLL_S = 5.0
BUSY_S = 5.0
"""How long everybody waits after a "too many" that names no time itself."""

_creating = Lock()


class PrefectUnavailable(TransientError):
    """The Prefect server, which keeps the limits, does not answer, or gives no turn."""


Admission = Callable[[Event], AbstractContextManager[None]]


def open_limit(engine: str) -> str:
    """Name of the limit on requests open at once."""
    return f"stenoflow-{engine}"


def rate_of(engine: str) -> str:
    """Name of the limit on requests begun each second."""
    return f"stenoflow-{engine}-rate"


def admission(engine: str) -> Admission:
    """What a request to an engine must pass through; it is inside for as long as it is open."""
    return (lambda stop: _shared(engine, stop)) if engine in SHARED else CORES.slot


def create_limits(client: SyncPrefectClient, engine: str) -> None:
    """Create an engine's limits unless they exist: what a person has set stays as it is."""
    for limit in (
        GlobalConcurrencyLimitCreate(name=open_limit(engine), limit=OPEN_AT_ONCE[engine]),
        GlobalConcurrencyLimitCreate(
            name=rate_of(engine),
            limit=math.ceil(BEGUN_PER_S[engine]),
            slot_decay_per_second=BEGUN_PER_S[engine],
        ),
    ):
        try:
            client.read_global_concurrency_limit_by_name(limit.name)
        except ObjectNotFound:
            with suppress(ObjectAlreadyExists):
                client.create_global_concurrency_limit(limit)


@contextmanager
def _shared(engine: str, stop: Event) -> Generator[None, None, None]:
    with _slot(engine, stop):
        try:
            yield
        except EngineBusy as busy:
            slow_everybody(engine, busy.retry_after_s or BUSY_S)
            raise


@contextmanager
def _slot(engine: str, stop: Event) -> Generator[None, None, None]:
    """Wait for a turn by both limits, then hold a slot until the block ends."""
    slot = ExitStack()
    with _as_transient():
        _patiently(
            engine, stop, lambda: rate_limit(rate_of(engine), timeout_seconds=POLL_S, strict=True)
        )
        _patiently(engine, stop, lambda: slot.enter_context(_lease(engine)))
    try:
        yield
    finally:
        # A reply that is paid for is not given up for a slot: its lease ends by itself.
        with suppress(httpx.HTTPError):
            slot.close()


def _lease(engine: str) -> AbstractContextManager[None]:
    return concurrency(
        open_limit(engine),
        timeout_seconds=POLL_S,
        lease_duration=LEASE_S,
        strict=True,
        raise_on_lease_renewal_failure=False,
    )


def _patiently(engine: str, stop: Event, acquire: Callable[[], object]) -> None:
    created = False
    while not stop.is_set():
        try:
            acquire()
            return
        except TimeoutError:
            continue
        except ConcurrencySlotAcquisitionError:
            # There is no such limit yet, as a rule. Two threads that both find none would both create
            # it, and one be an error in the log.
            if created:
                raise
            with _creating, get_client(sync_client=True) as client:
                create_limits(client, engine)
            created = True
    raise Stopped("stopped while waiting for a turn at the engine")


@contextmanager
def _as_transient() -> Generator[None, None, None]:
    try:
        yield
    except (httpx.HTTPError, ConcurrencySlotAcquisitionError) as error:
        raise PrefectUnavailable(
            f"the Prefect server, which keeps the engine's limits, gives no turn: {error}; look at "
            "whether it runs, and at Concurrency in its UI."
        ) from error


def slow_everybody(engine: str, wait_s: float) -> None:
    """Let nobody begin a request to the engine for about ``wait_s`` seconds."""
    with _as_transient(), get_client(sync_client=True) as client:
        limit = client.read_global_concurrency_limit_by_name(rate_of(engine))
        decay_per_s = limit.slot_decay_per_second or BEGUN_PER_S[engine]
        overfilled = limit.limit + math.ceil(wait_s * decay_per_s)
        if limit.active_slots < overfilled:
            client.update_global_concurrency_limit(
                limit.name, GlobalConcurrencyLimitUpdate(active_slots=overfilled)
            )
