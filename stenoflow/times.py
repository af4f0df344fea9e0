"""Seconds and samples, converted in this one place.

Everything inside Stenoflow counts samples at :data:`SAMPLE_RATE`; people and engines read seconds.
"""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of audio in samples: from ``start`` up to, not including, ``end``."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"a span runs forward from 0 or later, not {self.start}..{self.end}")

    @property
    def samples(self) -> int:
        return self.end - self.start

    @property
    def start_s(self) -> Seconds:
        return to_seconds(self.start)

    @property
    def end_s(self) -> Seconds:
        return to_seconds(self.end)
