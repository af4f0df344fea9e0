"""Audio whose words are known to the sample: tones and silence, which the stand-in recognizes exactly."""

import hashlib
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stenoflow.audio.encoding import RequestAudio
from stenoflow.times import SAMPLE_RATE, Span

LEVEL = 8000
"""The peak of each tone, of 32,768: -12 dBFS."""
SHORTEST = 1600
"""Samples of the shortest tone whose frequency is recognized to 10 Hz: 0.1 s."""
LONGEST = 8000
"""Samples of the longest tone that is recognized as one word: 0.5 s."""
APART = 641
"""The fewest samples of silence between two tones; the stand-in joins across 0.04 s."""
PITCHES_HZ = range(200, 6000, 20)


@dataclass(frozen=True, slots=True)
class Tone:
    """One word: its first sample, the sample after its last, at 16 kHz, and its frequency."""

    start: int
    end: int
    pitch_hz: int

    @property
    def word(self) -> str:
        """Return the word that the stand-in recognizes."""
        return f"tone{self.pitch_hz}"


def synthesize(tones: Iterable[Tone], samples: int) -> NDArray[np.int16]:
    """Return tones and digital silence (int16, shape (samples,)); each tone starts and ends at its peak."""
    pcm = np.zeros(samples, np.int16)
    for tone in tones:
        phase = 2 * np.pi * tone.pitch_hz / SAMPLE_RATE * np.arange(tone.end - tone.start)
        pcm[tone.start : tone.end] = np.rint(LEVEL * np.cos(phase))
        pcm[tone.end - 1] = LEVEL
    return pcm


def write_wav(path: Path, *channels: NDArray[np.int16]) -> Path:
    """Write channels of int16 samples at 16 kHz to a WAV file, and return its path."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.stack(channels, axis=1).astype("<i2").tobytes())
    return path


def request_audio(
    path: Path,
    content_type: str = "audio/wav",
    *,
    samples: int = 0,
    speech: tuple[Span, ...] = (),
) -> RequestAudio:
    """Return the request audio that sends a file as it is."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = path.stat().st_size
    return RequestAudio(path, None, size, digest, content_type, samples, speech)
