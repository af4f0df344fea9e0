"""Speech detection gives the wheel's own scores and segments, for any signal in blocks of any size."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stenoflow.vad.detector import BLOCK, SpeechDetector, speech_scores
from stenoflow.vad.options import VadOptions
from stenoflow.vad.scores import WINDOW
from stenoflow.vad.segments import speech_segments
from tests.support.silero_wheel import (
    SETTINGS,
    TOLERANCE,
    Replay,
    stock_scores,
    stock_segments,
)

# Lengths about the edges of windows and of blocks, where framing and padding may go wrong.
LENGTHS = st.one_of(
    st.sampled_from([0, 1, 63, 64, 65, 511, 512, 513, 575, 576, 577, BLOCK - 1, BLOCK, BLOCK + 1]),
    st.integers(0, 3 * BLOCK),
)
KINDS = ("silence", "constant", "impulses", "noise", "clipped", "square", "faint")


def made(kind: str, length: int, seed: int) -> NDArray[np.int16]:
    """A signal without speech, of the sort on which an audio front end trips."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(length) / 16_000
    match kind:
        case "silence":
            signal = np.zeros(length)
        case "constant":
            signal = np.full(length, generator.integers(-32768, 32768))
        case "impulses":
            signal = np.where(generator.random(length) < 0.001, 32767, 0)
        case "noise":
            signal = generator.normal(0, 3000, length)
        case "clipped":
            signal = generator.normal(0, 60000, length)
        case "square":
            signal = 32767 * np.sign(np.sin(2 * np.pi * 140 * time_s) * np.sin(5 * time_s))
        case _:
            signal = generator.integers(-1, 2, length)
    return signal.clip(-32768, 32767).astype(np.int16)


def on_the_edge(scores: NDArray[np.float32], chosen: VadOptions) -> bool:
    """Return True if a difference within the tolerance may rightly change a decision."""
    lower = chosen.neg_threshold or max(chosen.threshold - 0.15, 0.01)
    return any(bool(np.any(abs(scores - x) < TOLERANCE)) for x in (chosen.threshold, lower))


@given(kind=st.sampled_from(KINDS), length=LENGTHS, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_scores_and_segments_of_any_signal_are_the_wheels(
    kind: str, length: int, seed: int
) -> None:
    samples = made(kind, length, seed)
    ours, theirs = speech_scores(samples), stock_scores(samples)
    assert len(ours) == -(-length // WINDOW)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)
    for chosen in SETTINGS:
        if not on_the_edge(theirs, chosen):
            expected = stock_segments(samples, chosen, Replay(theirs))
            assert speech_segments(ours, length, chosen) == expected


@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(0, 70_000), min_size=1, max_size=12),
)
@settings(max_examples=25, deadline=None)
def test_the_size_of_the_blocks_does_not_matter(kind: str, seed: int, sizes: list[int]) -> None:
    samples = made(kind, sum(sizes), seed)
    detector = SpeechDetector()
    scores = [
        detector.feed(samples[end - size : end])
        for end, size in zip(np.cumsum(sizes), sizes, strict=True)
    ]
    in_all = np.concatenate([*scores, detector.finish()])
    np.testing.assert_array_equal(in_all, speech_scores(samples))


def test_recordings_in_several_threads_do_not_influence_each_other() -> None:
    signals = [made(kind, 4 * BLOCK, seed=1) for kind in KINDS]
    alone = [speech_scores(signal) for signal in signals]
    with ThreadPoolExecutor(len(signals)) as threads:
        together = list(threads.map(speech_scores, signals))
    for expected, found in zip(alone, together, strict=True):
        np.testing.assert_array_equal(found, expected)


CHOICES = st.builds(
    VadOptions,
    threshold=st.floats(0.05, 0.95),
    neg_threshold=st.none() | st.floats(0.01, 0.95),
    min_speech_ms=st.integers(0, 1500),
    max_speech_s=st.none() | st.floats(0.01, 10),
    min_silence_ms=st.integers(0, 3000),
    speech_pad_ms=st.integers(0, 800),
)


@given(
    chosen=CHOICES,
    runs=st.lists(st.tuples(st.floats(0, 1, width=32), st.integers(1, 60)), max_size=30),
    short=st.integers(0, WINDOW - 1),
)
@settings(max_examples=200, deadline=None)
def test_segments_are_the_wheels_for_all_settings(
    chosen: VadOptions, runs: list[tuple[float, int]], short: int
) -> None:
    scores = np.repeat(
        np.array([value for value, _ in runs], np.float32), [count for _, count in runs]
    )
    samples = np.zeros(max(0, len(scores) * WINDOW - short), np.int16)
    found = speech_segments(scores, len(samples), chosen)
    assert found == stock_segments(samples, chosen, Replay(scores))
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(span.end <= len(samples) for span in found)


@pytest.mark.parametrize(
    ("work", "never"),
    [
        (
            "import stenoflow.vad, stenoflow.vad.detector, stenoflow.audio.analysis",
            {"onnxruntime", "onnx", "scipy", "torch"},
        ),
        (
            "import numpy; from stenoflow.vad.options import VadOptions;"
            "from stenoflow.vad import *;"
            "scores = speech_scores(numpy.zeros(99_999, numpy.int16));"
            "speech_segments(scores, 99_999, VadOptions())",
            {"torch", "silero_vad"},
        ),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(work: str, never: set[str]) -> None:
    imported = f"{work}\nimport sys; print(sorted({never!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", imported], stdout=subprocess.PIPE, check=True)
    assert result.stdout.decode().strip() == "[]"
