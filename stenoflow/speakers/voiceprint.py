"""Voiceprints: vectors of a person's voice by a speaker encoder.

A voice over a telephone is far from the same voice in a studio. So a voiceprint has a vector for each band:
that of a telephone is of the same speech, limited to 300 to 3400 Hz, and is all there is of a recording of
a telephone. Two voices are compared in the widest band that both have.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import signal as untyped_signal  # pyright: ignore[reportMissingTypeStubs]

from stenoflow.speakers.band import BandMeter
from stenoflow.speakers.clustering import Calibrations
from stenoflow.speakers.encoder import SpeakerEncoder
from stenoflow.speakers.windows import read_windows, speech_windows
from stenoflow.times import SAMPLE_RATE, Seconds, Span, to_seconds

_signal = cast(Any, untyped_signal)

MOST_WINDOWS = 120
"""Windows that a voiceprint is made of, spread over all speech: more do not change its mean."""

TELEPHONE_HZ = (300, 3400)

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Voiceprint:
    """A voice: the mean vector of its windows, a unit vector, in each band."""

    speech_s: Seconds
    """Seconds of speech that it was made of."""
    wide: Vector | None
    """None for speech over a telephone."""
    narrow: Vector


def take_voiceprint(
    pcm: Path,
    speech: Sequence[Span],
    encoder: SpeakerEncoder,
    *,
    stop: threading.Event | None = None,
) -> Voiceprint | None:
    """Return the voiceprint of one person's speech in a file of samples.

    Pieces of speech shorter than half a window say little of a voice, and are left out; None if there are
    no others. Raises Stopped once ``stop`` is set.
    """
    long = [span for span in speech if 2 * span.samples >= encoder.window]
    windows = speech_windows(long, encoder.window, most=MOST_WINDOWS)
    if not windows:
        return None
    every = -(-len(windows) // MOST_WINDOWS)
    windows = windows[::every]
    band = _signal.butter(8, TELEPHONE_HZ, "bandpass", fs=SAMPLE_RATE, output="sos")
    meter = BandMeter()
    wide: list[Vector] = []
    narrow: list[Vector] = []
    for samples in read_windows(pcm, windows, encoder.window, stop=stop):
        meter.feed(samples)
        wide.append(encoder.embed(samples))
        limited = _signal.sosfiltfilt(band, samples, axis=1).astype(np.float32)
        narrow.append(encoder.embed(limited))
    speech_s = to_seconds(sum(span.samples for span in long))
    return Voiceprint(speech_s, None if meter.narrow else _mean(wide), _mean(narrow))


def joined(prints: Sequence[Voiceprint]) -> Voiceprint:
    """Return the voiceprint of one person of whom there are several, at least one."""
    wide = [each.wide * each.speech_s for each in prints if each.wide is not None]
    narrow = [each.narrow * each.speech_s for each in prints]
    speech_s = Seconds(sum(each.speech_s for each in prints))
    return Voiceprint(
        speech_s, _mean([np.stack(wide)]) if wide else None, _mean([np.stack(narrow)])
    )


def closeness(
    one: Voiceprint, other: Voiceprint, calibrations: Calibrations
) -> tuple[float, float]:
    """Return the cosine of two voices, and the one from which on they count as the same."""
    if one.wide is not None and other.wide is not None:
        return float(one.wide @ other.wide), calibrations.wide.known
    return float(one.narrow @ other.narrow), calibrations.narrow.known


def _mean(batches: Sequence[NDArray[np.float32]]) -> Vector:
    total = np.concatenate(batches).sum(axis=0)
    return (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)
