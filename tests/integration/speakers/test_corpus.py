"""Real voices: one person is one speaker, and labelled turns are found."""

import pytest

from bench.audio.speakers import estimated, labelled, single_people, words_of
from bench.harness.diarization import diarization_error, total, words_right
from stenoflow.speakers.encoder import SpeakerEncoder, open_encoder
from stenoflow.speakers.estimate import SpeakerTurn
from stenoflow.times import Span
from tests.support.corpus import needs_corpus


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    return open_encoder("ge2e")


@needs_corpus
def test_one_person_is_one_speaker(encoder: SpeakerEncoder) -> None:
    divided = [
        each.name
        for each in single_people()
        if {turn.speaker for turn in estimated(each.samples, encoder)[0]} != {0}
    ]
    assert divided == []


@needs_corpus
@pytest.mark.parametrize(
    ("name", "speakers"),
    [("pyAudioAnalysis__diarizationExample.wav", 4), ("pyannote-audio__sample.wav", 2)],
    ids=["interviews", "telephone"],
)
def test_turns_of_a_labelled_conversation_are_found(
    encoder: SpeakerEncoder, name: str, speakers: int
) -> None:
    (conversation,) = (each for each in labelled() if each.name.endswith(name))
    turns, _ = estimated(conversation.samples, encoder)
    assert len({turn.speaker for turn in turns}) == speakers
    assert diarization_error(conversation.turns, turns, len(conversation.samples)).rate < 0.05


@needs_corpus
def test_at_most_a_fifth_of_the_speech_in_labelled_conversations_is_wrong(
    encoder: SpeakerEncoder,
) -> None:
    error = total(
        diarization_error(each.turns, estimated(each.samples, encoder)[0], len(each.samples))
        for each in labelled()
    )
    assert error.rate <= 0.2


@needs_corpus
@pytest.mark.parametrize("name", ["diarizationExample.wav", "sample.wav"])
def test_words_of_labelled_conversations_have_the_right_speaker(name: str) -> None:
    (conversation,) = (each for each in labelled() if each.name.endswith(f"__{name}"))
    words = words_of(conversation)
    assert len(words) > 60
    assert words_right(words, conversation.turns) >= 0.9 * len(words)


def test_the_error_rate_counts_missed_time_false_time_and_confusion() -> None:
    second = 16_000
    labels = [(Span(0, 10 * second), "a"), (Span(10 * second, 20 * second), "b")]

    def error(*turns: tuple[int, int, int]) -> float:
        found = [SpeakerTurn(Span(a * second, b * second), who, None) for a, b, who in turns]
        return diarization_error(labels, found, 30 * second).rate

    counted = 19.0  # a quarter of a second on each side of three edges, two of which are one
    assert error((0, 10, 1), (10, 20, 0)) == 0
    assert error((0, 10, 1)) == pytest.approx(9.5 / counted, abs=0.01)
    assert error((0, 20, 0)) == pytest.approx(9.5 / counted, abs=0.01)
    assert error((0, 10, 1), (10, 20, 0), (20, 25, 0)) == pytest.approx(4.75 / counted, abs=0.01)
