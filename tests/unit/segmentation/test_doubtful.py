"""Words that score too low are sent, noise that scores too high is not, and what is neither is reported."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stenoflow.audio.analysis import AnalyzedChannel
from stenoflow.audio.options import QualityOptions
from stenoflow.audio.quality import QualityMeter
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.segmentation.planner import plan_channels
from stenoflow.times import Span, to_samples
from stenoflow.vad.options import VadOptions
from stenoflow.vad.scores import WINDOW

SECONDS = 14
NOISE_DBFS = -60.0

Sound = tuple[int, int, float, float]
"""First and last window, their speech score, and their level in dBFS."""

BEFORE: Sound = (60, 110, 0.95, -25.0)
AFTER: Sound = (300, 360, 0.95, -25.0)


@pytest.fixture
def plan(tmp_path: Path) -> "Planning":
    return Planning(tmp_path)


class Planning:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *sounds: Sound, noise_dbfs: float = NOISE_DBFS) -> SegmentationPlan:
        samples = to_samples(SECONDS)
        scores = np.full(-(-samples // WINDOW), 0.02, np.float32)
        levels = np.full(len(scores), noise_dbfs)
        for first, last, score, dbfs in sounds:
            scores[first:last], levels[first:last] = score, dbfs
        pcm = _noise(levels)[:samples]
        (path := self._folder / "pcm").write_bytes(pcm.tobytes())
        meter = QualityMeter()
        meter.feed(pcm)
        quality = meter.finish(scores, QualityOptions())
        channel = AnalyzedChannel(0, path, samples, scores, quality, gain=1.0)
        [made] = plan_channels(
            [channel], VadOptions(), SegmentationOptions(), max_request_bytes=None
        )
        return made


def _noise(levels: NDArray[np.float64]) -> NDArray[np.int16]:
    """White noise with a level in dBFS for each window."""
    white = np.random.default_rng(11).normal(size=(len(levels), WINDOW))
    return np.rint(white * (32768 * 10 ** (levels / 20))[:, None]).astype(np.int16).ravel()


def windows(first: int, last: int) -> Span:
    return Span(first * WINDOW, last * WINDOW)


def sent(made: SegmentationPlan, first: int, last: int) -> bool:
    return any(
        kept.start <= first * WINDOW and last * WINDOW <= kept.end
        for chunk in made.chunks
        for kept in chunk.timeline.kept
    )


@pytest.mark.parametrize("score", [0.36, 0.25])
def test_a_word_below_the_threshold_is_sent_if_it_is_as_loud_as_the_words_around_it(
    plan: Planning, score: float
) -> None:
    made = plan(BEFORE, (200, 210, score, -28.0), AFTER)
    assert made.speech == (windows(60, 110), windows(200, 210), windows(300, 360))
    assert sent(made, 200, 210)
    assert made.uncertain == ()


def test_a_word_at_the_head_or_tail_of_a_recording_is_sent_alike(plan: Planning) -> None:
    made = plan((0, 8, 0.36, -28.0), BEFORE, (425, 433, 0.36, -28.0))
    assert sent(made, 0, 8)
    assert sent(made, 425, 433)


def test_a_sound_that_scores_a_little_is_left_out_if_it_is_no_louder_than_the_noise(
    plan: Planning,
) -> None:
    made = plan(BEFORE, (200, 210, 0.36, NOISE_DBFS + 4), AFTER)
    assert made.speech == (windows(60, 110), windows(300, 360))
    assert not sent(made, 200, 210)
    assert made.uncertain == ()


def test_a_faint_sound_above_the_noise_is_reported(plan: Planning) -> None:
    made = plan(BEFORE, (200, 210, 0.36, -45.0), AFTER)
    assert not sent(made, 200, 210)
    assert made.uncertain == (windows(200, 210),)


def test_a_tenth_of_a_second_of_speech_in_steady_noise_is_not_sent(plan: Planning) -> None:
    made = plan((200, 204, 0.6, -28.0), noise_dbfs=-30.0)
    assert (made.speech, made.chunks) == ((), ())
    assert made.uncertain == (windows(200, 204),)


@pytest.mark.parametrize("sound", [(200, 204, 0.6, -20.0), (200, 204, 0.95, -30.0)])
def test_a_short_word_is_sent_if_it_stands_out_or_scores_high(plan: Planning, sound: Sound) -> None:
    made = plan(sound, noise_dbfs=-35.0)
    assert made.speech == (windows(200, 204),)


def test_a_short_sound_next_to_speech_is_sent(plan: Planning) -> None:
    made = plan((60, 110, 0.95, -25.0), (118, 122, 0.6, -34.0), noise_dbfs=-35.0)
    assert sent(made, 118, 122)


def test_what_is_sent_in_any_case_is_not_reported(plan: Planning) -> None:
    made = plan((10, 200, 0.95, -25.0), (206, 212, 0.36, -45.0), (218, 430, 0.95, -25.0))
    assert len(made.chunks[0].timeline.kept) == 1
    assert made.uncertain == ()


def test_uncertain_sounds_are_stored_only_where_there_are_any(plan: Planning) -> None:
    made = plan(BEFORE, (200, 210, 0.36, -45.0), AFTER)
    assert SegmentationPlan.model_validate_json(made.model_dump_json()) == made
    assert "uncertain" in made.model_dump_json()
    assert "uncertain" not in plan(BEFORE).model_dump_json()
