"""What a sweep would cost and take, estimated from a few of its recordings that were really heard.

What a recording costs goes roughly with its bytes, so each figure is a ratio to bytes in the sample,
times the bytes of all. Ranges are of 95 percent: the ratio estimator's standard error and Student's t
(Cochran, Sampling Techniques, 3rd edition, 1977, formula 6.13).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from pydantic import BaseModel, Field
from scipy.special import stdtrit  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

from steno.pricing import SMALLEST_USD

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Sampled:
    """One recording of the sample, as it was heard."""

    key: str
    size: int
    """Bytes."""
    audio_s: float = 0.0
    paid_s: float = 0.0
    """Seconds that would be sent to the engine, of all channels."""
    requests: int = 0
    took_s: float = 0.0
    """To fetch and hear it."""
    rejected: str | None = None
    """Why it cannot become a transcript; nothing would be paid for it."""


class Range(BaseModel):
    """An estimate, and between what it should lie."""

    expected: float
    low: float
    high: float


class Forecast(BaseModel):
    """What a sweep would do."""

    source: str
    destination: str
    engine: str
    recordings: int
    size: int = Field(title="Bytes")
    fates: dict[str, int] = Field(default_factory=dict[str, int])
    sampled: int
    rejected: dict[str, str] = Field(default_factory=dict[str, str])
    """Of the sample: keys of what cannot become a transcript, and why."""
    audio_s: Range
    paid_s: Range
    cost_usd: Range | None
    """None where no price is known. What the ledger already holds is not taken off."""
    takes_s: float
    """With as many recordings at once on one machine, at the engine's current limits."""


def ratio_estimate(sample: Sequence[tuple[float, float]], total: float) -> Range:
    """The sum of y over all, from pairs (x, y) of a sample, where x sums to ``total`` over all.

    The whole is taken for much larger than the sample, which errs on the wide side. One pair tells
    nothing of the spread: its range is from what was seen to twice the estimate.
    """
    seen = sum(y for _, y in sample)
    size = sum(x for x, _ in sample)
    if not size or not total:
        return Range(expected=0.0, low=0.0, high=0.0)
    ratio = seen / size
    expected = ratio * total
    if total <= size:
        return Range(expected=expected, low=expected, high=expected)
    count = len(sample)
    if count == 1:
        return Range(expected=expected, low=min(seen, expected), high=2 * expected)
    residual = sum((y - ratio * x) ** 2 for x, y in sample) / (count - 1)
    error = total / (size / count) * math.sqrt(residual / count)
    student = cast(Callable[[int, float], float], stdtrit)
    spread = float(student(count - 1, (1 + CONFIDENCE) / 2)) * error
    return Range(expected=expected, low=max(seen, expected - spread), high=expected + spread)


def price_range(paid_s: Range, usd_of: Callable[[float], Decimal | None]) -> Range | None:
    """What these seconds cost; None where no price is known."""
    low, expected, high = (usd_of(each) for each in (paid_s.low, paid_s.expected, paid_s.high))
    if low is None or expected is None or high is None:
        return None
    return Range(expected=float(expected), low=float(low), high=float(high))


def ceiling_usd(forecast: Forecast) -> Decimal | None:
    """The most that the sweep should cost; None where no price is known."""
    if forecast.cost_usd is None:
        return None
    return Decimal(forecast.cost_usd.high).quantize(SMALLEST_USD)


def forecast_md(forecast: Forecast) -> str:
    """The forecast for a person to read, as Markdown."""
    lines = [
        f"**{forecast.recordings:,} recordings**, {forecast.size / 1e9:.2f} GB, from "
        f"{forecast.sampled} of them that were heard.",
        "",
        "| | expected | between | and |",
        "| --- | ---: | ---: | ---: |",
        _row("hours of audio", forecast.audio_s, 3600, 2),
        _row("hours paid for", forecast.paid_s, 3600, 2),
    ]
    if forecast.cost_usd:
        lines.append(_row(f"USD ({forecast.engine}, list price)", forecast.cost_usd, 1, 4))
    else:
        lines.append(f"| USD: no price of {forecast.engine} is known | | | |")
    lines += ["", f"On one machine it takes about {forecast.takes_s / 3600:.2f} hours."]
    if forecast.rejected:
        lines += [
            "",
            f"{len(forecast.rejected)} of the {forecast.sampled} heard would be rejected.",
        ]
    return "\n".join(lines)


def _row(name: str, found: Range, unit: float, digits: int) -> str:
    expected, low, high = (
        f"{each / unit:,.{digits}f}" for each in (found.expected, found.low, found.high)
    )
    return f"| {name} | {expected} | {low} | {high} |"
