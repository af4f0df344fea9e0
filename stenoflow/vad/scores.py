"""How probable it is that somebody speaks, one number for each window of a channel.

An hour of them takes 450 kB. So that memory does not grow with a recording they lie in a file beside its
sound, and are read in slices; where they are few, a NumPy array will do: both are :class:`SpeechScores`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

READ_AT_ONCE = 2**15
"""Windows, 17 minutes: 128 kB."""


class SpeechScores(Protocol):
    """One number a window, in the order of the windows; float32."""

    def __len__(self) -> int: ...

    def __getitem__(self, windows: slice, /) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class StoredScores:
    """Those in a file: float32 one after the other, without header."""

    path: Path

    def __len__(self) -> int:
        return self.path.stat().st_size // np.dtype(np.float32).itemsize

    def __getitem__(self, windows: slice, /) -> NDArray[np.float32]:
        start, stop, step = windows.indices(len(self))
        if step != 1:
            raise ValueError("windows are read one after the other")
        offset = start * np.dtype(np.float32).itemsize
        return np.fromfile(self.path, np.float32, max(0, stop - start), offset=offset)


def iterate_scores(probabilities: SpeechScores) -> Iterator[float]:
    """Each of them, with few in memory at a time."""
    for start in range(0, len(probabilities), READ_AT_ONCE):
        # Of a memory view each float is made when it is its turn.
        yield from probabilities[start : start + READ_AT_ONCE].data
