"""Signals without speech, on which audio front ends have failed."""

import numpy as np
from numpy.typing import NDArray

KINDS = ("silence", "constant", "impulses", "noise", "clipped", "square", "faint")


def make_signal(kind: str, length: int, seed: int) -> NDArray[np.int16]:
    """Return a signal of one of the KINDS (int16, shape (length,))."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(length) / 16_000
    match kind:
        case "silence":
            signal = np.zeros(length)
        case "constant":
            signal = np.full(length, generator.integers(-32768, 32768))
        case "impulses":
            signal = np.where(generator.random(length) < 0.001, 32767, 0)
        case "noise":
            signal = generator.normal(0, 3000, length)
        case "clipped":
            signal = generator.normal(0, 60000, length)
        case "square":
            signal = 32767 * np.sign(np.sin(2 * np.pi * 140 * time_s) * np.sin(5 * time_s))
        case _:
            signal = generator.integers(-1, 2, length)
    return signal.clip(-32768, 32767).astype(np.int16)
