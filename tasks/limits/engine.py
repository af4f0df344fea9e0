"""Limits of an engine's account, which all flow runs on all machines share.

The Prefect server holds global concurrency limits for each engine: ``stenoflow-NAME`` limits how many
requests are open at the same time (slots are leased, so those of a killed process come back), and
``stenoflow-NAME-rate`` how many begin each second (its slots decay). Sweeps take slots of
``stenoflow-NAME-bulk`` and ``stenoflow-NAME-bulk-rate`` as well, which are smaller: what is left is for
recordings that are run by themselves, which do not wait for a sweep. When the engine answers "too many
requests", the rate limit is overfilled by as many slots as decay in the time to wait, so that all
workers wait, not only the one that was refused.

Engines on this machine share no account: they wait for one of the machine's cores.
"""

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock
from typing import Literal

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
)
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import get_current_settings

from stenoflow.engines.base import EngineLimits
from stenoflow.engines.registry import engine_spec
from stenoflow.errors import ConfigurationError, EngineBusy, PrefectUnavailable
from stenoflow.tasks.limits.blocks import Permits, Slots
from stenoflow.tasks.limits.machine import CORES
from stenoflow.tasks.limits.server import LimitServer

POLL_S = 5.0
"""Seconds after which somebody who waits for a slot notices a cancellation."""
BUSY_S = 5.0
"""Seconds for which all workers back off after a "too many requests" that names no time itself."""
BULK_SHARE = 0.8
"""Share of an engine's limits that sweeps may use together."""

Lane = Literal["urgent", "bulk"]

_lane: ContextVar[Lane] = ContextVar("lane", default="urgent")

Limiter = Callable[[Event], AbstractContextManager[None]]
"""``with limiter(stop):`` holds an engine's limits for as long as the block runs; raises Stopped."""


@contextmanager
def in_lane(lane: Lane) -> Generator[None]:
    """Let requests in the block be those of a sweep, or of a recording that somebody waits for."""
    token = _lane.set(lane)
    try:
        yield
    finally:
        _lane.reset(token)


def concurrency_limit_name(engine: str, of: Lane = "urgent") -> str:
    """Return the name of the limit on requests that are open at the same time."""
    return f"stenoflow-{engine}-bulk" if of == "bulk" else f"stenoflow-{engine}"


def rate_limit_name(engine: str, of: Lane = "urgent") -> str:
    """Return the name of the limit on requests that begin each second."""
    return f"{concurrency_limit_name(engine, of)}-rate"


def engine_limiter(engine: str, *, cores: int = 1, poll_s: float = POLL_S) -> Limiter:
    """Return what each request to an engine must hold while it is open.

    That is the limits of its account, or so many ``cores`` of this machine. ``poll_s`` is after how many
    seconds of waiting a cancellation is noticed at the latest.
    """
    if engine_spec(engine).limits:
        return lambda stop: _account_slot(_account(engine), stop, poll_s)
    return lambda stop: CORES.slots(stop, cores)


def create_limits(client: SyncPrefectClient, engine: str) -> None:
    """Create an engine's limits unless they exist: what a person has set stays as it is."""
    for limit in _server_limits(engine, _limits_of(engine)):
        try:
            client.read_global_concurrency_limit_by_name(limit.name)
        except ObjectNotFound:
            with suppress(ObjectAlreadyExists):
                client.create_global_concurrency_limit(limit)


def set_limits(client: SyncPrefectClient, engine: str, limits: EngineLimits) -> None:
    """Set an engine's limits, whatever they were. Raises ConfigurationError if it has none."""
    if engine_spec(engine).limits is None:
        raise ConfigurationError(f"the engine {engine} runs on this machine: it has no such limits")
    create_limits(client, engine)
    for limit in _server_limits(engine, limits):
        client.update_global_concurrency_limit(
            limit.name,
            GlobalConcurrencyLimitUpdate(
                limit=limit.limit, slot_decay_per_second=limit.slot_decay_per_second
            ),
        )


def _server_limits(engine: str, limits: EngineLimits) -> Iterator[GlobalConcurrencyLimitCreate]:
    shares: dict[Lane, float] = {"urgent": 1.0, "bulk": BULK_SHARE}
    for of, share in shares.items():
        per_s = limits.requests_per_s * share
        yield GlobalConcurrencyLimitCreate(
            name=concurrency_limit_name(engine, of), limit=math.ceil(limits.open_requests * share)
        )
        yield GlobalConcurrencyLimitCreate(
            name=rate_limit_name(engine, of), limit=math.ceil(per_s), slot_decay_per_second=per_s
        )


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


@dataclass(frozen=True)
class _Account:
    """What this process has taken from an engine's limits, for one lane."""

    engine: str
    permits: Permits
    slots: Slots


_accounts: dict[tuple[str | None, str, Lane], _Account] = {}
_opening = Lock()


def _account(engine: str) -> _Account:
    """Return the account of the Prefect server in use and the present lane."""
    key = (get_current_settings().api.url, engine, _lane.get())
    with _opening:
        if key not in _accounts:
            server = LimitServer(partial(create_limits, engine=engine))
            lanes: list[Lane] = ["urgent", "bulk"] if _lane.get() == "bulk" else ["urgent"]
            _accounts[key] = _Account(
                engine,
                Permits(server, [rate_limit_name(engine, each) for each in lanes]),
                Slots(server, [concurrency_limit_name(engine, each) for each in lanes]),
            )
        return _accounts[key]


def give_back_unused_slots() -> None:
    """Give back at once what this process keeps for its next requests."""
    with _opening:
        for each in _accounts.values():
            each.permits.drop()
            each.slots.close()


@contextmanager
def _account_slot(account: _Account, stop: Event, poll_s: float) -> Generator[None]:
    """Wait until both limits admit a request, then hold a slot until the block ends."""
    with _as_prefect_unavailable():
        account.permits.acquire(stop, poll_s)
        slot = account.slots.acquire(stop, poll_s)
    try:
        yield
    except EngineBusy as busy:
        account.permits.drop()
        back_off_all_workers(account.engine, busy.retry_after_s or BUSY_S)
        raise
    finally:
        account.slots.release(slot)


@contextmanager
def _as_prefect_unavailable() -> Generator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise PrefectUnavailable(
            f"the Prefect server, which holds the engine's limits, grants no slot: {error}; check "
            "that it runs, and the limits under Concurrency in its UI."
        ) from error
