"""Speech scores: the probability of speech in each window of a channel.

An hour of them takes 450 kB. So that memory does not grow with a recording they are in a file beside its
samples, and are read in slices; a few of them may be a NumPy array: both are :class:`SpeechScores`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

WINDOW = 512
"""Samples that one speech score covers: 32 ms."""

READ_AT_ONCE = 2**15
"""Windows, 17 minutes: 128 kB."""


class SpeechScores(Protocol):
    """One score for each window, in the order of the windows; float32, from 0 to 1."""

    def __len__(self) -> int: ...

    def __getitem__(self, windows: slice, /) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class StoredScores:
    """Speech scores in a file: float32 one after the other, without header."""

    path: Path

    def __len__(self) -> int:
        return self.path.stat().st_size // np.dtype(np.float32).itemsize

    def __getitem__(self, windows: slice, /) -> NDArray[np.float32]:
        start, stop, step = windows.indices(len(self))
        if step != 1:
            raise ValueError("windows are read one after the other")
        offset = start * np.dtype(np.float32).itemsize
        return np.fromfile(self.path, np.float32, max(0, stop - start), offset=offset)


def iterate_scores(
    speech_scores: SpeechScores, read_at_once: int = READ_AT_ONCE
) -> Iterator[float]:
    """Yield each score, with at most ``read_at_once`` in memory."""
    for start in range(0, len(speech_scores), read_at_once):
        # A memory view makes each float only when it is needed.
        yield from speech_scores[start : start + read_at_once].data
