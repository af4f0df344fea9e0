"""A comparison in figures: error rates, and costs, of each candidate over its recordings."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from stenoflow.comparison.alignment import Edits
from stenoflow.comparison.candidates import REFERENCE
from stenoflow.comparison.result import Compared, Comparison

LEAST_RECORDINGS = 5
"""An interval is given from so many recordings on."""
RESAMPLES = 2000
SEED = 20_240_501
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class CandidateSummary:
    """One candidate over all recordings that it has a transcript of."""

    name: str
    recordings: int
    words: int
    edits: Edits | None
    """Over the recordings that the base has too; None for the base itself, and if there are none."""
    wer_interval: tuple[float, float] | None
    """95 % interval of the word error rate, over recordings."""
    duration_s: float
    usd: Decimal | None
    """Estimated cost; None if one price is not known."""
    usd_per_corrected_word: Decimal | None
    """Additional cost over the cheapest candidate, for each word more that is right; None if that is not
    defined."""

    @property
    def usd_per_hour(self) -> Decimal | None:
        """Return the estimated cost of an hour of recording."""
        if self.usd is None or not self.duration_s:
            return None
        return self.usd * HOUR_S / Decimal(self.duration_s)


def summarize(comparison: Comparison) -> tuple[CandidateSummary, ...]:
    """Return the figures of each candidate, in their order; of those without transcripts, zeros."""
    of = {
        name: [each for each in comparison.compared if each.candidate == name]
        for name in comparison.candidates
    }
    prices = _corrected_word_prices(comparison.base, of)
    return tuple(_summary(name, found, prices.get(name)) for name, found in of.items())


def wer_interval(edits: Sequence[Edits]) -> tuple[float, float] | None:
    """Return the 95 % interval of the word error rate over recordings; None if there are too few.

    A percentile bootstrap over recordings (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
    chapter 13; for error rates M. Bisani and H. Ney, ICASSP 2004): whole recordings are drawn, as errors
    within one depend on each other. The draws are the same each time.
    """
    counted = [each for each in edits if each.base_words]
    if len(counted) < LEAST_RECORDINGS:
        return None
    errors = np.array([each.errors for each in counted])
    words = np.array([each.base_words for each in counted])
    drawn = np.random.default_rng(SEED).integers(0, len(counted), (RESAMPLES, len(counted)))
    low, high = np.quantile(errors[drawn].sum(axis=1) / words[drawn].sum(axis=1), (0.025, 0.975))
    return float(low), float(high)


def _summary(
    name: str, found: Sequence[Compared], usd_per_corrected_word: Decimal | None
) -> CandidateSummary:
    edits = [each.alignment.edits for each in found if each.alignment]
    return CandidateSummary(
        name=name,
        recordings=len(found),
        words=sum(each.words for each in found),
        edits=sum(edits, Edits()) if edits else None,
        wer_interval=wer_interval(edits),
        duration_s=sum(each.duration_s for each in found),
        usd=_usd(found),
        usd_per_corrected_word=usd_per_corrected_word,
    )


def _corrected_word_prices(
    base: str, found: dict[str, list[Compared]]
) -> dict[str, Decimal | None]:
    """Return the price of a corrected word of each candidate, against the cheapest.

    It is defined against references only, and over the recordings that both have. Words that are right
    are those that equal the reference's.
    """
    measured = {
        name: {each.recording: each for each in of if each.alignment} for name, of in found.items()
    }
    rates = {
        name: rate
        for name, of in measured.items()
        if (rate := _usd_per_second(list(of.values()))) is not None
    }
    if base != REFERENCE or not rates:
        return {}
    cheapest = min(rates, key=lambda name: rates[name])
    return {name: _price(measured[name], measured[cheapest]) for name in rates if name != cheapest}


def _price(candidate: dict[str, Compared], cheapest: dict[str, Compared]) -> Decimal | None:
    shared = candidate.keys() & cheapest.keys()
    dearer, cheaper = ([of[name] for name in shared] for of in (candidate, cheapest))
    paid, instead = _usd(dearer), _usd(cheaper)
    corrected = _hits(dearer) - _hits(cheaper)
    if paid is None or instead is None or corrected <= 0 or paid <= instead:
        return None
    return (paid - instead) / corrected


def _usd_per_second(found: Sequence[Compared]) -> Decimal | None:
    usd, duration_s = _usd(found), sum(each.duration_s for each in found)
    return usd / Decimal(duration_s) if usd is not None and duration_s else None


def _hits(found: Sequence[Compared]) -> int:
    return sum(each.alignment.edits.hits for each in found if each.alignment)


def _usd(found: Sequence[Compared]) -> Decimal | None:
    """Return the cost of several transcripts; None if one of them is not known, or there are none."""
    costs = [each.usd for each in found]
    known = [each for each in costs if each is not None]
    return sum(known, Decimal(0)) if costs and len(known) == len(costs) else None
