"""What the Prefect UI shows of a recording."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from stenoflow.billing.costs import Costs
from stenoflow.rendering.summary import speech_bar, summary_md
from stenoflow.times import Seconds, Span
from stenoflow.transcript.model import Transcript
from tests.support.transcripts import HOSTILE, rendering, transcript_of


def costs(**fields: Any) -> Costs:
    """What one second bought and two saved cost."""
    amounts = {"estimate_usd": None, "saved_usd": None, "may_have_been_paid": 0} | fields
    return Costs(audio_s=3, paid_s=1, bought_s=1, saved_s=2, **amounts)


def test_it_has_the_outcome_the_figures_the_first_lines_and_links_to_the_files() -> None:
    shown = replace(
        rendering(transcript_of("Good morning, everybody.", "Hello.")),
        speech=(Span(0, 16_000),),
        costs=costs(estimate_usd=Decimal("0.00430"), saved_usd=Decimal("0.0086")),
    )
    links = {"page": "https://x/page.html", "json": "s3://b/transcript.json"}
    page = summary_md(shown, "published", None, links)
    assert page.startswith("# 2026-07 board.mp3\n")
    for line in (
        "| Outcome | ✅ Published |",
        "| Words | 4 |",
        "| Speakers | 2 |",
        "| Sent to the engine | 1 s, about $0.0043 |",
        "`0:00` **Speaker 1:** Good morning, everybody.",
        "- [page](<https://x/page.html>)",
        "- json: s3://b/transcript.json",
    ):
        assert line in page.split("\n")


def test_a_recording_without_words_says_why() -> None:
    page = summary_md(
        rendering(Transcript((), ())),
        "rejected",
        "a.mp3 has no audio stream.",
        {"manifest": "s3://m"},
    )
    assert "> a.mp3 has no audio stream." in page
    assert "⛔ Rejected" in page
    assert "First lines" not in page


def test_the_bar_is_as_high_as_speech_is_dense() -> None:
    bar = speech_bar([Span(0, 16_000), Span(24_000, 32_000)], Seconds(3.0), columns=6)
    assert bar == "```text\n|██ █  |\n 0:00" + "0:03".rjust(2) + "\n```"
    half = speech_bar([Span(0, 8_000), Span(31_990, 32_000)], Seconds(4.0), columns=4)
    assert "|▄▁  |" in half


def test_text_from_outside_stays_text() -> None:
    hostile = "a|b `c` <img src=x onerror=alert(1)> [x](javascript:alert(1))"
    shown = rendering(
        transcript_of(*(line or "x" for line in (*HOSTILE, hostile))), key=f"calls/{hostile}"
    )
    page = summary_md(shown, "published", hostile, {hostile: "javascript:alert(1)"})
    assert "<" not in page.replace("(<", "")
    assert "](javascript" not in page.replace("\\]", "")
    assert all(row.count(" | ") == 1 for row in page.split("\n") if row.startswith("| Recording"))


def test_requests_that_may_have_been_paid_in_vain_are_listed() -> None:
    plain = replace(rendering(transcript_of("Hello.")), costs=costs())
    assert "May have been paid" not in summary_md(plain, "published", None, {})
    marked = replace(plain, costs=costs(may_have_been_paid=2))
    line = "| May have been paid, too | 2 requests without a usable reply |"
    assert line in summary_md(marked, "published", None, {}).split("\n")
