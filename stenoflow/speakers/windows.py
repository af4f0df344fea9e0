"""Windows: the pieces of speech of which a speaker encoder makes vectors.

A window has the encoder's length. A segment shorter than a window is repeated to fill it.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stenoflow.audio.samples import read_samples
from stenoflow.errors import Stopped
from stenoflow.times import Span, to_samples

STEP = to_samples(0.25)
"""Samples from one window to the next."""

BATCH = 64
"""Windows that are embedded at once."""

FULL_SCALE = 2.0**15

LOUDNESS = 10 ** (-30 / 20)
"""RMS level that quieter windows are raised to, as the encoder was trained (Resemblyzer)."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window of speech, in samples of the recording."""

    span: Span
    """Samples for the encoder, repeated to fill a window."""
    segment: Span


def speech_windows(speech: Sequence[Span], length: int, *, most: int) -> list[Window]:
    """Return windows of ``length`` samples over all speech, in order.

    They are :data:`STEP` apart; farther where there would be more than ``most``, not counting that each
    segment has at least one.
    """
    total = sum(segment.samples for segment in speech)
    step = max(STEP, -(-total // most))
    windows: list[Window] = []
    for segment in speech:
        room = segment.samples - length
        if room <= 0:
            windows.append(Window(segment, segment))
            continue
        steps = -(-room // step)
        starts = [segment.start + round(at * room / steps) for at in range(steps + 1)]
        windows += [Window(Span(start, start + length), segment) for start in starts]
    return windows


def read_windows(
    pcm: Path, windows: Sequence[Window], length: int, *, stop: threading.Event | None
) -> Iterator[NDArray[np.float32]]:
    """Yield the samples of windows in batches, shape (windows, length), full scale 1.

    Windows quieter than :data:`LOUDNESS` are raised to it. ``pcm`` is a file of samples, see
    :mod:`stenoflow.audio.samples`. Raises Stopped once ``stop`` is set.
    """
    for first in range(0, len(windows), BATCH):
        if stop is not None and stop.is_set():
            raise Stopped("stopped while voices were measured")
        yield np.stack(
            [_samples(pcm, each.span, length) for each in windows[first : first + BATCH]]
        )


def _samples(pcm: Path, span: Span, length: int) -> NDArray[np.float32]:
    samples = read_samples(pcm, span) / np.float32(FULL_SCALE)
    samples = np.tile(samples, -(-length // max(len(samples), 1)))[:length]
    rms = float(np.sqrt(np.mean(samples**2)))
    return samples * np.float32(max(1.0, LOUDNESS / rms)) if rms else samples
