"""Speech in a recording, by Silero VAD: a probability for every 32 ms, then stretches of speech.

A :class:`SpeechDetector` hears a whole recording in blocks, in memory that does not grow with it.
Within a block everything but the LSTM is computed for all windows at once (``silero.py``); the LSTM's
state and the 64 samples of context pass from block to block. A recording is never split in time: from
a fresh state the probabilities are off by up to 0.2 even a thousand windows later.

The probabilities equal those of the silero-vad wheel within 1e-4 (sums are taken in another order), and
the segments made of them are the wheel's. Its own function for that cannot be imported without torch.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stenoflow.times import SAMPLE_RATE, Span
from stenoflow.vad.options import VadOptions
from stenoflow.vad.scores import SpeechScores, iterate_scores

if TYPE_CHECKING:
    from types import ModuleType

WINDOW = 512
"""Samples that one probability speaks for: 32 ms."""

CONTEXT = 64
"""Samples before a window that the network sees too."""

BLOCK = 512 * WINDOW
"""Samples computed at once, 16 s: larger blocks are no faster, smaller ones are slower."""

HYSTERESIS = 0.15
LOWEST_THRESHOLD = 0.01
SHORTEST_PAUSE = 98 * SAMPLE_RATE // 1000
"""A longer pause is one at which speech that grows too long may be split. These three are Silero's."""


class SpeechDetector:
    """Hears one channel of one recording, from its first sample to its last.

    Feed it blocks of any size, then :meth:`finish` it. A detector belongs to one thread; several
    detectors may work in as many threads.
    """

    def __init__(self) -> None:
        self._network = _silero().load()
        self._state = self._network.rest()
        self._samples = np.zeros(CONTEXT + BLOCK, np.float32)
        self._filled = 0

    def feed(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        """Hear the next ``samples`` (int16, mono, 16 kHz, shape (n,)).

        Returns the next probabilities, as far as they are known by now: none, or those of whole blocks.
        """
        known = [np.zeros(0, np.float32)]
        while len(samples):
            taken = samples[: BLOCK - self._filled]
            begin = CONTEXT + self._filled
            self._samples[begin : begin + len(taken)] = taken
            self._filled += len(taken)
            samples = samples[len(taken) :]
            if self._filled == BLOCK:
                known.append(self._compute(BLOCK))
        return np.concatenate(known)

    def finish(self) -> NDArray[np.float32]:
        """Those that were not returned yet; the last window ends in zeros.

        In all there is one a window, ceil(samples / 512).
        """
        rounded_up = -(-self._filled // WINDOW) * WINDOW
        if not rounded_up:
            return np.zeros(0, np.float32)
        self._samples[CONTEXT + self._filled : CONTEXT + rounded_up] = 0
        return self._compute(rounded_up)

    def _compute(self, samples: int) -> NDArray[np.float32]:
        heard = self._samples[: CONTEXT + samples]
        probabilities, self._state = self._network.probabilities(heard, self._state)
        self._samples[:CONTEXT] = heard[-CONTEXT:]
        self._filled = 0
        return probabilities


def speech_scores(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """One probability of speech for each 512 ``samples`` (int16, mono, 16 kHz, shape (n,))."""
    detector = SpeechDetector()
    return np.concatenate([detector.feed(samples), detector.finish()])


def speech_segments(
    probabilities: SpeechScores, samples: int, settings: VadOptions
) -> tuple[Span, ...]:
    """The stretches of speech in a recording of ``samples``, in order, without overlap.

    ``probabilities`` are those of a :class:`SpeechDetector`. The segments are those that
    ``silero_vad.get_speech_timestamps`` finds with the same settings.
    """
    found = _stretches(probabilities, samples, settings)
    return tuple(Span(start, end) for start, end in _padded(found, samples, settings))


def _stretches(
    probabilities: SpeechScores, samples: int, settings: VadOptions
) -> Iterator[tuple[int, int]]:
    """Speech from its first window to the silence after it, before any padding.

    Speech that grows too long ends at the longest pause that it has had, and goes on after that pause;
    without a pause it ends where it is, and begins anew with the next window of speech.
    """
    upper, lower = settings.threshold, _lower_threshold(settings)
    shortest, longest = _samples(settings.min_speech_ms), _longest(settings)
    silence = _samples(settings.min_silence_ms)
    start: int | None = None
    pause: int | None = None
    pauses: list[tuple[int, int]] = []
    for window, probability in enumerate(iterate_scores(probabilities)):
        here = window * WINDOW
        if probability >= upper:
            if start is None:
                start = here
                continue
            if pause is not None:
                if here - pause > SHORTEST_PAUSE:
                    pauses.append((pause, here))
                pause = None
        if start is None:
            continue
        if here - start > longest:
            if not pauses:
                yield start, here
                start = pause = None
                continue
            end, again = max(pauses, key=_length)
            yield start, end
            start, pause, pauses = again, None, []
        if probability < lower:
            pause = here if pause is None else pause
            if here - pause >= silence:
                if pause - start > shortest:
                    yield start, pause
                start, pause, pauses = None, None, []
    if start is not None and samples - start > shortest:
        yield start, samples


def _padded(
    stretches: Iterator[tuple[int, int]], samples: int, settings: VadOptions
) -> Iterator[tuple[int, int]]:
    """Stretches widened on both sides; where two come too near for that, by half of their pause."""
    padding = _samples(settings.speech_pad_ms)
    widened = padding
    stretch = next(stretches, None)
    while stretch:
        following = next(stretches, None)
        start, end = max(stretch[0] - widened, 0), stretch[1]
        widened = padding
        if following and following[0] - end < 2 * padding:
            widened = (following[0] - end) // 2
            yield start, end + widened
        else:
            yield start, min(end + padding, samples)
        stretch = following


def _lower_threshold(settings: VadOptions) -> float:
    if settings.neg_threshold is not None:
        return settings.neg_threshold
    return max(settings.threshold - HYSTERESIS, LOWEST_THRESHOLD)


def _longest(settings: VadOptions) -> float:
    if settings.max_speech_s is None:
        return math.inf
    return SAMPLE_RATE * settings.max_speech_s - WINDOW - 2 * _samples(settings.speech_pad_ms)


def _samples(milliseconds: int) -> int:
    return milliseconds * SAMPLE_RATE // 1000


def _length(stretch: tuple[int, int]) -> int:
    return stretch[1] - stretch[0]


def _silero() -> "ModuleType":
    """``stenoflow.vad.silero``, imported on first use: no help text needs a network."""
    from stenoflow.vad import silero  # noqa: PLC0415

    return silero
