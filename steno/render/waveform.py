"""The shape of a recording's sound, small enough to be drawn."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from steno.times import SAMPLE_RATE, Seconds

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
    peaks: list[float] = []
    with path.open("rb") as file:
        file.seek(offset)
        done = 0
        for bucket in range(buckets):
            end = samples * (bucket + 1) // buckets
            peak = 0
            while done < end:
                count = min(end - done, _BLOCK_SAMPLES // channels)
                block = np.fromfile(file, dtype="<i2", count=count * channels)
                if len(block) < count * channels:
                    raise ValueError(f"{path.name} holds fewer than {samples} samples a channel")
                peak = max(peak, int(block.max()), -int(block.min()))
                done += count
            peaks.append(round(peak / _FULL_SCALE, 4))
    return Waveform(tuple(peaks), Seconds(samples / SAMPLE_RATE))
