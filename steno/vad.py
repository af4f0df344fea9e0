"""Speech in a recording, by Silero VAD: a probability for every 32 ms, then stretches of speech.

A :class:`SpeechDetector` hears a whole recording in blocks, in memory that does not grow with it.
Within a block everything but the LSTM is computed for all windows at once (``silero.py``); the LSTM's
state and the 64 samples of context pass from block to block. A recording is never split in time: from
a fresh state the probabilities are off by up to 0.2 even a thousand windows later.

The probabilities equal those of the silero-vad wheel within 1e-4 (sums are taken in another order),
and the wheel's own function makes the segments of them.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steno.profile import VadSettings
from steno.times import SAMPLE_RATE, Span

if TYPE_CHECKING:
    from types import ModuleType

WINDOW = 512
"""Samples that one probability speaks for: 32 ms."""

CONTEXT = 64
"""Samples before a window that the network sees too."""

BLOCK = 512 * WINDOW
"""Samples computed at once, 16 s: larger blocks are no faster, smaller ones are slower."""


class SpeechDetector:
    """Hears one channel of one recording, from its first sample to its last.

    Feed it blocks of any size, then :meth:`finish` it. What it keeps are the probabilities, 450 kB an
    hour. A detector belongs to one thread; several detectors may work in as many threads.
    """

    def __init__(self) -> None:
        self._network = _silero().load()
        self._state = self._network.rest()
        self._samples = np.zeros(CONTEXT + BLOCK, np.float32)
        self._filled = 0
        self._probabilities = bytearray()

    def feed(self, samples: NDArray[np.int16]) -> None:
        """Hear the next ``samples`` (int16, mono, 16 kHz, shape (n,))."""
        while len(samples):
            taken = samples[: BLOCK - self._filled]
            begin = CONTEXT + self._filled
            self._samples[begin : begin + len(taken)] = taken
            self._filled += len(taken)
            samples = samples[len(taken) :]
            if self._filled == BLOCK:
                self._compute(BLOCK)

    def finish(self) -> NDArray[np.float32]:
        """One probability a window, shape (ceil(samples / 512),); the last window ends in zeros."""
        rounded_up = -(-self._filled // WINDOW) * WINDOW
        if rounded_up:
            self._samples[CONTEXT + self._filled : CONTEXT + rounded_up] = 0
            self._compute(rounded_up)
        return np.frombuffer(self._probabilities, np.float32)

    def _compute(self, samples: int) -> None:
        heard = self._samples[: CONTEXT + samples]
        probabilities, self._state = self._network.probabilities(heard, self._state)
        self._probabilities += probabilities.tobytes()
        self._samples[:CONTEXT] = heard[-CONTEXT:]
        self._filled = 0


def speech_probabilities(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """One probability of speech for each 512 ``samples`` (int16, mono, 16 kHz, shape (n,))."""
    detector = SpeechDetector()
    detector.feed(samples)
    return detector.finish()


def speech_segments(
    probabilities: NDArray[np.float32], samples: int, settings: VadSettings
) -> tuple[Span, ...]:
    """The stretches of speech in a recording of ``samples``, in order, without overlap.

    ``probabilities`` are those of a :class:`SpeechDetector`. The segments are those that
    ``silero_vad.get_speech_timestamps`` finds with the same settings.
    """
    longest_s = settings.max_speech_s
    found = _silero().wheel.get_speech_timestamps_from_probs(
        probabilities.data,  # a list would take 3.6 MB for every hour
        sampling_rate=SAMPLE_RATE,
        threshold=settings.threshold,
        neg_threshold=settings.neg_threshold,
        min_speech_duration_ms=settings.min_speech_ms,
        max_speech_duration_s=float("inf") if longest_s is None else longest_s,
        min_silence_duration_ms=settings.min_silence_ms,
        speech_pad_ms=settings.speech_pad_ms,
        audio_length_samples=samples,
    )
    return tuple(Span(int(segment["start"]), int(segment["end"])) for segment in found)


def _silero() -> "ModuleType":
    """``steno.silero``, imported on first use: torch takes a second, and no help text needs it."""
    from steno import silero  # noqa: PLC0415

    return silero
