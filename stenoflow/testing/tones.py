"""Audio whose words are known to the sample: tones among silence, which the stand-in hears exactly."""

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
"""Of 32,768: -12 dBFS."""
SHORTEST = 1600
"""Samples of the shortest tone whose pitch is heard to the nearest 10 Hz: 0.1 s."""
LONGEST = 8000
"""Longer ones are heard as several words."""
APART = 641
"""Fewest samples of silence between two tones: more than the 0.04 s that the stand-in bridges."""
PITCHES_HZ = range(200, 6000, 20)


@dataclass(frozen=True, slots=True)
class Tone:
    """One word, in samples at 16 kHz."""

    start: int
    end: int
    pitch_hz: int

    @property
    def word(self) -> str:
        """What the stand-in writes for it."""
        return f"tone{self.pitch_hz}"


def sounding(tones: Iterable[Tone], samples: int) -> NDArray[np.int16]:
    """The tones among digital silence; the first and last sample of each is at full level."""
    pcm = np.zeros(samples, np.int16)
    for tone in tones:
        phase = 2 * np.pi * tone.pitch_hz / SAMPLE_RATE * np.arange(tone.end - tone.start)
        pcm[tone.start : tone.end] = np.rint(LEVEL * np.cos(phase))
        pcm[tone.end - 1] = LEVEL
    return pcm


def write_wav(path: Path, *channels: NDArray[np.int16]) -> Path:
    """A WAV file of these channels at 16 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.stack(channels, axis=1).astype("<i2").tobytes())
    return path


def body_of(
    path: Path,
    content_type: str = "audio/wav",
    *,
    samples: int = 0,
    stretches: tuple[Span, ...] = (),
) -> RequestAudio:
    """The body of a request that sends a file as it is."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = path.stat().st_size
    return RequestAudio(path, None, size, digest, content_type, samples, stretches)
