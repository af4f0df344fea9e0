"""Conditioning of samples for a second pass of the detector, where the first finds little speech.

Silero was trained on speech of usual loudness. Of clear speech that is 40 dB fainter it finds no word, none
either under a hum or rumble louder than the speech, though people and recognizers understand both. A block
in which that may be so is read once more, adapted:

- a high-pass removes frequencies below the voice, if that makes up much of the block's power; a DC offset
  is a part of that;
- a block is raised if it is faint, by its loudest windows, and by those of the minute before: a pause
  in a recording of usual loudness stays as faint as it is.

Each window then has the higher of both scores, as now and then (in distant voices above rumble) speech is
found only in the samples as they are: nothing that was speech becomes silence. What is sent to an engine is
not changed by any of this.
"""

from collections import deque
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stenoflow.times import SAMPLE_RATE
from stenoflow.vad.scores import WINDOW

Samples = NDArray[np.float32]

HISTORY = 8 * WINDOW
"""Samples before a block that the high-pass reads too, until it has settled: 0.26 s."""

FULL_SCALE = 32768

HIGH_PASS_HZ = 100.0
HIGH_PASS_ORDER = 4
"""A Butterworth filter: 24 dB less at 50 Hz, 48 dB at 25 Hz, and 3 dB at 100 Hz."""

AVERAGED = 64
"""The mean of so many samples holds what is below some 110 Hz."""

MOST_LOW = 0.25
"""Frequencies below the voice are removed where they have more than this share of a block's power.

The share is 0.01 in speech, and 0.4 where a hum of 50 Hz is as loud as the speech: the detector begins to
lose words.
"""

LOUD_PERCENTILE = 98
"""The level that one in fifty windows exceeds, a third of a second in 16 s: more than a click."""

FAINT_DBFS = -35.0
USUAL_DBFS = -20.0
"""Blocks whose loud windows are below the first are raised to the second, but no peak beyond full scale."""

MOST_RAISED_DB = 60.0
"""Anything fainter by more is the rounding of 16 bits."""

REMEMBERED = 4
"""Blocks whose loudness counts, this one included: a minute."""


class Conditioner:
    """Adapts the blocks of one channel, in order."""

    def __init__(self) -> None:
        self._loudness: deque[float] = deque(maxlen=REMEMBERED)

    def copy(self) -> "Conditioner":
        """Return one in the same state."""
        copy = Conditioner()
        copy._loudness.extend(self._loudness)
        return copy

    def adapted(self, block: Samples) -> Samples | None:
        """Return a block, adapted, with what is before it; None if it is best read as it is.

        It begins with :data:`HISTORY` samples before it, and is not changed.
        """
        adapted = block
        new = block[HISTORY:]
        power = float(new @ new) / len(new)
        if power and _low_power(new) > MOST_LOW * power:
            adapted = _high_passed(block)
        gain = self._gain(adapted[HISTORY:])
        if gain != 1.0:
            adapted = adapted * np.float32(gain)
        return None if adapted is block else adapted

    def _gain(self, samples: Samples) -> float:
        windows = samples.reshape(-1, WINDOW)
        powers = np.vecdot(windows, windows) / WINDOW
        self._loudness.append(float(np.percentile(powers, LOUD_PERCENTILE)))
        loud = max(self._loudness)
        if not _power(USUAL_DBFS - MOST_RAISED_DB) < loud < _power(FAINT_DBFS):
            return 1.0
        peak = float(max(samples.max(), -samples.min()))
        return max(min((_power(USUAL_DBFS) / loud) ** 0.5, FULL_SCALE / peak), 1.0)


def within_full_scale(samples: Samples) -> Samples:
    """Return samples lowered to full scale, if they exceed twice that, as floating-point ones may."""
    peak = float(max(samples.max(), -samples.min()))
    return samples * np.float32(FULL_SCALE / peak) if peak > 2 * FULL_SCALE else samples


def _power(dbfs: float) -> float:
    return FULL_SCALE**2 * 10 ** (dbfs / 10)


def _low_power(samples: Samples) -> float:
    """Return the mean square of the frequencies below the voice."""
    means = samples.reshape(-1, AVERAGED).mean(axis=1)
    return float(means @ means) / len(means)


def _high_passed(samples: Samples) -> Samples:
    # SciPy's filters take half a second to import, and few recordings need them.
    signal: Any = import_module("scipy.signal")
    sections = signal.butter(HIGH_PASS_ORDER, HIGH_PASS_HZ, "high", fs=SAMPLE_RATE, output="sos")
    return signal.sosfilt(sections, samples).astype(np.float32)
