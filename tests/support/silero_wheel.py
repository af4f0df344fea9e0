"""The scores and segments of the silero-vad wheel, which ours must equal."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import silero_vad
import torch
from numpy.typing import NDArray

from stenoflow.times import Span
from stenoflow.vad.options import VadOptions
from stenoflow.vad.scores import WINDOW

TOLERANCE = 1e-4

SETTINGS = [
    VadOptions(),
    VadOptions(threshold=0.35, min_silence_ms=500, speech_pad_ms=100),
    VadOptions(
        threshold=0.8, neg_threshold=0.6, min_speech_ms=0, min_silence_ms=0, speech_pad_ms=0
    ),
    VadOptions(max_speech_s=2.0),
    VadOptions(max_speech_s=1.0, min_silence_ms=2000, speech_pad_ms=200),
]
"""Settings that between them reach every way in which a segment may end."""


@cache
def stock() -> Any:
    return silero_vad.load_silero_vad()


def as_stock_input(samples: NDArray[np.int16]) -> torch.Tensor:
    return torch.from_numpy(samples.astype(np.float32) / 32768)


def stock_scores(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return the probabilities of the wheel's model, one call for each window."""
    if not len(samples):
        return np.zeros(0, np.float32)
    audio = torch.nn.functional.pad(as_stock_input(samples), (0, -len(samples) % WINDOW))
    with torch.no_grad():
        return stock().audio_forward(audio, 16_000)[0].numpy()


class Replay:
    """Stands in for the wheel's model where its answers are known already."""

    def __init__(self, probabilities: NDArray[np.float32]) -> None:
        self._left = iter(torch.from_numpy(probabilities))

    def reset_states(self) -> None:
        pass

    def __call__(self, window: torch.Tensor, rate: int) -> torch.Tensor:
        return next(self._left)


def stock_segments(
    samples: NDArray[np.int16], chosen: VadOptions, model: Callable[[torch.Tensor, int], Any]
) -> tuple[Span, ...]:
    longest_s = chosen.max_speech_s
    found = silero_vad.get_speech_timestamps(
        as_stock_input(samples),
        model,
        threshold=chosen.threshold,
        neg_threshold=chosen.neg_threshold,
        min_speech_duration_ms=chosen.min_speech_ms,
        max_speech_duration_s=float("inf") if longest_s is None else longest_s,
        min_silence_duration_ms=chosen.min_silence_ms,
        speech_pad_ms=chosen.speech_pad_ms,
    )
    return tuple(Span(segment["start"], segment["end"]) for segment in found)
