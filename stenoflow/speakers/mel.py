"""Mel spectra as speaker encoders of the GE2E kind want them."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from stenoflow.times import SAMPLE_RATE

MEL_BANDS = 40
FRAME = 400
"""Samples that a spectrum is taken of: 25 ms."""
HOP = 160
"""Samples between spectra: 10 ms."""


def mel_spectrogram(samples: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Return the power in 40 mel bands, shape (frames, 40), of frames centred on every 160th sample.

    The same values as ``librosa.feature.melspectrogram(n_fft=400, hop_length=160, n_mels=40)``, whose
    frames beyond the samples see zeros.
    """
    padded = np.pad(samples, (FRAME // 2, FRAME // 2 + HOP))
    cut = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP][:frames]
    spectra = np.fft.rfft(cut * _hann(), axis=1)
    power = spectra.real**2 + spectra.imag**2
    return (power @ _filters()).astype(np.float32)


@cache
def _hann() -> NDArray[np.float64]:
    return np.hanning(FRAME + 1)[:-1]


@cache
def _filters() -> NDArray[np.float64]:
    """Return triangular filters on Slaney's mel scale, each of unit area, shape (bins, bands)."""
    edges = _hertz(np.linspace(0, _mel(SAMPLE_RATE / 2), MEL_BANDS + 2))
    bins = np.linspace(0, SAMPLE_RATE / 2, FRAME // 2 + 1)[:, np.newaxis]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (high - low))


LINEAR_HZ, LINEAR_MEL = 1000.0, 15.0
STEP = np.log(6.4) / 27
"""Slaney's scale is linear up to 1 kHz, then logarithmic (Auditory Toolbox, 1998)."""


def _mel(hertz: float) -> float:
    if hertz < LINEAR_HZ:
        return hertz * 3 / 200
    return LINEAR_MEL + float(np.log(hertz / LINEAR_HZ)) / STEP


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < LINEAR_MEL, mel * 200 / 3, LINEAR_HZ * np.exp(STEP * (mel - LINEAR_MEL)))
