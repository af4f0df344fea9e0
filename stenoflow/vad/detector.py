"""Speech detection by Silero VAD: a speech score for every 32 ms.

A :class:`SpeechDetector` reads a whole recording in blocks, in memory that does not grow with it. Within
a block everything but the LSTM is computed for all windows at once (``silero.py``); the LSTM's state and
the 64 samples of context pass from block to block. A recording is never split in time: from a fresh state
the scores are off by up to 0.2 even a thousand windows later.

The scores equal the probabilities of the silero-vad wheel within 1e-4 (sums are taken in another order) where
the network reads the samples only as they are, see ``conditioning.py``.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stenoflow.vad.conditioning import HISTORY, Conditioner, within_full_scale
from stenoflow.vad.scores import WINDOW

if TYPE_CHECKING:
    from types import ModuleType

CONTEXT = 64
"""Samples before a window that the network reads too."""

BLOCK = 512 * WINDOW
"""Samples computed at once, 16 s: larger blocks are no faster, smaller ones are slower."""


class SpeechDetector:
    """Computes the speech scores of one channel of one recording, from its first sample to its last.

    Feed it blocks of any size, then :meth:`finish` it. Unless it ``adapts``, scores are those of the wheel. A
    detector belongs to one thread; several detectors may work in as many threads.
    """

    def __init__(self, *, adapts: bool = True) -> None:
        self._adapts = adapts
        self._network = _silero().load()
        self._state = self._adapted_state = self._network.initial_state()
        self._conditioner = Conditioner()
        self._samples = np.zeros(HISTORY + BLOCK, np.float32)
        self._filled = 0

    def copy(self) -> "SpeechDetector":
        """Return a detector in the same state."""
        copy = SpeechDetector(adapts=self._adapts)
        copy._state, copy._adapted_state = self._state, self._adapted_state
        copy._conditioner = self._conditioner.copy()
        copy._samples[:] = self._samples
        copy._filled = self._filled
        return copy

    def feed(self, samples: NDArray[np.int16] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next ``samples`` (on the scale of 16-bit integers, mono, 16 kHz, shape (n,)).

        Returns the next speech scores that are complete (float32, one for each window): none, or those
        of whole blocks.
        """
        scores = [np.zeros(0, np.float32)]
        while len(samples):
            taken = samples[: BLOCK - self._filled]
            begin = HISTORY + self._filled
            self._samples[begin : begin + len(taken)] = taken
            self._filled += len(taken)
            samples = samples[len(taken) :]
            if self._filled == BLOCK:
                scores.append(self._compute(BLOCK))
        return np.concatenate(scores)

    def finish(self) -> NDArray[np.float32]:
        """Return the scores that were not returned yet; the last window is padded with zeros.

        In all there is one for each window, ceil(samples / 512).
        """
        rounded_up = -(-self._filled // WINDOW) * WINDOW
        if not rounded_up:
            return np.zeros(0, np.float32)
        self._samples[HISTORY + self._filled : HISTORY + rounded_up] = 0
        return self._compute(rounded_up)

    def _compute(self, samples: int) -> NDArray[np.float32]:
        block = within_full_scale(self._samples[: HISTORY + samples])
        before = HISTORY - CONTEXT
        scores, state = self._network.speech_scores(block[before:], self._state)
        adapted_state = state
        adapted = self._conditioner.adapted(block) if self._adapts else None
        if adapted is not None:
            others, adapted_state = self._network.speech_scores(
                adapted[before:], self._adapted_state
            )
            scores = np.maximum(scores, others)
        self._state, self._adapted_state = state, adapted_state
        block = self._samples[: HISTORY + samples]
        self._samples[:HISTORY] = block[-HISTORY:].copy()
        self._filled = 0
        return scores


def speech_scores(
    samples: NDArray[np.int16] | NDArray[np.float32], *, adapts: bool = True
) -> NDArray[np.float32]:
    """Return one speech score for each 512 ``samples``, float32.

    Samples are on the scale of 16-bit integers (mono, 16 kHz, shape (n,)). Unless the detector ``adapts`` to
    them, scores are those of the wheel.
    """
    detector = SpeechDetector(adapts=adapts)
    return np.concatenate([detector.feed(samples), detector.finish()])


def _silero() -> "ModuleType":
    """Import ``stenoflow.vad.silero`` on first use: no help text needs a neural network."""
    from stenoflow.vad import silero  # noqa: PLC0415

    return silero
