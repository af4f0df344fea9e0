"""Speech detection does not depend on the size of the blocks, on other threads, or on heavy imports."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stenoflow.vad.detector import BLOCK, SpeechDetector, speech_scores
from tests.support.signals import KINDS, make_signal


@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(0, 70_000), min_size=1, max_size=12),
)
@settings(max_examples=25, deadline=None)
def test_the_size_of_the_blocks_does_not_matter(kind: str, seed: int, sizes: list[int]) -> None:
    samples = make_signal(kind, sum(sizes), seed)
    detector = SpeechDetector()
    scores = [
        detector.feed(samples[end - size : end])
        for end, size in zip(np.cumsum(sizes), sizes, strict=True)
    ]
    in_all = np.concatenate([*scores, detector.finish()])
    np.testing.assert_array_equal(in_all, speech_scores(samples))


def test_recordings_in_several_threads_do_not_influence_each_other() -> None:
    signals = [make_signal(kind, 4 * BLOCK, seed=1) for kind in KINDS]
    alone = [speech_scores(signal) for signal in signals]
    with ThreadPoolExecutor(len(signals)) as threads:
        together = list(threads.map(speech_scores, signals))
    for expected, found in zip(alone, together, strict=True):
        np.testing.assert_array_equal(found, expected)


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
