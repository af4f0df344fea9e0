"""Plain text and Markdown: turns under their speakers, and nothing but text from outside."""

from dataclasses import replace

from hypothesis import given, settings

from stenoflow.rendering import render_all
from stenoflow.transcript.model import Finding, Transcript
from tests.support.transcripts import broken_transcripts, rendering, transcript_of


def _written(transcript: Transcript, name: str, **recording: object) -> str:
    artifacts, failures = render_all(rendering(transcript, **recording), [name])
    assert failures == ()
    return artifacts[0].body.decode()


def test_text_has_a_turn_a_paragraph() -> None:
    assert _written(transcript_of("Good morning.", "Hello."), "txt") == (
        "2026-07 board.mp3\n\n[0:00] Speaker 1\nGood morning.\n\n[0:00] Speaker 2\nHello.\n"
    )


def test_markdown_has_the_facts_the_findings_and_links_to_each_turn() -> None:
    transcript = replace(
        transcript_of("Good morning."),
        summary="A greeting.",
        findings=(Finding("topic", "manners", 1, "x"),),
    )
    page = _written(transcript, "md")
    assert page.startswith("# 2026-07 board.mp3\n\n1.8 s · 2 words · language en · by deepgram · ")
    assert "## Summary\n\nA greeting." in page
    assert "## Topics\n\n- manners" in page
    assert (
        "**Speaker 1** [0:00](<https://play.example/calls/board.mp3#t=0.000,0.600>)  \nGood morning."
        in page
    )


def test_a_recording_without_words_is_described_as_such() -> None:
    for name in ("txt", "md"):
        assert "No words were recognized." in _written(Transcript((), ()), name)


def test_low_accuracy_is_noted_in_every_format_for_people() -> None:
    low = replace(transcript_of("Hello."), accuracy="low")
    for name in ("txt", "md", "page", "vtt", "srt"):
        assert "ow-accuracy" in _written(low, name) or "Low accuracy" in _written(low, name)
    assert '"accuracy": "low"' in _written(low, "json")


def test_addresses_that_act_are_no_links() -> None:
    page = _written(transcript_of("Hi."), "md", playback_url="javascript:alert(1)")
    assert "](" not in page


@settings(max_examples=80, deadline=None)
@given(broken_transcripts())
def test_markdown_lets_no_markup_through(transcript: Transcript) -> None:
    page = _written(transcript, "md", playback_url=None)
    assert "<" not in page
    assert "](" not in page.replace("\\](", "")
    assert len(page.splitlines()) == page.count("\n")
