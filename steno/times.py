"""Seconds and samples, converted in this one place.

Everything inside Stenoflow counts samples at :data:`SAMPLE_RATE`; people and engines read seconds.
"""

from typing import NewType

Seconds = NewType("Seconds", float)

SAMPLE_RATE = 16_000
"""Samples per second of all audio after decoding: what Silero and speech engines work at."""


def to_samples(seconds: float) -> int:
    """The nearest sample to a time in seconds."""
    return round(seconds * SAMPLE_RATE)


def to_seconds(samples: int) -> Seconds:
    """A sample position, or a number of samples, in seconds."""
    return Seconds(samples / SAMPLE_RATE)
