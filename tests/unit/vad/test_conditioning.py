"""The speech detector finds words under hum, rumble and an offset, and in faint recordings."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stenoflow.media.decoding import decode
from stenoflow.times import SAMPLE_RATE
from stenoflow.vad.conditioning import HISTORY, Conditioner
from stenoflow.vad.detector import BLOCK, SpeechDetector, speech_scores
from tests.support.corpus import ROOT

INTERVIEW = ROOT / "deployments" / "samples" / "interview.mp3"
THRESHOLD = 0.4

Samples = NDArray[np.float32]


@pytest.fixture(scope="module")
def speech() -> Samples:
    """Clean speech, 44 s, of which a third is pauses."""
    with decode(Path(INTERVIEW)) as decoding:
        return np.concatenate(list(decoding)).mean(axis=1)


def sine(hz: float, dbfs: float, samples: int) -> Samples:
    """A sine of this RMS level."""
    at = np.arange(samples) / SAMPLE_RATE
    return (2**0.5 * 32768 * 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * at)).astype(np.float32)


def assert_found(changed: Samples, speech: Samples, share: float = 0.95) -> None:
    """Check that nearly all speech is found, and little else."""
    wanted, found = (speech_scores(each) >= THRESHOLD for each in (speech, changed))
    assert np.count_nonzero(found & wanted) >= share * np.count_nonzero(wanted)
    assert np.count_nonzero(found & ~wanted) <= 0.05 * len(wanted)


@pytest.mark.parametrize("hz", [15, 25, 50, 60])
@pytest.mark.parametrize("dbfs", [-20, -12, -6])
def test_words_are_found_under_hum_and_rumble(speech: Samples, hz: float, dbfs: float) -> None:
    assert_found(speech + sine(hz, dbfs, len(speech)), speech)


@pytest.mark.parametrize("offset", [300, 3000, -12_000])
def test_words_are_found_over_an_offset(speech: Samples, offset: float) -> None:
    assert_found(speech + np.float32(offset), speech)


@pytest.mark.parametrize("change_db", [-55, -50, -40, -30, 6, 12, 24, 60, 90])
def test_words_are_found_at_any_loudness(speech: Samples, change_db: float) -> None:
    assert_found(speech * np.float32(10 ** (change_db / 20)), speech, share=0.93)


def test_a_pause_in_a_recording_of_usual_loudness_is_not_raised(speech: Samples) -> None:
    conditioner = Conditioner()
    before = np.zeros(HISTORY, np.float32)
    hiss = np.random.default_rng(0).normal(0, 20, BLOCK).astype(np.float32)
    assert conditioner.adapted(np.concatenate([before, np.resize(speech, BLOCK)])) is None
    assert conditioner.adapted(np.concatenate([before, hiss])) is None


def test_hiss_is_not_speech(speech: Samples) -> None:
    hiss = np.random.default_rng(0).normal(0, 20, 60 * SAMPLE_RATE).astype(np.float32)
    for noise in (hiss, hiss + sine(50, -10, len(hiss))):
        assert not (speech_scores(noise) >= THRESHOLD).any()


def test_no_speech_that_is_found_as_it_is_is_lost(speech: Samples) -> None:
    rumbling = speech + sine(40, -18, len(speech))
    assert (speech_scores(rumbling) >= speech_scores(rumbling, adapts=False)).all()


def test_a_copy_of_a_detector_goes_on_alike(speech: Samples) -> None:
    rumbling = speech + sine(40, -10, len(speech))
    detector = SpeechDetector()
    first = detector.feed(rumbling[: BLOCK + 999])
    copy = detector.copy()
    rest = [
        np.concatenate([first, each.feed(rumbling[BLOCK + 999 :]), each.finish()])
        for each in (copy, detector)
    ]
    np.testing.assert_array_equal(rest[0], rest[1])
    np.testing.assert_array_equal(rest[0], speech_scores(rumbling))
