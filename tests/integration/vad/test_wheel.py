"""Weights, scores and segments equal those of the silero-vad wheel, which runs in PyTorch."""

from itertools import pairwise
from typing import Any

import numpy as np
import silero_vad
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stenoflow.vad import silero
from stenoflow.vad.detector import BLOCK, speech_scores
from stenoflow.vad.options import VadOptions
from stenoflow.vad.scores import WINDOW
from stenoflow.vad.segments import speech_segments
from tests.support.signals import KINDS, make_signal
from tests.support.silero_wheel import SETTINGS, TOLERANCE, Replay, stock_scores, stock_segments

# Lengths about the edges of windows and of blocks, where framing and padding may go wrong.
LENGTHS = st.one_of(
    st.sampled_from([0, 1, 63, 64, 65, 511, 512, 513, 575, 576, 577, BLOCK - 1, BLOCK, BLOCK + 1]),
    st.integers(0, 3 * BLOCK),
)


def test_the_weights_are_those_of_the_wheels_torchscript() -> None:
    stock: Any = silero_vad.load_silero_vad()
    theirs = {
        name.removeprefix("_model."): weight.numpy()
        for name, weight in stock.state_dict().items()
        if name.startswith("_model.")
    }
    ours = silero.wheel_weights()
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        np.testing.assert_array_equal(weight, theirs[name])


def on_the_edge(scores: NDArray[np.float32], chosen: VadOptions) -> bool:
    """Return True if a difference within the tolerance may rightly change a decision."""
    lower = chosen.neg_threshold or max(chosen.threshold - 0.15, 0.01)
    return any(bool(np.any(abs(scores - x) < TOLERANCE)) for x in (chosen.threshold, lower))


@given(kind=st.sampled_from(KINDS), length=LENGTHS, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_scores_and_segments_of_any_signal_are_the_wheels(
    kind: str, length: int, seed: int
) -> None:
    samples = make_signal(kind, length, seed)
    ours, theirs = speech_scores(samples, adapts=False), stock_scores(samples)
    assert len(ours) == -(-length // WINDOW)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)
    for chosen in SETTINGS:
        if not on_the_edge(theirs, chosen):
            expected = stock_segments(samples, chosen, Replay(theirs))
            assert speech_segments(ours, length, chosen) == expected


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
