"""Which speakers are people whose voices are known."""

import math

import numpy as np
import pytest

from stenoflow.speakers.clustering import Calibration, Calibrations
from stenoflow.speakers.matching import LEAST_SPEECH_S, match_voices
from stenoflow.speakers.voice_store import KnownVoice
from stenoflow.speakers.voiceprint import Voiceprint
from stenoflow.times import Seconds

CALIBRATIONS = Calibrations(
    wide=Calibration(0.3, None, 1, known=0.8), narrow=Calibration(0.3, None, 1, known=0.9)
)


def voice(degrees: float, *, speech_s: float = 10, narrow: float | None = None) -> Voiceprint:
    """A voice in the direction of an angle; with ``narrow``, one over a telephone."""
    at = math.radians(degrees if narrow is None else narrow)
    vector = np.array([math.cos(at), math.sin(at)], np.float32)
    return Voiceprint(Seconds(speech_s), vector if narrow is None else None, vector)


def known(name: str, found: Voiceprint) -> KnownVoice:
    return KnownVoice(name, "pitch", 1, found)


def names(speakers: dict[int, Voiceprint], *voices: KnownVoice) -> dict[int, str]:
    found = match_voices(speakers, voices, CALIBRATIONS)
    return {speaker: match.name for speaker, match in found.items()}


def test_a_voice_that_is_close_enough_is_that_person() -> None:
    limit = math.degrees(math.acos(0.8))
    ada = known("Ada", voice(0))
    assert names({0: voice(limit - 1), 1: voice(-170)}, ada) == {0: "Ada"}
    assert names({0: voice(limit + 1)}, ada) == {}


def test_the_similarity_is_returned() -> None:
    (match,) = match_voices({0: voice(10)}, [known("Ada", voice(0))], CALIBRATIONS).values()
    assert match.closeness == pytest.approx(math.cos(math.radians(10)), abs=1e-4)


def test_over_a_telephone_voices_must_be_closer() -> None:
    limit = math.degrees(math.acos(0.8)) - 1
    ada = known("Ada", voice(0))
    assert names({0: voice(0, narrow=limit)}, ada) == {}
    assert names({0: voice(0, narrow=20)}, ada) == {0: "Ada"}
    assert names({0: voice(20)}, known("Ada", voice(0, narrow=0))) == {0: "Ada"}


def test_a_person_is_one_speaker_of_a_channel_at_most() -> None:
    assert names({0: voice(20), 1: voice(5)}, known("Ada", voice(0))) == {1: "Ada"}


def test_those_who_can_all_be_named_are() -> None:
    # Each alone is closest to Ada; but one of them may be Bob.
    ada, bob = known("Ada", voice(0)), known("Bob", voice(40))
    assert names({0: voice(-5), 1: voice(10)}, ada, bob) == {0: "Ada", 1: "Bob"}


def test_who_hardly_speaks_has_no_name() -> None:
    ada = known("Ada", voice(0))
    assert names({0: voice(0, speech_s=LEAST_SPEECH_S - 0.1)}, ada) == {}
    assert names({0: voice(0, speech_s=LEAST_SPEECH_S)}, ada) == {0: "Ada"}


def test_without_speakers_or_voices_no_name_is_given() -> None:
    assert names({}, known("Ada", voice(0))) == {}
    assert names({0: voice(0)}) == {}
