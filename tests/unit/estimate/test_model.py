"""From seconds that would be paid to money, time, and words that a person decides by."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.prices import list_prices
from stenoflow.engines.registry import open_engine_without_account
from stenoflow.estimate import (
    Range,
    SweepEstimate,
    SweepLimits,
    approval_md,
    estimate_md,
    exceeds,
    summary,
)
from stenoflow.estimate.model import Cost, MediaType, estimate_cost, estimate_time_s
from stenoflow.profile.model import Profile

DEEPGRAM = open_engine_without_account(
    Profile(engine="deepgram", deepgram=DeepgramOptions(diarize_model=None))
)


def estimate(high: str = "12", **changes: object) -> SweepEstimate:
    cost = Cost(expected=Decimal(10), low=Decimal(8), high=Decimal(high), as_of=date(2026, 5, 5))
    given: dict[str, object] = {
        "source": "s3://calls",
        "destination": "s3://texts",
        "engine": "deepgram",
        "scanned": datetime(2026, 11, 24, tzinfo=UTC),
        "until": "z.mp3",
        "recordings": 1200,
        "size": 3_000_000_000,
        "statuses": {"new": 1200, "done": 7},
        "analyzed": 20,
        "rejections": {"bad`one.mp3": "This is not audio."},
        "media_types": (
            MediaType(
                name="mp3", recordings=1200, size=3 * 10**9, analyzed=20, audio_s=9e5, paid_s=8e4
            ),
        ),
        "audio_s": Range(9e5, 8e5, 1e6),
        "paid_s": Range(78_000, 60_000, 90_000),
        "bought_earlier_s": Range(3600, 0, 7200),
        "cost": cost,
        "warnings": (),
        "time_s": 5400,
        "engine_audio_s_per_s": 60.0,
        **changes,
    }
    return SweepEstimate.model_validate(given)


def test_it_costs_what_the_table_of_prices_says_at_each_end_of_the_range() -> None:
    prices = list_prices()

    cost = estimate_cost(Range(600, 300, 1200), DEEPGRAM, prices)

    a_minute = prices.engines["deepgram"].models["nova-3"].usd_per_minute
    assert cost is not None
    assert (cost.low, cost.expected, cost.high) == (5 * a_minute, 10 * a_minute, 20 * a_minute)
    assert cost.as_of == prices.engines["deepgram"].models["nova-3"].as_of


def test_without_a_price_there_is_no_cost() -> None:
    profile = Profile(engine="deepgram", deepgram=DeepgramOptions(model="own"))

    assert (
        estimate_cost(Range(1, 1, 1), open_engine_without_account(profile), list_prices()) is None
    )


@pytest.mark.parametrize(
    ("high", "limit", "budget", "asks"),
    [
        ("12", "11", None, True),
        ("12", "12", None, False),
        ("12", "11", "11", False),
        ("12", "11", "50", True),
        ("0", "0", None, False),
    ],
)
def test_a_person_is_asked_where_the_range_reaches_beyond_the_limit_and_the_budget_does_too(
    high: str, limit: str, budget: str | None, asks: bool
) -> None:
    assert (
        exceeds(estimate(high), Decimal(limit), None if budget is None else Decimal(budget)) == asks
    )


def test_where_no_price_is_known_a_person_is_asked_unless_there_is_nothing_to_do() -> None:
    assert exceeds(estimate(cost=None), Decimal(1000), None)
    assert not exceeds(estimate(cost=None, recordings=0), Decimal(0), None)


def test_what_is_approved_leaves_room_for_each_request_being_rounded_up() -> None:
    assert estimate("12").ceiling_usd == Decimal("12.24")
    assert estimate("0.000001").ceiling_usd == Decimal("0.01")
    assert estimate(cost=None).ceiling_usd is None


SHARED = SweepLimits(at_once=4, decoders=2, open_requests=25, requests_per_s=10)
OWN = SweepLimits(at_once=4, decoders=2, open_requests=None, requests_per_s=None)


@pytest.mark.parametrize(
    ("limits", "local_s", "engine_s", "requests", "time_s"),
    [
        (SHARED, 100, 100, 10, 50),  # four at once, each waiting for its own steps
        (SHARED, 400, 0, 10, 200),  # two decoders
        (SHARED, 0, 100, 1000, 100),  # ten requests begun a second
        (SweepLimits(64, 2, 5, 10), 0, 100, 10, 20),  # five requests open at once
        (OWN, 100, 100, 10, 100),  # analysis and recognition share two cores
    ],
)
def test_it_takes_as_long_as_the_slowest_limit_lets_it(
    limits: SweepLimits, local_s: float, engine_s: float, requests: float, time_s: float
) -> None:
    assert estimate_time_s(limits, local_s=local_s, engine_s=engine_s, requests=requests) == time_s


def test_the_text_says_what_is_to_be_done_what_it_costs_and_how_that_is_known() -> None:
    text = estimate_md(estimate())

    assert "about 10.00 USD (8.00 to 12.00)" in text
    assert "| Recordings to transcribe | 1,200 |" in text
    assert "| To be paid (deepgram) | 21 h 40 min | 16 h 40 min to 25 h 00 min |" in text
    assert "| Bought earlier, not paid again | 1 h 00 min | 0 s to 2 h 00 min |" in text
    assert "| Time in one process | 1 h 30 min |" in text
    assert "20 recordings, drawn from the whole listing by size" in text
    assert "list prices as of 2026-05-05" in text
    assert "`badone.mp3`: This is not audio." in text


def test_the_question_names_cost_and_ceiling() -> None:
    text = approval_md(estimate())

    assert "**21 h 40 min**" in text and "1,200 recordings of s3://calls" in text
    assert "about 10.00 USD (8.00 to 12.00)" in text and "at most 12.24 USD" in text


def test_an_unknown_price_and_an_unknown_speed_are_shown_as_unknown() -> None:
    unknown = estimate(cost=None, engine_audio_s_per_s=None)

    assert "unknown cost" in summary(unknown) and "unknown cost" in approval_md(unknown)
    assert "which is not known" in estimate_md(unknown)


def test_stored_estimates_keep_the_names_of_their_fields() -> None:
    stored = json.loads(estimate().model_dump_json())

    assert {"made", "heard", "refused", "media", "had_s", "takes_s", "heard_per_s"} <= set(stored)
    assert set(stored["media"][0]) == {
        "name",
        "recordings",
        "size",
        "heard",
        "audio_s",
        "paid_s",
    }
    assert SweepEstimate.model_validate(stored) == estimate()
