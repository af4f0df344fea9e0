"""The context of the work on one recording: its ledger, its limits, its cancellation."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from stenoflow.billing.budget import Budget
from stenoflow.billing.pricing import Prices
from stenoflow.engines.prices import prices_in_force
from stenoflow.ledger.ledger import Ledger

Limiter = Callable[[Event], AbstractContextManager[None]]
"""``with limiter(cancelled):`` holds an engine's limits while a request is open; raises Stopped."""


def unlimited(_: Event) -> AbstractContextManager[None]:
    """Let every request begin at once."""
    return nullcontext()


def _ignore(_: float) -> None:
    pass


def _no_steps() -> dict[str, float]:
    return {}


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, eq=False)
class RunContext:
    """One run over one recording."""

    scratch: Path
    """A folder for the recording and its samples; whoever made it removes it."""
    ledger: Ledger
    prices: Prices = field(default_factory=prices_in_force)
    budget: Budget = field(default_factory=Budget)
    """The sweep's budget, shared by its recordings; without a sweep one without limit."""
    limiter: Limiter = unlimited
    core: Limiter = unlimited
    """``with core(cancelled):`` holds one of this machine's cores; raises Stopped."""
    cancelled: Event = field(default_factory=Event)
    progress: Callable[[float], None] = _ignore
    """Called with the seconds of audio that the current step has done."""
    steps_s: Callable[[], Mapping[str, float]] = _no_steps
    """Returns how long each step has taken so far, for the manifest."""
    flow_run: str | None = None
    """Id of the Prefect flow run, if there is one."""
    now: Callable[[], datetime] = _now
