"""Each word has the speaker of its time."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from stenoflow.speakers.attribution import attribute_words, without_speakers
from stenoflow.speakers.estimate import SpeakerTurn
from stenoflow.times import Seconds, Span, to_samples
from stenoflow.transcript.model import Transcript, Utterance, Word
from stenoflow.transcript.speakers import speakers


def turn(start_s: float, end_s: float, speaker: int, margin: float | None = 0.2) -> SpeakerTurn:
    return SpeakerTurn(Span(to_samples(start_s), to_samples(end_s)), speaker, margin)


def transcript(
    *words: tuple[float, float], channel: int = 0, speaker: int | None = 4
) -> Transcript:
    found = tuple(
        Word("a", Seconds(start), Seconds(end), 0.9, speaker, channel) for start, end in words
    )
    return Transcript(found, (Utterance(0, len(found)),), duration_s=Seconds(100))


def test_words_have_the_speaker_that_they_share_most_time_with() -> None:
    spoken = transcript((0, 1), (1.9, 2.2), (2.4, 3), (7, 7.5))
    found = attribute_words(spoken, {0: [turn(0, 2.1, 0), turn(2.1, 4, 1)]})
    assert [word.speaker for word in found.words] == [0, 0, 1, 1]
    assert found.utterances == (Utterance(0, 2), Utterance(2, 4))
    assert found.speaker_source == "estimate"


def test_how_sure_an_estimate_is_of_a_speaker_counts_by_time() -> None:
    spoken = transcript((0, 1), (2, 3), (6, 7))
    turns = [turn(0, 1, 0, 0.1), turn(2, 3, 1, 0.3), turn(5, 8, 0, 0.5)]
    one, other = speakers(attribute_words(spoken, {0: turns}))
    assert (one.margin, other.margin) == (0.4, 0.3)


def test_channels_have_their_own_turns() -> None:
    spoken = transcript((0, 1), channel=1)
    assert attribute_words(spoken, {0: [turn(0, 1, 3)]}).words[0].speaker is None
    assert attribute_words(spoken, {1: [turn(0, 1, 3)]}).words[0].speaker == 3


def test_the_engines_own_speakers_can_be_left_out() -> None:
    spoken = transcript((0, 1), (1, 2))
    found = without_speakers(spoken)
    assert {word.speaker for word in found.words} == {None}
    assert [(w.text, w.start_s) for w in found.words] == [(w.text, w.start_s) for w in spoken.words]


@given(
    starts=st.lists(st.integers(0, 90), min_size=1, max_size=20).map(sorted),
    edges=st.lists(st.integers(1, 95), min_size=1, max_size=10, unique=True).map(sorted),
)
def test_every_word_has_a_speaker_and_keeps_its_time(starts: list[int], edges: list[int]) -> None:
    spoken = transcript(*((start, start + 1) for start in starts))
    bounds = [0, *edges, 100]
    turns = [turn(a, b, at % 3) for at, (a, b) in enumerate(itertools.pairwise(bounds))]
    found = attribute_words(spoken, {0: turns})
    assert [(w.start_s, w.end_s) for w in found.words] == [
        (w.start_s, w.end_s) for w in spoken.words
    ]
    for word in found.words:
        shared = [min(word.end_s, t.span.end_s) - max(word.start_s, t.span.start_s) for t in turns]
        assert turns[shared.index(max(shared))].speaker == word.speaker
