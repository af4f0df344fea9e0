"""The page: every difference in it, marked without colour, and nothing that could run."""

from decimal import Decimal

from stenoflow.comparison.alignment import align
from stenoflow.comparison.page import comparison_page
from stenoflow.comparison.result import Compared, Comparison, Missing
from stenoflow.comparison.words import words_in

HOSTILE = "<script>alert(1)</script>"


def page(base: str, candidate: str, playback: dict[str, str] | None = None) -> str:
    words = list(words_in(candidate, 61.5, 62.0))
    alignment = align(list(words_in(base)), words)
    compared = Compared("calls/a.mp3", "deepgram", len(words), Decimal("0.01"), 60.0, alignment)
    missing = Missing("b.mp3", HOSTILE, "not in the ledger")
    return comparison_page(
        Comparison(
            "reference",
            ("deepgram",),
            ("calls/a.mp3", "b.mp3"),
            (compared,),
            (missing,),
            playback or {},
        )
    )


def test_differences_are_marked_by_more_than_colour() -> None:
    found = page("one two three", "one too three four")
    assert '<i class="hidden"> replaced by </i><span dir="auto">too</span>' in found
    assert '<i class="hidden">added: </i>' in found
    assert page("one two", "one").count("left out: ") == 2  # One is in the legend.
    assert "No differences." in page("one", "One.")


def test_text_is_escaped_and_the_policy_lets_nothing_run() -> None:
    found = page(f"hello {HOSTILE}", HOSTILE)
    assert "<script" not in found
    assert "&lt;script&gt;" in found
    assert "default-src 'none'; style-src 'unsafe-inline'" in found


def test_times_lead_to_the_recording_where_a_browser_can_play_it() -> None:
    linked = page("two", "too", {"calls/a.mp3": "https://example.org/a.mp3"})
    assert '<a href="https://example.org/a.mp3#t=61.500">1:01</a>' in linked
    for url in ("s3://bucket/a.mp3", "javascript:alert(1)"):
        unlinked = page("two", "too", {"calls/a.mp3": url})
        assert "<a " not in unlinked
        assert "1:01" in unlinked
