"""Figures of candidates: pooled rates, costs, the price of a corrected word, intervals."""

from decimal import Decimal

import pytest

from stenoflow.comparison.alignment import Alignment, Edits
from stenoflow.comparison.result import Compared, Comparison
from stenoflow.comparison.summary import CandidateSummary, summarize, wer_interval


def compared(
    candidate: str,
    hits: int,
    *,
    usd: str | None = "0",
    of: int = 100,
    recording: str = "a",
) -> Compared:
    edits = Edits(hits=hits, substitutions=of - hits, characters=5 * of)
    cost = None if usd is None else Decimal(usd)
    return Compared(recording, candidate, of, cost, 1800.0, Alignment((), edits))


def summaries(*found: Compared, base: str = "reference") -> dict[str, CandidateSummary]:
    names = tuple(dict.fromkeys(each.candidate for each in found))
    recordings = tuple(dict.fromkeys(each.recording for each in found))
    made = summarize(Comparison(base, names, recordings, found))
    return {each.name: each for each in made}


def test_rates_and_costs_are_those_of_all_recordings_together() -> None:
    found = summaries(
        compared("dear", 90, usd="0.30"), compared("dear", 40, of=50, usd="0.10", recording="b")
    )["dear"]
    assert (found.recordings, found.words, found.duration_s) == (2, 150, 3600)
    assert found.edits and found.edits.wer == 20 / 150
    assert found.usd_per_hour == Decimal("0.40")


def test_a_corrected_word_costs_what_is_paid_beyond_the_cheapest() -> None:
    found = summaries(
        compared("free", 80), compared("cheap", 85, usd="0.10"), compared("dear", 90, usd="0.30")
    )
    assert found["free"].usd_per_corrected_word is None
    assert found["cheap"].usd_per_corrected_word == Decimal("0.02")
    assert found["dear"].usd_per_corrected_word == Decimal("0.03")


def test_only_recordings_that_both_have_count_for_a_corrected_word() -> None:
    found = summaries(
        compared("free", 80),
        compared("dear", 90, usd="0.30"),
        compared("dear", 10, usd="9.00", recording="b"),
    )
    assert found["dear"].usd_per_corrected_word == Decimal("0.03")


@pytest.mark.parametrize(
    "other",
    [
        compared("dear", 80, usd="0.30"),  # It gets nothing right beyond the cheapest.
        compared("dear", 70, usd="0.30"),
        compared("dear", 90, usd="0"),  # It costs nothing more.
        compared("dear", 90, usd=None),
    ],
)
def test_the_price_of_a_corrected_word_may_not_be_defined(other: Compared) -> None:
    assert summaries(compared("free", 80), other)["dear"].usd_per_corrected_word is None


def test_without_references_nobody_knows_what_is_right() -> None:
    found = summaries(compared("free", 80), compared("dear", 90, usd="0.30"), base="free")
    assert found["dear"].usd_per_corrected_word is None


def test_costs_are_unknown_if_one_is() -> None:
    found = summaries(compared("a", 80), compared("a", 80, usd=None, recording="b"))["a"]
    assert (found.usd, found.usd_per_hour) == (None, None)


def test_an_interval_takes_five_recordings_and_holds_the_rate() -> None:
    edits = [Edits(hits=100 - wrong, substitutions=wrong) for wrong in (2, 4, 6, 8, 30)]
    assert wer_interval(edits[:4]) is None
    assert wer_interval([*edits[:4], Edits(insertions=3)]) is None
    found = wer_interval(edits)
    assert found == wer_interval(edits)
    assert found and 0.02 < found[0] < 0.10 < found[1] < 0.30


def test_equal_recordings_leave_no_doubt() -> None:
    assert wer_interval([Edits(hits=9, deletions=1)] * 5) == pytest.approx((0.1, 0.1))
