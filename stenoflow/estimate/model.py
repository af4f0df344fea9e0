"""Forecast of a sweep's purchases, cost and time, extrapolated from a sample that was fetched and analyzed.

Numbers and bytes of the recordings are known from the listing. All other figures are those of the sample,
extrapolated by bytes within each media type (:mod:`stenoflow.estimate.sampling`), with a range that follows
from the sample's own spread.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_UP, Decimal

from pydantic import BaseModel, ConfigDict, Field

from stenoflow.billing.pricing import Prices
from stenoflow.catalog import Catalog, Scan
from stenoflow.engines.base import Engine
from stenoflow.engines.registry import engine_spec
from stenoflow.estimate.sampling import Range, Stratum, extrapolate

CEILING_MARGIN = Decimal("1.02")
"""Margin of the ceiling over the estimate: the estimate of each request is rounded up."""
CENT = Decimal("0.01")

_STORED = ConfigDict(
    frozen=True, serialize_by_alias=True, validate_by_name=True, validate_by_alias=True
)


@dataclass(frozen=True, slots=True)
class SampleResult:
    """One recording of the sample after its analysis."""

    audio_s: float = 0.0
    paid_s: float = 0.0
    """Seconds that would be bought; channels transcribed apart count each."""
    bought_earlier_s: float = 0.0
    """Seconds that the ledger holds already."""
    requests: int = 0
    local_s: float = 0.0
    """Seconds that fetching and analyzing took."""
    rejection: str | None = None
    """Reason why nothing would be bought."""


@dataclass(frozen=True, slots=True)
class SweepLimits:
    """The limits on a sweep in one process."""

    at_once: int
    """Recordings in progress."""
    decoders: int
    """Recordings that are decoded at the same time."""
    open_requests: int | None
    """Requests in progress, of all machines; None if the engine runs on this machine's cores."""
    requests_per_s: float | None
    """Requests started per second; None: no limit."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The recordings that were drawn from a scan, and the result of each of them."""

    strata: Sequence[Stratum]
    results: Mapping[str, SampleResult]
    """By key."""

    def extrapolate(self, figure_of: Callable[[SampleResult], float]) -> Range:
        """Return the sum of a figure over all recordings of the scan."""
        return extrapolate(self.strata, lambda info: figure_of(self.results[info.key]))


class Cost(BaseModel):
    """A cost in USD by list prices, as a range."""

    model_config = ConfigDict(frozen=True)

    expected: Decimal
    low: Decimal
    high: Decimal
    as_of: date | None
    """Date of the oldest price in it; None if the engine is free."""


class MediaType(BaseModel):
    """The recordings of one media type."""

    model_config = _STORED

    name: str
    """A file name extension, or ``other``."""
    recordings: int
    size: int
    """Bytes."""
    analyzed: int = Field(validation_alias="heard", serialization_alias="heard")
    """Number of recordings in the sample."""
    audio_s: float
    paid_s: float


class SweepEstimate(BaseModel):
    """Forecast of a sweep. Ranges hold in 95 of 100 cases."""

    model_config = _STORED

    source: str
    destination: str
    engine: str
    scanned: datetime = Field(validation_alias="made", serialization_alias="made")
    """Time of the scan. Later changes are not included."""
    until: str
    """The last key that is included."""
    recordings: int
    """Number of recordings to transcribe, up to the sweep's limit."""
    size: int
    """Total size of the recordings, in bytes."""
    statuses: dict[str, int]
    """Number of objects by :class:`~stenoflow.catalog.Status`."""
    analyzed: int = Field(validation_alias="heard", serialization_alias="heard")
    """Number of recordings in the sample."""
    rejections: dict[str, str] = Field(validation_alias="refused", serialization_alias="refused")
    """Keys of recordings in the sample that nothing would be bought for, with the reasons."""
    media_types: tuple[MediaType, ...] = Field(
        validation_alias="media", serialization_alias="media"
    )
    audio_s: Range
    paid_s: Range
    """Seconds that would be bought."""
    bought_earlier_s: Range = Field(validation_alias="had_s", serialization_alias="had_s")
    """Seconds that the ledger holds already, which are not bought again."""
    cost: Cost | None
    """None if there is no known price."""
    warnings: tuple[str, ...]
    """Costs that are not included."""
    time_s: float = Field(validation_alias="takes_s", serialization_alias="takes_s")
    """Time in one process at the limits in force, without the engine's own where that is unknown."""
    engine_audio_s_per_s: float | None = Field(
        validation_alias="heard_per_s", serialization_alias="heard_per_s"
    )
    """Seconds of audio that the engine is assumed to transcribe per second; None: unknown."""

    @property
    def ceiling_usd(self) -> Decimal | None:
        """The amount that a person is asked to approve: the range's upper end, rounded up."""
        return self.cost and (self.cost.high * CEILING_MARGIN).quantize(CENT, rounding=ROUND_UP)


def exceeds(estimate: SweepEstimate, limit_usd: Decimal, budget_usd: Decimal | None) -> bool:
    """Return True if a sweep may cost more than the limit, as far as its budget allows.

    If there is no known price, it may.
    """
    if not estimate.recordings or (budget_usd is not None and budget_usd <= limit_usd):
        return False
    return estimate.cost is None or estimate.cost.high > limit_usd


def estimate_sweep(
    catalog: Catalog,
    found: Scan,
    sample: Sample,
    *,
    engine: Engine,
    prices: Prices,
    limits: SweepLimits,
) -> SweepEstimate:
    """Return the estimate for all recordings of a scan."""
    paid_s = sample.extrapolate(lambda result: result.paid_s)
    speed = engine_spec(engine.name).audio_s_per_s
    rejections = {key: result.rejection for key, result in sample.results.items()}
    return SweepEstimate(
        source=catalog.source.url,
        destination=catalog.destination.url,
        engine=engine.name,
        scanned=catalog.now,
        until=found.batches[-1].until if found.batches else "",
        recordings=found.recordings,
        size=found.size,
        statuses={status.value: count for status, count in found.statuses.items()},
        analyzed=len(sample.results),
        rejections={key: reason for key, reason in rejections.items() if reason},
        media_types=tuple(_media_type(stratum, sample) for stratum in sample.strata),
        audio_s=sample.extrapolate(lambda result: result.audio_s),
        paid_s=paid_s,
        bought_earlier_s=sample.extrapolate(lambda result: result.bought_earlier_s),
        cost=estimate_cost(paid_s, engine, prices),
        warnings=prices.estimate(engine.name, engine.identity(), 0).warnings,
        time_s=estimate_time_s(
            limits,
            local_s=sample.extrapolate(lambda result: result.local_s).expected,
            engine_s=paid_s.expected / speed if speed else 0.0,
            requests=sample.extrapolate(lambda result: result.requests).expected,
        ),
        engine_audio_s_per_s=speed,
    )


def _media_type(stratum: Stratum, sample: Sample) -> MediaType:
    own = Sample([stratum], sample.results)
    return MediaType(
        name=stratum.name,
        recordings=stratum.recordings,
        size=stratum.size,
        analyzed=len(stratum.drawn),
        audio_s=own.extrapolate(lambda result: result.audio_s).expected,
        paid_s=own.extrapolate(lambda result: result.paid_s).expected,
    )


def estimate_cost(paid_s: Range, engine: Engine, prices: Prices) -> Cost | None:
    """Return the cost of so many seconds; None if there is no known price."""
    expected, low, high = (
        prices.estimate(engine.name, engine.identity(), seconds)
        for seconds in (paid_s.expected, paid_s.low, paid_s.high)
    )
    if expected.usd is None or low.usd is None or high.usd is None:
        return None
    return Cost(expected=expected.usd, low=low.usd, high=high.usd, as_of=expected.as_of)


def estimate_time_s(
    limits: SweepLimits, *, local_s: float, engine_s: float, requests: float
) -> float:
    """Return the seconds that a sweep takes: as long as its narrowest limit makes it.

    ``local_s`` is the time to fetch and analyze all recordings, ``engine_s`` the engine's time, each as if
    they were processed one by one.
    """
    cores_s = local_s if limits.open_requests else local_s + engine_s
    return max(
        (local_s + engine_s) / limits.at_once,
        cores_s / limits.decoders,
        engine_s / limits.open_requests if limits.open_requests else 0.0,
        requests / limits.requests_per_s if limits.requests_per_s else 0.0,
    )
