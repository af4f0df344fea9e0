"""Recordings made with FFmpeg for a test: the pitch of a tone identifies its stream or channel."""

import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stenoflow.media.binaries import chosen_decoder
from stenoflow.times import SAMPLE_RATE

QUIET = ("-v", "error", "-nostdin", "-y", "-threads", "1")


def make(path: Path, *arguments: str | Path) -> Path:
    """Run FFmpeg with these arguments and ``path`` as its output; return ``path``."""
    subprocess.run([chosen_decoder().path, *QUIET, *arguments, path], check=True)
    return path


def tone(hz: float, seconds: float, rate: int = SAMPLE_RATE) -> tuple[str, ...]:
    """Return FFmpeg's arguments for a sine as an input."""
    return ("-f", "lavfi", "-i", f"sine=f={hz}:d={seconds}:r={rate}")


PICTURE = ("-f", "lavfi", "-i", "testsrc=d=2:s=64x64:r=10")
"""FFmpeg's arguments for two seconds of moving picture as an input."""


def write_wav(path: Path, samples: NDArray[np.int16], rate: int = SAMPLE_RATE) -> Path:
    """Write samples, shape (n,) or (n, channels), as a plain WAV file; return ``path``."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.ascontiguousarray(samples).tobytes())
    return path


def tones(pitches: Sequence[float], seconds: float, rate: int = SAMPLE_RATE) -> NDArray[np.int16]:
    """Return sines, one channel for each pitch: int16, shape (n, channels)."""
    at = np.arange(round(seconds * rate))[:, np.newaxis] / rate
    return np.round(8000 * np.sin(2 * np.pi * np.asarray(pitches) * at)).astype(np.int16)


def pitches(samples: NDArray[np.int16], count: int = 1, rate: int = SAMPLE_RATE) -> list[float]:
    """Return the ``count`` strongest frequencies of one channel, Hz, ascending."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    found: list[float] = []
    for _ in range(count):
        peak = int(np.argmax(spectrum))
        found.append(peak * rate / len(samples))
        spectrum[max(peak - 8, 0) : peak + 9] = 0
    return sorted(found)
