"""Samples of a channel in a file: 16 bits each, with an exponent for each window where 16 bits are too few.

A file of samples is raw 16-bit little-endian PCM, mono, 16 kHz. What decoders give is floating-point
numbers on the scale of 16-bit integers, which may be beyond that scale or between its steps. Beside the
samples there is then a file of exponents, a signed byte ``k`` for each window of 512 samples: a sample is
its 16-bit number times ``2**-k``. Whole numbers that fit into 16 bits have the exponent 0; without such a
file, or past its end, all have. So recordings of 16 bits are stored exactly, and all others with 16
significant bits of the loudest sample in 32 ms, in half the disk that 32-bit numbers take.
"""

import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from stenoflow.times import Span
from stenoflow.vad.scores import WINDOW

SAMPLE_BYTES = 2
LARGEST = 2**15 - 1
MOST_SHIFTED = 100
"""Samples below ``2**-85`` of a step are silence."""
PROBED = 8 * WINDOW
"""Enough samples to notice that they are not whole numbers."""


def exponents_path(pcm: Path) -> Path:
    """Return the path of the file of exponents beside a file of samples."""
    return pcm.with_suffix(".exponents")


def read_samples(pcm: Path, span: Span) -> NDArray[np.float32]:
    """Return a span of a file of samples. Raises ValueError if the file ends before it does."""
    stored = _read_stored(pcm, span)
    exponents = _read_exponents(pcm, span)
    samples = stored.astype(np.float32)
    if exponents.any():
        scales = np.repeat(np.exp2(-exponents.astype(np.float32)), WINDOW)
        samples *= scales[span.start % WINDOW :][: len(samples)]
    return samples


def read_16_bits(pcm: Path, span: Span, gain: float = 1.0) -> NDArray[np.int16]:
    """Return a span of a file of samples times ``gain``, rounded and clipped to 16 bits.

    Raises ValueError if the file ends before the span does.
    """
    if gain == 1.0 and not _read_exponents(pcm, span).any():
        return _read_stored(pcm, span)
    samples = read_samples(pcm, span)
    samples *= np.float32(gain)
    limits = np.iinfo(np.int16)
    return np.clip(np.rint(samples), limits.min, limits.max).astype(np.int16)


def _read_stored(pcm: Path, span: Span) -> NDArray[np.int16]:
    stored = np.fromfile(pcm, np.dtype("<i2"), span.samples, offset=span.start * SAMPLE_BYTES)
    if len(stored) < span.samples:
        raise ValueError(f"{pcm.name} holds fewer than {span.end} samples")
    return stored


def _read_exponents(pcm: Path, span: Span) -> NDArray[np.int8]:
    """Return the exponents of all windows that a span touches."""
    first, end = span.start // WINDOW, -(-span.end // WINDOW)
    exponents = np.zeros(max(end - first, 0), np.int8)
    path = exponents_path(pcm)
    if path.exists():
        found = np.fromfile(path, np.int8, len(exponents), offset=first)
        exponents[: len(found)] = found
    return exponents


class SampleWriter:
    """Writes a file of samples, and its exponents where it needs them. Files are closed by ``stack``."""

    def __init__(self, pcm: Path, stack: ExitStack) -> None:
        self.pcm = pcm
        self._stack = stack
        self._file = stack.enter_context(pcm.open("wb"))
        self._exponents: BinaryIO | None = None
        self._windows = 0
        self._rest = np.zeros(0, np.float32)
        exponents_path(pcm).unlink(missing_ok=True)

    @property
    def exact(self) -> bool:
        """True while all samples are whole numbers of 16 bits."""
        return self._exponents is None

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples, float32 on the scale of 16-bit integers, shape (n,)."""
        if len(self._rest):
            samples = np.concatenate([self._rest, samples])
        whole = len(samples) // WINDOW * WINDOW
        self._rest = samples[whole:].copy()
        if whole:
            self._store(samples[:whole].reshape(-1, WINDOW))

    def skip(self, windows: int) -> None:
        """Append whole windows of silence, which take no disk. What was written must be whole windows."""
        if len(self._rest):
            raise ValueError("silence begins within a window")
        self._windows += windows
        self._file.seek(windows * WINDOW * SAMPLE_BYTES, os.SEEK_CUR)
        self._file.truncate()

    def flush(self) -> None:
        """Write what is left at the end, and all that is buffered."""
        if len(self._rest):
            self._store(self._rest[np.newaxis])
            self._rest = self._rest[:0]
        for file in filter(None, (self._file, self._exponents)):
            file.flush()

    def copy_to(self, pcm: Path) -> "SampleWriter":
        """Return a writer that goes on where this one is, with a copy of its files."""
        copy = SampleWriter(pcm, self._stack)
        for file in filter(None, (self._file, self._exponents)):
            file.flush()
        shutil.copyfile(self.pcm, pcm)
        copy._file.seek(0, os.SEEK_END)
        copy._windows = self._windows
        copy._rest = self._rest.copy()
        if self._exponents:
            shutil.copyfile(exponents_path(self.pcm), exponents_path(pcm))
            copy._open_exponents()
        return copy

    def _store(self, windows: NDArray[np.float32]) -> None:
        stored, exponents = _shifted(windows)
        self._file.write(stored.data)
        if exponents is not None and exponents.any():
            file = self._exponents or self._open_exponents()
            file.seek(self._windows)
            file.write(exponents.data)
        self._windows += len(windows)

    def _open_exponents(self) -> BinaryIO:
        path = exponents_path(self.pcm)
        path.touch()
        self._exponents = self._stack.enter_context(path.open("r+b"))
        return self._exponents


def _shifted(
    windows: NDArray[np.float32],
) -> tuple[NDArray[np.int16], NDArray[np.int8] | None]:
    """Return 16-bit numbers for windows of samples, and their exponents; None if all are 0."""
    flat = windows.reshape(-1)
    if _is_whole(flat[:PROBED]) and _is_whole(flat):
        return windows.astype("<i2"), None
    peaks = np.maximum(windows.max(axis=1), -windows.min(axis=1))
    # A peak below 2**e, times 2**(15 - e), is below 2**15.
    exponents = np.minimum(15 - np.frexp(peaks)[1], MOST_SHIFTED)
    exponents[peaks == 0] = 0
    scaled = windows * np.exp2(exponents.astype(np.float32))[:, np.newaxis]
    np.rint(scaled, out=scaled)
    np.minimum(scaled, LARGEST, out=scaled)
    return scaled.astype("<i2"), exponents.astype(np.int8)


def _is_whole(samples: NDArray[np.float32]) -> bool:
    fits = samples.max() <= LARGEST and samples.min() >= -LARGEST - 1
    return bool(fits) and bool((np.rint(samples) == samples).all())
