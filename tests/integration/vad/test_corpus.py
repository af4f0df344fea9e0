"""Speech detection over every recording of the corpus equals the wheel's."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stenoflow.vad.detector import speech_scores
from stenoflow.vad.segments import speech_segments
from tests.support.corpus import needs_corpus, recordings
from tests.support.silero_wheel import (
    SETTINGS,
    TOLERANCE,
    Replay,
    stock_scores,
    stock_segments,
)


def decoded(path: Path) -> NDArray[np.int16]:
    command = ["ffmpeg", "-v", "quiet", "-nostdin", "-i", f"file:{path}", "-map", "0:a:0"]
    output = ["-ac", "1", "-ar", "16000", "-f", "s16le", "pipe:1"]
    ffmpeg = subprocess.run([*command, *output], stdout=subprocess.PIPE, check=False)
    return np.frombuffer(ffmpeg.stdout[: len(ffmpeg.stdout) // 2 * 2], np.int16)


def audible() -> list[Any]:
    """Every recording of the corpus that has audio in it."""
    return [
        pytest.param(entry["path"], id=entry["name"])
        for kind in ("speech", "conversation", "nonspeech", "vad", "containers")
        for entry in recordings(kind)
        if entry["seconds"]
    ]


@needs_corpus
@pytest.mark.parametrize("path", audible())
def test_scores_and_segments_of_a_recording_are_the_wheels(path: Path) -> None:
    samples = decoded(path)
    ours, theirs = speech_scores(samples, adapts=False), stock_scores(samples)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)
    for chosen in SETTINGS:
        expected = stock_segments(samples, chosen, Replay(theirs))
        assert speech_segments(ours, len(samples), chosen) == expected
