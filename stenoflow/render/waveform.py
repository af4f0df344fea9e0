"""The shape of a recording's sound, small enough to be drawn."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stenoflow.times import SAMPLE_RATE, Seconds

BUCKETS = 1600
"""Bars in a waveform: more than a wide screen shows."""

_BLOCK_SAMPLES = 2**20
_FULL_SCALE = 32768


@dataclass(frozen=True, slots=True)
class Waveform:
    """The loudest sample in each of a number of equal stretches of a recording."""

    peaks: tuple[float, ...]
    """0 (silence) to 1 (full scale), over all channels."""
    duration_s: Seconds


def waveform(
    path: Path, *, samples: int, channels: int = 1, buckets: int = BUCKETS, offset: int = 0
) -> Waveform:
    """The waveform of a file of 16-bit little-endian PCM at 16 kHz, channels interleaved.

    ``samples`` are those of one channel; ``offset`` is where the samples begin in the file, in bytes.
    Reads the file once, in blocks. Raises ValueError where the file is shorter than said.
    """
    buckets = min(buckets, samples)
    if buckets == 0:
        return Waveform((), Seconds(0.0))
    edges = samples * np.arange(buckets + 1) // buckets
    peaks = np.zeros(buckets, np.int32)
    at_once = _BLOCK_SAMPLES // channels
    with path.open("rb") as file:
        file.seek(offset)
        for begin in range(0, samples, at_once):
            end = min(begin + at_once, samples)
            block = np.fromfile(file, dtype="<i2", count=(end - begin) * channels)
            if len(block) < (end - begin) * channels:
                raise ValueError(f"{path.name} holds fewer than {samples} samples a channel")
            first, last = np.searchsorted(edges, [begin, end - 1], side="right") - 1
            here = peaks[first : last + 1]
            cuts = np.maximum(edges[first : last + 1] - begin, 0) * channels
            np.maximum(here, np.maximum.reduceat(block, cuts), out=here)
            np.maximum(here, -np.minimum.reduceat(block, cuts).astype(np.int32), out=here)
    drawn = (peaks / _FULL_SCALE).round(4)
    return Waveform(tuple(drawn.tolist()), Seconds(samples / SAMPLE_RATE))
