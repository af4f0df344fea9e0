"""What Whisper makes up goes, and is told; what somebody said stays."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.engines.whisper.hallucinations import LONGEST_PHRASE, REPETITIONS, judge
from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.times import Seconds
from stenoflow.transcript.model import Word

OPTIONS = WhisperOptions()


@dataclass(frozen=True)
class Scores:
    log_probability: float = -0.2
    compression_ratio: float = 1.2
    no_speech: float = 0.0


def words(text: str, confidence: float = 0.9) -> tuple[Word, ...]:
    return tuple(
        Word(each, Seconds(at), Seconds(at + 0.5), confidence)
        for at, each in enumerate(text.split())
    )


def text_of(found: tuple[Word, ...]) -> str:
    return " ".join(word.text for word in found)


def test_unsure_words_outside_of_speech_are_left_out() -> None:
    found = judge(words("Thanks for watching!", 0.2), Scores(no_speech=0.9), OPTIONS)
    assert found.words == ()
    assert found.warnings == ('Left out as made up outside of speech: "Thanks for watching!".',)


def test_sure_words_stay_however_speechless_the_segment_is_called() -> None:
    said = words("Thanks for watching!", 0.9)
    assert judge(said, Scores(no_speech=0.9), OPTIONS).words == said


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("so I went home " + "and then " * 9 + "he left", "so I went home and then he left"),
        ("you " * 30, "you"),
        ("I know, " * 5, "I know,"),
        ("no no no", "no no no"),
        ("one two three four five", "one two three four five"),
    ],
)
def test_of_a_loop_the_first_phrase_stays(said: str, kept: str) -> None:
    found = judge(words(said), Scores(), OPTIONS)
    assert text_of(found.words) == kept
    assert bool(found.warnings) == (text_of(words(said)) != kept)


def test_other_repetitive_text_is_kept_with_a_warning() -> None:
    said = words("we will see what we will see when we will see it")
    found = judge(said, Scores(compression_ratio=3.0), OPTIONS)
    assert found.words == said
    assert found.warnings[0].startswith("May be made up, as it repeats itself")


@given(
    before=st.lists(st.sampled_from("abc"), max_size=6),
    phrase=st.lists(st.sampled_from("defgh"), min_size=1, max_size=LONGEST_PHRASE, unique=True),
    times=st.integers(REPETITIONS, 40),
)
def test_a_loop_of_any_phrase_is_found(before: list[str], phrase: list[str], times: int) -> None:
    start = [each + str(at) for at, each in enumerate(before)]
    found = judge(words(" ".join(start + phrase * times)), Scores(), OPTIONS)
    assert text_of(found.words).split() == start + phrase


@given(st.lists(st.sampled_from("ab"), max_size=20))
def test_words_that_stay_keep_their_order_and_times(said: list[str]) -> None:
    given_words = words(" ".join(said))
    kept = judge(given_words, Scores(), OPTIONS).words
    assert list(kept) == [each for each in given_words if each in kept]
