"""The band that speech fills: telephone speech ends at 4 kHz."""

import numpy as np
from numpy.typing import NDArray

from stenoflow.times import SAMPLE_RATE

FRAME = 512
HIGH_HZ = (4500, 7500)
LOW_HZ = (500, 3000)
NARROW_DB = -52.0
"""Speech whose mean power in the high band is so far below that in the low one is narrowband. Telephone
recordings of the corpus are at -69 dB, all others above -49 dB."""


class BandMeter:
    """Adds up the power of speech in two bands."""

    def __init__(self) -> None:
        self._power = np.zeros(FRAME // 2 + 1)

    def feed(self, windows: NDArray[np.float32]) -> None:
        """Take windows of speech, shape (windows, samples)."""
        whole = windows.shape[1] // FRAME * FRAME
        frames = windows[:, :whole].reshape(-1, FRAME) * np.hanning(FRAME)
        spectra = np.fft.rfft(frames, axis=1)
        self._power += (spectra.real**2 + spectra.imag**2).sum(axis=0)

    @property
    def narrow(self) -> bool:
        """True if the speech is narrowband."""
        high, low = (self._mean(band) for band in (HIGH_HZ, LOW_HZ))
        return high < low * 10 ** (NARROW_DB / 10)

    def _mean(self, band: tuple[int, int]) -> float:
        first, last = (hertz * FRAME // SAMPLE_RATE for hertz in band)
        return float(self._power[first:last].mean())
