"""Whatever an engine returns, a normalized transcript holds its invariants."""

import math

import pytest
from hypothesis import given, settings

from stenoflow.times import Seconds
from stenoflow.transcript.model import Finding, Transcript, Utterance, Word
from stenoflow.transcript.normalize import normalize
from tests.support.transcripts import broken_transcripts, transcript_of


def test_a_normal_transcript_is_unchanged() -> None:
    transcript = transcript_of("Good morning.", "Hello, how are you?", "Fine.")
    assert normalize(transcript) == transcript


@pytest.mark.parametrize(
    ("word", "corrected", "warning"),
    [
        (Word("a", Seconds(math.nan), Seconds(1)), (0.0, 1.0), "Times of words"),
        (Word("a", Seconds(-3), Seconds(-2)), (0.0, 0.0), "Times of words"),
        (Word("a", Seconds(5), Seconds(4)), (5.0, 5.0), "Times of words"),
        (Word("a", Seconds(9), Seconds(1e9)), (9.0, 10.0), "Times of words"),
        (Word("a", Seconds(math.inf), Seconds(math.inf)), (0.0, 0.0), "Times of words"),
    ],
)
def test_times_are_clamped_to_the_recording_with_a_warning(
    word: Word, corrected: tuple[float, float], warning: str
) -> None:
    normal = normalize(Transcript((word,), (Utterance(0, 1),), duration_s=Seconds(10)))
    assert (normal.words[0].start_s, normal.words[0].end_s) == corrected
    assert warning in normal.warnings[0]


def test_empty_words_are_removed_and_utterances_and_findings_adjusted() -> None:
    words = tuple(
        Word(text, Seconds(at), Seconds(at + 1)) for at, text in enumerate(["a", "\x00", "b"])
    )
    normal = normalize(
        Transcript(
            words,
            (Utterance(0, 1), Utterance(1, 3)),
            findings=(Finding("topic", "t", math.nan, "b", 2, 3),),
        )
    )
    assert [word.text for word in normal.words] == ["a", "b"]
    assert normal.utterances == (Utterance(0, 1), Utterance(1, 2))
    assert normal.findings == (Finding("topic", "t", None, "b", 1, 2),)
    assert normal.warnings == ("Words without text were left out (1).",)


def test_words_out_of_order_are_sorted() -> None:
    words = (Word("b", Seconds(2), Seconds(3)), Word("a", Seconds(0), Seconds(1)))
    normal = normalize(Transcript(words, (Utterance(0, 2),)))
    assert [word.text for word in normal.words] == ["a", "b"]
    assert "out of order" in normal.warnings[0]


def test_channels_may_talk_at_the_same_time() -> None:
    words = (
        Word("a", Seconds(0), Seconds(1)),
        Word("b", Seconds(4), Seconds(5)),
        Word("c", Seconds(1), Seconds(2), channel=1),
    )
    transcript = Transcript(words, (Utterance(0, 2), Utterance(2, 3)), duration_s=Seconds(9))
    assert normalize(transcript) == transcript


@settings(max_examples=150, deadline=None)
@given(broken_transcripts())
def test_anything_is_normalized(transcript: Transcript) -> None:
    normal = normalize(transcript)
    limit = normal.duration_s or math.inf
    clocks: dict[int, float] = {}
    for word in normal.words:
        assert word.text.strip() == word.text != ""
        assert 0 <= word.start_s <= word.end_s <= limit
        assert word.confidence is None or 0 <= word.confidence <= 1
        assert word.start_s >= clocks.get(word.channel, 0.0)
        clocks[word.channel] = word.start_s
    edges = [utterance.first for utterance in normal.utterances] + [len(normal.words)]
    assert edges[0] == 0
    for utterance, following in zip(normal.utterances, edges[1:], strict=True):
        assert utterance.first < utterance.last == following
        run = normal.words[utterance.first : utterance.last]
        assert len({(word.channel, word.speaker) for word in run}) == 1
    assert normalize(normal) == normal
    changed = [w.text for w in normal.words] != [w.text for w in transcript.words] or any(
        (a.start_s, a.end_s) != (b.start_s, b.end_s) and abs(a.end_s - b.end_s) > 0.01
        for a, b in zip(normal.words, transcript.words, strict=False)
    )
    assert normal.warnings or not changed, "every change has its warning"
