"""The stand-in's recognizer: each tone becomes a word, at its true position to the sample."""

# pyright: basic

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

LOUD_LEVEL = 328
"""A sample of at least this level, of 32,768, is sound: -40 dBFS."""
GAP_S = 0.04
"""The shortest silence between two words, in seconds."""
LONGEST_S = 0.5
"""The longest word, in seconds; longer sound becomes several words."""
PITCH_FFT = 1 << 15
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Sound:
    """A span of sound, in samples at the rate of the audio, and its strongest frequency."""

    start: int
    end: int
    pitch_hz: int
    """Rounded to 10 Hz: it names the word, so that equal tones are equal words."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """Words recognized in one request, channel by channel."""

    rate: int
    samples: int
    channels: list[list[Sound]]
    sent_channels: int

    @property
    def duration_s(self) -> float:
        """Return the duration in seconds."""
        return self.samples / self.rate


class Unreadable(Exception):
    """The body of the request is not audio."""


def recognize(path: Path, *, multichannel: bool) -> Recognition:
    """Recognize the tones in an audio file, in each channel or in the mix of all. Raises Unreadable."""
    with tempfile.TemporaryFile() as file:
        try:
            rate, channels = _decode(path, file)
        except (av.error.FFmpegError, IndexError, ValueError) as error:
            raise Unreadable(str(error)) from error
        file.flush()
        size = file.tell() // 2
        pcm = np.memmap(file, np.int16, "r", shape=(size // channels, channels)) if size else None
        if pcm is None:
            return Recognition(rate, 0, [[]], channels)
        views = [pcm[:, at] for at in range(channels)] if multichannel else [pcm]
        return Recognition(rate, len(pcm), [list(_sounds(view, rate)) for view in views], channels)


def _decode(path: Path, file: Any) -> tuple[int, int]:
    """Write interleaved s16 samples to a file, and return their rate and the number of channels."""
    # PyAV's type annotations are incomplete.
    container: Any = av.open(str(path))
    with container as media:
        stream = media.streams.audio[0]
        resampler = av.AudioResampler(format="s16")
        rate, channels = stream.rate, stream.codec_context.channels
        for frame in media.decode(stream):
            for each in resampler.resample(frame):
                file.write(each.to_ndarray().tobytes())
    return rate, channels


def _sounds(pcm: NDArray[np.int16], rate: int) -> Iterator[Sound]:
    gap, longest = round(GAP_S * rate), round(LONGEST_S * rate)
    for start, end in _runs(pcm, gap):
        for at in range(start, end, longest):
            until = min(at + longest, end)
            yield Sound(at, until, _pitch_hz(_mono(pcm[at:until]), rate))


def _runs(pcm: NDArray[np.int16], gap: int) -> Iterator[tuple[int, int]]:
    start = end = -1
    for block in range(0, len(pcm), BLOCK):
        loud = np.flatnonzero(np.abs(_mono(pcm[block : block + BLOCK])) >= LOUD_LEVEL) + block
        if not len(loud):
            continue
        breaks = np.flatnonzero(np.diff(loud) > gap) + 1
        for run in np.split(loud, breaks):
            first, last = int(run[0]), int(run[-1])
            if start < 0:
                start = first
            elif first - end >= gap:
                yield start, end
                start = first
            end = last + 1
    if start >= 0:
        yield start, end


def _mono(pcm: NDArray[np.int16]) -> NDArray[np.float64]:
    return pcm.mean(axis=1) if pcm.ndim == 2 else pcm.astype(np.float64)


def _pitch_hz(sound: NDArray[np.float64], rate: int) -> int:
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound) + 2)[1:-1], PITCH_FFT))
    return round(int(power.argmax()) * rate / PITCH_FFT / 10) * 10
