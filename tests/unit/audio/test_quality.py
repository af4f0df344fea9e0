"""Quality: every figure beside its formula computed the plain way, and the sentences that follow."""

import json
import math
import statistics
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stenoflow.audio.analysis import analyze
from stenoflow.audio.options import AnalysisOptions, QualityOptions
from stenoflow.audio.quality import CLIPPED_FROM, Quality, QualityMeter
from stenoflow.vad.detector import speech_scores
from stenoflow.vad.scores import WINDOW
from tests.support.corpus import ROOT

ROUNDED_DB = 0.006
"""Levels are kept in hundredths of a dB."""

LENIENT = QualityOptions(
    low_snr_db=-20, clipping_ratio=1, silence_ratio=1, silence_dbfs=-120, quiet_dbfs=-120
)
"""Nothing is worth a warning."""


def measured(
    samples: NDArray[np.int16],
    scores: NDArray[np.float32] | None = None,
    thresholds: QualityOptions | None = None,
) -> Quality:
    """Everything speech, unless added otherwise."""
    meter = QualityMeter()
    meter.feed(samples)
    windows = -(-len(samples) // WINDOW)
    scores = np.ones(windows, np.float32) if scores is None else scores
    return meter.finish(scores, thresholds or QualityOptions())


def tone(rms_dbfs: float, windows: int) -> NDArray[np.int16]:
    """A square wave, whose RMS level is its peak level."""
    amplitude = round(32767 * 10 ** (rms_dbfs / 20))
    return np.resize(np.array([amplitude, -amplitude], np.int16), windows * WINDOW)


def plain_dbfs(values: list[int]) -> float | None:
    power = statistics.pvariance(values)
    return 10 * math.log10(power / 32768**2) if power else None


def split(samples: list[int]) -> list[list[int]]:
    return [samples[start : start + WINDOW] for start in range(0, len(samples), WINDOW)]


@st.composite
def recordings(draw: st.DrawFn) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Windows of noise of any loudness, the last one of any length, with any scores."""
    loudness = draw(st.lists(st.sampled_from([0, 1, 30, 1000, 9000, 40000]), max_size=40))
    short = draw(st.integers(0, WINDOW - 1)) if loudness else 0
    noise = np.random.default_rng(draw(st.integers(0, 99))).normal(size=(len(loudness), WINDOW))
    samples = (noise * np.array(loudness)[:, np.newaxis]).clip(-32768, 32767).astype(np.int16)
    scores = draw(
        st.lists(
            st.sampled_from([0.0, 0.05, 0.3, 0.5, 0.9]),
            min_size=len(loudness),
            max_size=len(loudness),
        )
    )
    return samples.ravel()[: samples.size - short], np.array(scores, np.float32)


@given(recordings())
@settings(deadline=None)
def test_levels_and_shares_are_those_of_their_formulas(
    recording: tuple[NDArray[np.int16], NDArray[np.float32]],
) -> None:
    samples, scores = recording
    found, values = measured(samples, scores), samples.tolist()
    if not values:
        assert (found.rms_dbfs, found.peak_dbfs) == (None, None)
        assert (found.clipping_ratio, found.silence_ratio) == (0, 1)
        return
    assert found.rms_dbfs == pytest.approx(plain_dbfs(values))
    peak = max(abs(value) for value in values)
    assert found.peak_dbfs == pytest.approx(20 * math.log10(peak / 32768) if peak else None)
    clipped = sum(abs(value) >= CLIPPED_FROM for value in values)
    assert found.clipping_ratio == pytest.approx(clipped / len(values))
    levels = [plain_dbfs(window) for window in split(values)]
    silent = sum(level is None or level < -50 for level in levels)
    assert found.silence_ratio == pytest.approx(silent / len(levels))


@given(recordings())
@settings(deadline=None)
def test_speech_level_and_snr_are_those_of_their_formulas(
    recording: tuple[NDArray[np.int16], NDArray[np.float32]],
) -> None:
    samples, scores = recording
    found = measured(samples, scores)
    powers = [statistics.pvariance(window) for window in split(samples.tolist())]
    windows = list(zip(powers, scores.tolist(), strict=True))
    speaking = [power for power, score in windows if score >= 0.5]
    pausing = [power for power, score in windows if score < 0.1]
    if len(speaking) < 8 or not any(speaking):
        assert (found.speech_dbfs, found.snr_db) == (None, None)
        return
    if len(pausing) < 16:
        pausing = sorted(powers)[: max(1, len(powers) // 10)]
    speech = statistics.fmean(speaking)
    noise = max(statistics.median(pausing), 1 / 12)
    snr_db = 10 * math.log10(max((speech - noise) / noise, 0.01))
    assert found.speech_dbfs == pytest.approx(10 * math.log10(speech / 32768**2), abs=ROUNDED_DB)
    # Where speech hardly stands out, a hundredth of a dB of either is much of their difference.
    assert found.snr_db == pytest.approx(snr_db, abs=0.03 if snr_db > 0 else 2)


@given(recordings(), st.lists(st.integers(0, 3000), max_size=8))
@settings(deadline=None)
def test_the_size_of_the_blocks_does_not_matter(
    recording: tuple[NDArray[np.int16], NDArray[np.float32]], cuts: list[int]
) -> None:
    samples, scores = recording
    meter, fed, added = QualityMeter(), 0, 0
    for block in np.split(samples, sorted(min(cut, len(samples)) for cut in cuts)):
        meter.feed(block)
        fed += len(block)
        meter.add_speech_scores(scores[added : fed // WINDOW])
        added = fed // WINDOW
    in_blocks, at_once = (
        asdict(each)
        for each in (
            meter.finish(scores[added:], QualityOptions()),
            measured(samples, scores),
        )
    )
    # A sum of doubles depends on their order in its last digits.
    assert in_blocks.pop("rms_dbfs") == pytest.approx(at_once.pop("rms_dbfs"))
    assert in_blocks == at_once


@given(recordings())
@settings(deadline=None)
def test_every_measure_can_be_written_as_json(
    recording: tuple[NDArray[np.int16], NDArray[np.float32]],
) -> None:
    found = measured(*recording)
    assert json.loads(json.dumps(asdict(found), allow_nan=False))["level"] == found.level
    assert 0 <= found.score <= 1


def test_full_scale_is_0_dbfs_for_a_square_wave_and_3_less_for_a_sine() -> None:
    square = np.resize(np.array([-32768, 32767], np.int16), 16_000)
    sine = 32767 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert measured(square).rms_dbfs == pytest.approx(0, abs=0.001)
    assert measured(sine.astype(np.int16)).rms_dbfs == pytest.approx(-3.01, abs=0.005)


def sample_speech(tmp_path: Path) -> NDArray[np.int16]:
    analysis = analyze(
        ROOT / "deployments" / "samples" / "interview.mp3", AnalysisOptions(), tmp_path
    )
    return np.fromfile(analysis.channels[0].pcm, np.int16)


@pytest.mark.parametrize("snr_db", [5, 10, 20, 30])
def test_white_noise_added_to_clean_speech_reads_within_1_db(tmp_path: Path, snr_db: int) -> None:
    clean = sample_speech(tmp_path)
    speech_power = 32768**2 * 10 ** ((measured_speech(clean).speech_dbfs or 0) / 10)
    noise_power = speech_power / 10 ** (snr_db / 10)
    noise = np.random.default_rng(0).normal(0, noise_power**0.5, len(clean))
    noisy = (clean + noise).clip(-32768, 32767).astype(np.int16)
    assert measured_speech(noisy).snr_db == pytest.approx(snr_db, abs=1)


def measured_speech(samples: NDArray[np.int16]) -> Quality:
    return measured(samples, speech_scores(samples))


def speech_then_pause(speech_dbfs: float, noise_dbfs: float) -> Quality:
    samples = np.concatenate([tone(speech_dbfs, 40), tone(noise_dbfs, 40)])
    return measured(samples, np.repeat(np.array([0.9, 0.0], np.float32), 40))


def test_the_score_is_clarity_times_loudness_times_integrity() -> None:
    # 15 dB of the 30 between no loudness and full: half.
    found = speech_then_pause(-45, -60)
    snr_db = 10 * math.log10(10**1.5 - 1)
    assert found.snr_db == pytest.approx(snr_db, abs=0.1)
    assert found.score == pytest.approx(snr_db / 30 / 2, abs=0.005)
    # Half of the worst clipping, a hundredth of all samples, halves the score.
    clean = np.concatenate([tone(-20, 160), tone(-70, 40)])
    scores = np.repeat(np.array([0.9, 0.0], np.float32), [160, 40])
    clipped = clean.copy()
    clipped[: round(0.005 * len(clean))] = 32767
    assert measured(clean, scores).score == 1
    assert measured(clipped, scores).score == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize(
    ("noise_dbfs", "level"),
    [(-60, "excellent"), (-44, "good"), (-36, "fair"), (-30, "poor"), (-22, "poor")],
)
def test_the_level_follows_the_score_by_the_profiles_steps(noise_dbfs: float, level: str) -> None:
    found, steps = speech_then_pause(-20, noise_dbfs), QualityOptions()
    assert found.level == level
    assert (found.score >= steps.excellent_score) == (level == "excellent")
    assert (found.score >= steps.good_score) == (level in ("excellent", "good"))
    assert (found.score >= steps.fair_score) == (level != "poor")


@pytest.mark.parametrize("offset", [-9000, 40, 9000])
def test_a_dc_offset_is_not_noise(offset: int) -> None:
    plain, shifted = (
        measured(
            np.concatenate([tone(-30, 40), tone(-60, 40)]) + np.int16(each),
            np.repeat(np.array([0.9, 0.0], np.float32), 40),
        )
        for each in (0, offset)
    )
    assert shifted.snr_db == pytest.approx(plain.snr_db, abs=0.01)
    assert shifted.rms_dbfs == pytest.approx(plain.rms_dbfs, abs=0.01)
    assert shifted.warnings == plain.warnings


def test_more_noise_never_reads_better() -> None:
    found = [speech_then_pause(-20, noise_dbfs) for noise_dbfs in range(-90, -20, 5)]
    for clearer, noisier in pairwise(found):
        assert (clearer.score, clearer.snr_db) >= (noisier.score, noisier.snr_db)


def test_a_good_recording_gets_no_warning() -> None:
    assert speech_then_pause(-20, -65).warnings == ()


@pytest.mark.parametrize(
    ("thresholds", "sentence"),
    [
        (
            {"low_snr_db": 15},
            "The speech hardly stands out from the noise (SNR 10 dB): expect wrong words.",
        ),
        ({"quiet_dbfs": -25}, "The speech is very quiet (-30 dBFS): expect missing words."),
        (
            {"clipping_ratio": 0.2},
            "The recording is too loud for its format: 25.0% of it is clipped.",
        ),
        ({"silence_ratio": 0.2, "silence_dbfs": -50}, "25% of the recording is silence."),
    ],
)
def test_each_threshold_has_its_own_sentence(thresholds: dict[str, Any], sentence: str) -> None:
    # A quarter each: speech, noise, silence, and what is clipped but no speech.
    samples = np.concatenate([tone(-30, 40), tone(-40, 40), tone(-60, 40), tone(0, 40)])
    scores = np.repeat(np.array([0.9, 0.0, 0.3, 0.3], np.float32), 40)
    assert measured(samples, scores, LENIENT).warnings == ()
    strict = LENIENT.model_copy(update=thresholds)
    assert measured(samples, scores, strict).warnings == (sentence,)


def test_warnings_come_worst_first() -> None:
    thresholds = QualityOptions(low_snr_db=80, quiet_dbfs=0, silence_ratio=0)
    found = measured(
        np.concatenate([tone(-30, 40), tone(-60, 40)]),
        np.repeat(np.array([0.9, 0.0], np.float32), 40),
        thresholds,
    )
    assert [each.split(" ")[:4] for each in found.warnings] == [
        ["The", "speech", "hardly", "stands"],
        ["The", "speech", "is", "very"],
        ["50%", "of", "the", "recording"],
    ]


@pytest.mark.parametrize("samples", [np.zeros(0, np.int16), np.zeros(16_000, np.int16)])
def test_without_speech_the_score_is_0_with_that_reason(samples: NDArray[np.int16]) -> None:
    found = measured(samples, np.zeros(-(-len(samples) // WINDOW), np.float32))
    assert (found.score, found.level, found.snr_db, found.speech_dbfs) == (0, "poor", None, None)
    assert found.warnings == ("No speech was detected.", "100% of the recording is silence.")
