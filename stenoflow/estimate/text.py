"""The forecast for a person to read, as Markdown."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from stenoflow.estimate.model import Forecast
from stenoflow.estimate.sampling import Range

MOST_NAMED = 5


def forecast_md(forecast: Forecast) -> str:
    """The whole forecast: what is to be done, what it costs and takes, and how that is known."""
    return "\n".join([*_total(forecast), *_by_media_type(forecast), *_how_it_is_known(forecast)])


def question_md(forecast: Forecast) -> str:
    """What a person is asked before a sweep that may cost much."""
    return "\n".join(
        [
            f"This sweep would buy **{_hours(forecast.paid_s)}** of speech from {forecast.engine}: "
            f"{forecast.recordings:,} recordings of {forecast.source}.",
            "",
            f"It would cost **{_usd(forecast)}**.",
            "",
            "**Approve** it, and it goes on with what the forecast is made of; "
            + (
                f"it spends at most {forecast.ceiling_usd} USD, and leaves the rest to the next sweep. "
                if forecast.ceiling_usd is not None
                else "it spends at most its budget, if it has one. "
            )
            + "**Decline** it, and nothing is bought. The artifact *forecast* of this run has the details.",
        ]
    )


def summary(forecast: Forecast) -> str:
    """The forecast in one line, without Markdown."""
    return f"{forecast.recordings:,} recordings, {_hours(forecast.paid_s)} to be paid: {_usd(forecast)}"


def _total(forecast: Forecast) -> Iterator[str]:
    yield f"# Forecast: {_usd(forecast)}"
    yield ""
    yield f"{forecast.source} to {forecast.destination}"
    yield ""
    yield from _table(
        ("", "expected", "range"),
        [
            ("Recordings to be done", f"{forecast.recordings:,}", ""),
            ("Size", _size(forecast.size), ""),
            ("Audio", *_row(forecast.audio_s)),
            (f"To be paid ({forecast.engine})", *_row(forecast.paid_s)),
            ("Bought earlier, not paid again", *_row(forecast.had_s)),
            ("Time in one process", _duration(forecast.takes_s), ""),
        ],
    )


def _by_media_type(forecast: Forecast) -> Iterator[str]:
    yield from (
        "",
        *_table(
            ("File name ending", "recordings", "size", "heard for this", "audio", "to be paid"),
            [
                (
                    each.name,
                    f"{each.recordings:,}",
                    _size(each.size),
                    str(each.heard),
                    _duration(each.audio_s),
                    _duration(each.paid_s),
                )
                for each in forecast.media
            ],
        ),
    )


def _how_it_is_known(forecast: Forecast) -> Iterator[str]:
    left = ", ".join(f"{count:,} {status}" for status, count in sorted(forecast.statuses.items()))
    yield from ("", f"- The listing of {forecast.made:%Y-%m-%d %H:%M} UTC: {left or 'nothing'}.")
    if forecast.heard:
        yield (
            f"- {forecast.heard} recordings, drawn from the whole listing by size, were fetched and "
            "heard; the rest is estimated by bytes. Ranges should hold in 95 of 100 cases."
        )
    yield (
        "- Nothing was bought. What the ledger has is not bought again; recordings of the same "
        "content are bought once, which is not taken off here."
    )
    if cost := forecast.cost:
        of = f"list prices as of {cost.as_of}" if cost.as_of else "the engine is free"
        yield f"- Cost: an estimate, no invoice; {of}."
    yield from (f"- {warning}" for warning in forecast.warnings)
    speed = forecast.heard_per_s
    yield (
        f"- Time: the engine is taken to hear {speed:g} seconds of audio a second."
        if speed
        else "- Time: without the engine's own, which is not known."
    )
    if forecast.refused:
        yield from ("", f"Of those heard, {len(forecast.refused)} would not be bought:", "")
        named = list(forecast.refused.items())[:MOST_NAMED]
        yield from (f"- `{key.replace('`', '')}`: {reason}" for key, reason in named)


def _usd(forecast: Forecast) -> str:
    cost = forecast.cost
    if cost is None:
        return "a cost that nobody knows: there is no price for its engine"
    if cost.high == cost.low:
        about = "" if forecast.heard == forecast.recordings else "about "
        return f"{about}{_money(cost.expected)} USD"
    return f"about {_money(cost.expected)} USD ({_money(cost.low)} to {_money(cost.high)})"


def _money(usd: Decimal) -> str:
    return f"{usd:,.2f}" if usd >= 1 else f"{usd:.4f}"


def _hours(found: Range) -> str:
    return f"{found.expected / 3600:,.2f} hours"


def _row(found: Range) -> tuple[str, str]:
    if found.low == found.high:
        return _duration(found.expected), ""
    return _duration(found.expected), f"{_duration(found.low)} to {_duration(found.high)}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    cells = list(head)
    yield f"| {' | '.join(cells)} |"
    yield f"| --- |{' ---: |' * (len(cells) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
