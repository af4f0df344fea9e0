"""Words that an engine gives twice are told of, and words that people repeat are not."""

import pytest

from stenoflow.times import Seconds
from stenoflow.transcript.model import Transcript, Utterance, Word
from stenoflow.transcript.repetitions import repetition_warnings


def transcript(*words: tuple[str, float, float], channel: int = 0) -> Transcript:
    found = tuple(
        Word(text, Seconds(start), Seconds(end), 0.9, None, channel) for text, start, end in words
    )
    return Transcript(found, (Utterance(0, len(found)),), duration_s=Seconds(999))


@pytest.mark.parametrize(
    "words",
    [
        [("and", 61, 61.2), ("and", 61, 61.2), ("the", 61.3, 61.5), ("the", 61.3, 61.5)],
        [("and", 61, 61.2), ("the", 61.3, 61.5), ("And", 61.1, 61.3), ("the,", 61.4, 61.6)],
        [("and", 61, 61.2), ("And,", 61.05, 61.2)],
    ],
)
def test_words_given_twice_for_one_time_are_found_with_their_time(
    words: list[tuple[str, float, float]],
) -> None:
    spoken = transcript(("so", 60, 60.5), *words, ("end", 62, 62.5))
    (warning,) = repetition_warnings(spoken)
    assert warning.startswith("The engine gives words twice for the same time:")
    assert '"and' in warning
    assert "1:01" in warning


@pytest.mark.parametrize(
    "words",
    [
        [("no", 1, 1.2), ("no", 1.3, 1.5), ("no", 1.6, 1.8)],
        [("and", 1, 1.2), ("then", 1.2, 1.4), ("and", 1.4, 1.6), ("then", 1.6, 1.8)],
        [("so", 1, 1), ("so", 1, 1)],
    ],
)
def test_words_that_people_repeat_are_not_found(words: list[tuple[str, float, float]]) -> None:
    assert repetition_warnings(transcript(*words)) == ()


def test_two_channels_may_say_the_same_at_once() -> None:
    one, other = transcript(("yes", 1, 1.5)), transcript(("yes", 1, 1.5), channel=1)
    both = Transcript(one.words + other.words, (Utterance(0, 1), Utterance(1, 2)))
    assert repetition_warnings(both) == ()


def test_of_many_only_the_first_are_named() -> None:
    words = [(f"word{at}", at, at + 0.5) for at in range(12) for _ in range(2)]
    assert repetition_warnings(transcript(*words))[0].endswith("and 7 more.")
