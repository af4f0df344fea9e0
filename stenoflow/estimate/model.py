"""What a sweep would buy, cost and take, told from a sample of it that was really heard.

Counts and bytes of the recordings are known from the listing. All other figures are those of the
sample, extrapolated by bytes within each media type (:mod:`stenoflow.estimate.sampling`), with the range
that the sample's own spread allows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_UP, Decimal

from pydantic import BaseModel, ConfigDict

from stenoflow.billing.pricing import Prices
from stenoflow.catalog import Scan
from stenoflow.engines.base import Engine
from stenoflow.engines.registry import engine_spec
from stenoflow.estimate.sampling import Range, Stratum, estimate
from stenoflow.storage import ObjectInfo

SPARE = Decimal("1.02")
"""What is approved is rounded up: each request's estimate is, too."""
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Sampled:
    """One recording of the sample, as it was heard."""

    audio_s: float = 0.0
    paid_s: float = 0.0
    """Seconds that would be bought, of all channels heard apart."""
    had_s: float = 0.0
    """Seconds that the ledger has already."""
    requests: int = 0
    took_s: float = 0.0
    """To fetch and hear it."""
    refused: str | None = None
    """Why nothing would be bought for it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The limits that a sweep works under, in one process."""

    at_once: int
    """Recordings."""
    decoders: int
    open_requests: int | None
    """At the engine, by all machines; None where it runs on this machine's own cores."""
    begun_per_s: float | None
    """Requests; None: no limit."""


class Cost(BaseModel):
    """An estimate in USD by list prices, and its range."""

    model_config = ConfigDict(frozen=True)

    expected: Decimal
    low: Decimal
    high: Decimal
    as_of: date | None
    """Of the oldest price in it; None where the engine is free."""


class MediaType(BaseModel):
    """What is to be done of one media type."""

    model_config = ConfigDict(frozen=True)

    name: str
    recordings: int
    size: int
    """Bytes."""
    heard: int
    """Recordings of the sample."""
    audio_s: float
    paid_s: float


class Forecast(BaseModel):
    """What a sweep would do. Ranges hold in 95 of 100 cases."""

    model_config = ConfigDict(frozen=True)

    source: str
    destination: str
    engine: str
    made: datetime
    """What was modified since is no part of it."""
    until: str
    """The last key that is part of it."""
    recordings: int
    """To be done: those of the sweep, or up to its limit."""
    size: int
    """Their bytes."""
    statuses: dict[str, int]
    """How many objects the listing found new, changed, done, too young, filtered."""
    heard: int
    """Recordings of the sample."""
    refused: dict[str, str]
    """Of the sample: keys of those that nothing would be bought for, and why."""
    media: tuple[MediaType, ...]
    audio_s: Range
    paid_s: Range
    had_s: Range
    """Seconds bought earlier, which are not bought again."""
    cost: Cost | None
    """None where no price is known."""
    warnings: tuple[str, ...]
    """About money: what the estimate leaves out."""
    takes_s: float
    """In one process, at the limits in force; without the engine's own time where that is unknown."""
    heard_per_s: float | None
    """Seconds of audio that the engine is taken to hear a second; None: unknown."""

    @property
    def ceiling_usd(self) -> Decimal | None:
        """What a person is asked to approve: the range's upper end, rounded up."""
        return self.cost and (self.cost.high * SPARE).quantize(CENT, rounding=ROUND_UP)


def exceeds(forecast: Forecast, limit_usd: Decimal, budget_usd: Decimal | None) -> bool:
    """Whether a sweep may cost more than the limit, as far as its budget lets it.

    Where no price is known it may.
    """
    if not forecast.recordings or (budget_usd is not None and budget_usd <= limit_usd):
        return False
    return forecast.cost is None or forecast.cost.high > limit_usd


def estimate_sweep(
    found: Scan,
    strata: Sequence[Stratum],
    sample: Mapping[str, Sampled],
    *,
    source: str,
    destination: str,
    engine: Engine,
    prices: Prices,
    pace: Pace,
    made: datetime,
) -> Forecast:
    """The forecast for all recordings found, by those of the strata that were heard.

    ``sample`` has what was learnt of each recording drawn, by its key.
    """

    def at(info: ObjectInfo) -> Sampled:
        return sample[info.key]

    audio_s = estimate(strata, lambda info: at(info).audio_s)
    paid_s = estimate(strata, lambda info: at(info).paid_s)
    speed = engine_spec(engine.name).audio_s_per_s
    return Forecast(
        source=source,
        destination=destination,
        engine=engine.name,
        made=made,
        until=found.batches[-1].until if found.batches else "",
        recordings=found.recordings,
        size=found.size,
        statuses={status.value: count for status, count in found.statuses.items()},
        heard=len(sample),
        refused={key: each.refused for key, each in sample.items() if each.refused},
        media=tuple(
            MediaType(
                name=stratum.name,
                recordings=stratum.recordings,
                size=stratum.size,
                heard=len(stratum.drawn),
                audio_s=estimate([stratum], lambda info: at(info).audio_s).expected,
                paid_s=estimate([stratum], lambda info: at(info).paid_s).expected,
            )
            for stratum in strata
        ),
        audio_s=audio_s,
        paid_s=paid_s,
        had_s=estimate(strata, lambda info: at(info).had_s),
        cost=cost_of(paid_s, engine, prices),
        warnings=prices.estimate(engine.name, engine.identity(), 0).warnings,
        takes_s=time_at(
            pace,
            local_s=estimate(strata, lambda info: at(info).took_s).expected,
            engine_s=paid_s.expected / speed if speed else 0.0,
            requests=estimate(strata, lambda info: float(at(info).requests)).expected,
        ),
        heard_per_s=speed,
    )


def cost_of(paid_s: Range, engine: Engine, prices: Prices) -> Cost | None:
    """What these seconds cost; None where no price is known."""
    expected, low, high = (
        prices.estimate(engine.name, engine.identity(), seconds)
        for seconds in (paid_s.expected, paid_s.low, paid_s.high)
    )
    if expected.usd is None or low.usd is None or high.usd is None:
        return None
    return Cost(expected=expected.usd, low=low.usd, high=high.usd, as_of=expected.as_of)


def time_at(pace: Pace, *, local_s: float, engine_s: float, requests: float) -> float:
    """Seconds until all is done: the slowest of what the limits let pass.

    ``local_s`` is fetching and hearing, ``engine_s`` the engine's work, each as if done one by one.
    """
    cores_s = local_s if pace.open_requests else local_s + engine_s
    return max(
        (local_s + engine_s) / pace.at_once,
        cores_s / pace.decoders,
        engine_s / pace.open_requests if pace.open_requests else 0.0,
        requests / pace.begun_per_s if pace.begun_per_s else 0.0,
    )
