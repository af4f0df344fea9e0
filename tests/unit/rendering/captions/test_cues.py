"""Captions keep to every rule, and other programs read the files as they were written."""

import html
from pathlib import Path

import pysubs2
import pytest
import webvtt
from docling_core.types.doc.webvtt import WebVTTFile
from hypothesis import given, settings
from hypothesis import strategies as st

from stenoflow.rendering import Rendering, render_all
from stenoflow.rendering.captions.cues import Cue, cues
from stenoflow.rendering.captions.options import CaptionOptions
from stenoflow.times import Seconds
from stenoflow.transcript.model import Transcript, Utterance, Word
from stenoflow.transcript.normalize import normalize
from tests.support.caption_rules import judge
from tests.support.corpus import needs_corpus
from tests.support.transcripts import (
    broken_transcripts,
    corpus_transcripts,
    recorded,
    recorded_responses,
    rendering,
    spoken_transcripts,
    transcript_of,
)

RULES = CaptionOptions()
LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")"})


def _written(shown: Rendering, name: str) -> str:
    artifacts, failures = render_all(shown, [name])
    assert failures == ()
    return artifacts[0].body.decode()


def _read_srt(text: str) -> list[tuple[int, int, tuple[str, ...]]]:
    return [
        (event.start, event.end, tuple(event.text.replace("\u200f", "").split("\\N")))
        for event in pysubs2.SSAFile.from_string(text, format_="srt")
    ]


def _read_vtt(text: str) -> list[tuple[int, int, tuple[str, ...], str | None]]:
    def milliseconds(time: str) -> int:
        hours, minutes, seconds = time.split(":")
        normal, milli = seconds.split(".")
        return ((int(hours) * 60 + int(minutes)) * 60 + int(normal)) * 1000 + int(milli)

    return [
        (
            milliseconds(caption.start),
            milliseconds(caption.end),
            tuple(html.unescape(caption.text).split("\n")),
            caption.voice,
        )
        for caption in webvtt.from_string(text)
    ]


def _check_files(transcript: Transcript) -> None:
    """Check that other programs read the cues that were written."""
    shown = rendering(transcript)
    labelled = cues(transcript, RULES, labelled=True)
    assert _read_srt(_written(shown, "srt")) == [
        (cue.start_ms, cue.end_ms, tuple(line.translate(LOOKALIKES) for line in cue.lines))
        for cue in labelled
    ]
    plain = cues(transcript, RULES)
    text = _written(shown, "vtt")
    assert _read_vtt(text) == [(cue.start_ms, cue.end_ms, cue.lines, cue.name) for cue in plain]
    blocks = WebVTTFile.parse(text).cue_blocks
    assert [
        (round(b.timings.start.seconds * 1000), round(b.timings.end.seconds * 1000)) for b in blocks
    ] == [(cue.start_ms, cue.end_ms) for cue in plain]


def _check(transcript: Transcript) -> None:
    for labelled in (False, True):
        assert judge(cues(transcript, RULES, labelled=labelled), transcript, RULES).broken == []


@needs_corpus
@pytest.mark.parametrize("path", recorded_responses(), ids=lambda path: path.stem)
def test_recorded_responses(path: Path) -> None:
    transcript = normalize(recorded(path))
    _check(transcript)
    _check_files(transcript)
    verdict = judge(cues(transcript, RULES), transcript, RULES)
    assert verdict.late == 0
    # What speech left no room for: astronauts who interrupt each other, and little more.
    assert verdict.too_short <= 0.05 * verdict.cues
    assert verdict.too_fast <= 0.2 * verdict.cues


@needs_corpus
def test_transcripts_of_the_corpus() -> None:
    transcripts = corpus_transcripts()
    assert {"ja", "zh", "he", "ru"} < {transcript.language for transcript in transcripts.values()}
    for name, transcript in transcripts.items():
        normal = normalize(transcript)
        assert judge(cues(normal, RULES), normal, RULES).broken == [], name
        _check_files(normal)


@settings(max_examples=120, deadline=None)
@given(spoken_transcripts())
def test_captions_of_speech_keep_the_rules(transcript: Transcript) -> None:
    normal = normalize(transcript)
    _check(normal)
    _check_files(normal)


@settings(max_examples=60, deadline=None)
@given(broken_transcripts())
def test_captions_of_broken_transcripts_keep_the_rules(transcript: Transcript) -> None:
    _check(normalize(transcript))


@settings(max_examples=40, deadline=None)
@given(
    spoken_transcripts(max_words=30),
    st.builds(
        CaptionOptions,
        line_chars=st.integers(16, 60),
        lines=st.integers(1, 3),
        max_s=st.floats(2, 10),
        min_s=st.floats(0.5, 2),
        chars_per_s=st.floats(8, 30),
        gap_s=st.sampled_from([0.0, 0.083, 0.5]),
    ),
)
def test_captions_keep_other_options_too(transcript: Transcript, rules: CaptionOptions) -> None:
    normal = normalize(transcript)
    for labelled in (False, True):
        assert judge(cues(normal, rules, labelled=labelled), normal, rules).broken == []


def _lines(transcript: Transcript, *, labelled: bool = False) -> list[tuple[str, ...]]:
    return [cue.lines for cue in cues(normalize(transcript), RULES, labelled=labelled)]


def test_lines_break_at_phrases() -> None:
    assert _lines(transcript_of("We went to the market because there was no bread left.")) == [
        ("We went to the market", "because there was no bread left.")
    ]


def test_cues_end_with_sentences() -> None:
    lines = (
        "That is all I know about it today. Ask somebody else who was there about the rest of it."
    )
    assert _lines(transcript_of(lines)) == [
        ("That is all I know about it today.",),
        ("Ask somebody else", "who was there about the rest of it."),
    ]


def test_subrip_says_who_speaks_where_the_speaker_changes() -> None:
    found = _lines(transcript_of("Are you there?", "Yes, I am here."), labelled=True)
    assert found == [("Speaker 1: Are you there?",), ("Speaker 2: Yes, I am here.",)]


def test_webvtt_has_a_voice_span_for_each_speaker_and_escapes() -> None:
    text = _written(rendering(transcript_of("Salt & pepper <now>", "NOTE this")), "vtt")
    assert "<v Speaker 1>Salt &amp; pepper &lt;now&gt;</v>" in text
    assert "<v Speaker 2><c>NOTE</c> this</v>" in text


def test_full_width_characters_fill_two_columns() -> None:
    chars = [
        Word(c, Seconds(i * 0.3), Seconds(i * 0.3 + 0.3))
        for i, c in enumerate("今日は晴れです" * 8)
    ]
    transcript = Transcript(
        tuple(chars), (Utterance(0, len(chars)),), duration_s=Seconds(20), language="ja"
    )
    found = _lines(transcript)
    assert "".join("".join(lines) for lines in found) == "今日は晴れです" * 8
    assert max(len(line) for lines in found for line in lines) <= 21
    _check(transcript)


def test_right_to_left_lines_are_enclosed_in_marks_in_subrip() -> None:
    text = _written(rendering(transcript_of("שלום לכולם.", language="he")), "srt")
    assert "\u200fשלום לכולם.\u200f" in text.replace("Speaker 1: ", "")


def test_times_go_past_a_day() -> None:
    word = Word("late", Seconds(90_000.5), Seconds(90_001))
    transcript = Transcript((word,), (Utterance(0, 1),), duration_s=Seconds(90_010))
    assert "25:00:00,500 --> 25:00:01," in _written(rendering(transcript), "srt")
    assert "25:00:00.500 --> 25:00:01." in _written(rendering(transcript), "vtt")
    _check_files(transcript)


def test_speakers_who_change_at_each_word_share_no_cue() -> None:
    words = tuple(
        Word(f"w{at}", Seconds(at * 0.25), Seconds(at * 0.25 + 0.2), None, at % 3)
        for at in range(60)
    )
    transcript = normalize(Transcript(words, (Utterance(0, 60),), duration_s=Seconds(20)))
    assert len(cues(transcript, RULES)) == 60
    _check(transcript)


def test_low_accuracy_has_a_cue_of_its_own() -> None:
    words = (Word("hm", Seconds(5), Seconds(6)),)
    transcript = Transcript(words, (Utterance(0, 1),), duration_s=Seconds(9), accuracy="low")
    read = _read_srt(_written(rendering(transcript), "srt"))
    assert read[0] == (0, 2000, ("[Low-accuracy transcript]",))
    assert read[1][2] == ("hm",)
    assert "NOTE Low accuracy" in _written(rendering(transcript), "vtt")


def test_a_transcript_without_words_is_an_empty_file() -> None:
    silent = rendering(Transcript((), ()))
    assert _written(silent, "srt") == ""
    assert _written(silent, "vtt") == "WEBVTT\n"
    assert cues(Transcript((), ()), RULES) == ()


def test_a_cue_names_its_speaker() -> None:
    cue: Cue = cues(transcript_of("One."), RULES)[0]
    assert (cue.name, cue.speaker.speaker, cue.label) == ("Speaker 1", 0, "")
