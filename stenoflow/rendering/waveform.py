"""The waveform of a recording, small enough to be drawn."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stenoflow.audio.samples import read_samples
from stenoflow.times import Seconds, Span, to_seconds

BUCKETS = 1600
"""Peaks in a waveform: more than a wide screen shows."""

BLOCK_SAMPLES = 2**20
"""Samples that are read at once."""

_FULL_SCALE = 32768


@dataclass(frozen=True, slots=True)
class Waveform:
    """The loudest sample in each of a number of equal intervals of a recording."""

    peaks: tuple[float, ...]
    """0 (silence) to 1 (full scale)."""
    duration_s: Seconds


def compute_waveform(
    path: Path, *, samples: int, buckets: int = BUCKETS, block_samples: int = BLOCK_SAMPLES
) -> Waveform:
    """Return the waveform of a file of samples (see :mod:`stenoflow.audio.samples`).

    The file is read once, in blocks of ``block_samples``. Raises ValueError if it holds fewer than
    ``samples`` samples.
    """
    buckets = min(buckets, samples)
    if buckets == 0:
        return Waveform((), Seconds(0.0))
    edges = samples * np.arange(buckets + 1) // buckets
    peaks = np.zeros(buckets, np.float64)
    for begin in range(0, samples, block_samples):
        end = min(begin + block_samples, samples)
        block = np.abs(read_samples(path, Span(begin, end)))
        first, last = np.searchsorted(edges, [begin, end - 1], side="right") - 1
        here = peaks[first : last + 1]
        starts = np.maximum(edges[first : last + 1] - begin, 0)
        np.maximum(here, np.maximum.reduceat(block, starts), out=here)
    heights = (peaks / _FULL_SCALE).clip(max=1).round(4)
    return Waveform(tuple(heights.tolist()), to_seconds(samples))
