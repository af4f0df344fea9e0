"""An estimate for a person to read, as Markdown."""

from collections.abc import Iterator
from decimal import Decimal

from stenoflow.estimate.model import SweepEstimate
from stenoflow.estimate.sampling import Range
from stenoflow.rendering import markdown
from stenoflow.times import format_length

MAX_NAMED = 5
"""Recordings of the sample that are named with the reason of their rejection."""


def estimate_md(estimate: SweepEstimate) -> str:
    """Return the whole estimate: what would be done, what it costs and takes, and how that is known."""
    where = f"{markdown.escape(estimate.source)} to {markdown.escape(estimate.destination)}"
    parts = [
        f"# Forecast: {_cost(estimate)}",
        where,
        _totals(estimate),
        _by_media_type(estimate),
        markdown.bullets(_notes(estimate)),
    ]
    if estimate.rejections:
        named = list(estimate.rejections.items())[:MAX_NAMED]
        parts += [
            f"Of those analyzed, {len(estimate.rejections)} would not be bought:",
            markdown.bullets(
                f"`{key.replace('`', '')}`: {markdown.escape(reason)}" for key, reason in named
            ),
        ]
    return "\n\n".join(parts)


def approval_md(estimate: SweepEstimate) -> str:
    """Return what a person reads before approving a sweep that may cost much."""
    limit = (
        f"it spends at most {estimate.ceiling_usd} USD, and leaves the rest to the next sweep."
        if estimate.ceiling_usd is not None
        else "it spends at most its budget, if it has one."
    )
    return (
        f"This sweep would buy **{format_length(estimate.paid_s.expected)}** of speech from "
        f"{estimate.engine}: {estimate.recordings:,} recordings of {markdown.escape(estimate.source)}.\n\n"
        f"It would cost **{_cost(estimate)}**.\n\n"
        f"**Approve** it, and it goes on with the recordings of the forecast; {limit} **Decline** it, and "
        "nothing is bought. The artifact *forecast* of this run has the details."
    )


def summary(estimate: SweepEstimate) -> str:
    """Return the estimate in one line, without Markdown."""
    return (
        f"{estimate.recordings:,} recordings, {format_length(estimate.paid_s.expected)} to be paid: "
        f"{_cost(estimate)}"
    )


def _totals(estimate: SweepEstimate) -> str:
    return markdown.table(
        ("", "expected", "range"),
        [
            ("Recordings to transcribe", f"{estimate.recordings:,}", ""),
            ("Size", _size(estimate.size), ""),
            ("Audio", *_expected_and_range(estimate.audio_s)),
            (f"To be paid ({estimate.engine})", *_expected_and_range(estimate.paid_s)),
            ("Bought earlier, not paid again", *_expected_and_range(estimate.bought_earlier_s)),
            ("Time in one process", format_length(estimate.time_s), ""),
        ],
    )


def _by_media_type(estimate: SweepEstimate) -> str:
    return markdown.table(
        ("File name extension", "recordings", "size", "analyzed", "audio", "to be paid"),
        [
            (
                each.name,
                f"{each.recordings:,}",
                _size(each.size),
                str(each.analyzed),
                format_length(each.audio_s),
                format_length(each.paid_s),
            )
            for each in estimate.media_types
        ],
    )


def _notes(estimate: SweepEstimate) -> Iterator[str]:
    counts = ", ".join(f"{count:,} {status}" for status, count in sorted(estimate.statuses.items()))
    yield f"The listing of {estimate.scanned:%Y-%m-%d %H:%M} UTC: {counts or 'nothing'}."
    if estimate.analyzed:
        yield (
            f"{estimate.analyzed} recordings, drawn from the whole listing by size, were fetched and "
            "analyzed; the rest is estimated by bytes. Ranges should hold in 95 of 100 cases."
        )
    yield (
        "Nothing was bought. What the ledger holds is not bought again. Recordings of the same content are "
        "bought once, which is not deducted here."
    )
    if cost := estimate.cost:
        prices = f"list prices as of {cost.as_of}" if cost.as_of else "the engine is free"
        yield f"Cost: an estimate, not an invoice; {prices}."
    yield from estimate.warnings
    speed = estimate.engine_audio_s_per_s
    yield (
        f"Time: the engine is assumed to transcribe {speed:g} seconds of audio per second."
        if speed
        else "Time: without the engine's own, which is not known."
    )


def _cost(estimate: SweepEstimate) -> str:
    cost = estimate.cost
    if cost is None:
        return "an unknown cost: there is no price for its engine"
    if cost.high == cost.low:
        about = "" if estimate.analyzed == estimate.recordings else "about "
        return f"{about}{_usd(cost.expected)} USD"
    return f"about {_usd(cost.expected)} USD ({_usd(cost.low)} to {_usd(cost.high)})"


def _usd(amount: Decimal) -> str:
    return f"{amount:,.2f}" if amount >= 1 else f"{amount:.4f}"


def _expected_and_range(seconds: Range) -> tuple[str, str]:
    expected = format_length(seconds.expected)
    if seconds.low == seconds.high:
        return expected, ""
    return expected, f"{format_length(seconds.low)} to {format_length(seconds.high)}"


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"
