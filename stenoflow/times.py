"""Seconds, milliseconds and samples: the only place where they are converted, and how they are written.

Everything inside Stenoflow counts samples at :data:`SAMPLE_RATE`; people and engines read seconds.
"""

from dataclasses import dataclass
from typing import NewType

Seconds = NewType("Seconds", float)

SAMPLE_RATE = 16_000
"""Samples per second of all audio after decoding: what Silero and speech engines work at."""


def to_samples(seconds: float) -> int:
    """Return the sample nearest to a time in seconds."""
    return round(seconds * SAMPLE_RATE)


def to_seconds(samples: int) -> Seconds:
    """Return a sample position, or a number of samples, in seconds."""
    return Seconds(samples / SAMPLE_RATE)


def ms_to_samples(milliseconds: int) -> int:
    """Return a number of milliseconds in samples, which is always whole."""
    return milliseconds * SAMPLE_RATE // 1000


def resampled(samples: int, sample_rate: int) -> int:
    """Return the sample at :data:`SAMPLE_RATE` nearest to a sample position at another rate."""
    return round(samples * SAMPLE_RATE / sample_rate)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A span of audio in samples: from ``start`` up to, not including, ``end``.

    Raises ValueError unless 0 <= start <= end.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"a span runs forward from 0 or later, not {self.start}..{self.end}")

    @property
    def samples(self) -> int:
        """Length in samples."""
        return self.end - self.start

    @property
    def start_s(self) -> Seconds:
        """Start in seconds."""
        return to_seconds(self.start)

    @property
    def end_s(self) -> Seconds:
        """End in seconds."""
        return to_seconds(self.end)


def format_clock(seconds: float) -> str:
    """Return a position as ``1:02:03``, or ``2:03`` within the first hour, rounded down to the second."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def format_length(seconds: float) -> str:
    """Return a duration as ``1 h 02 min``, ``2 min 03 s`` or ``2.5 s``."""
    if round(seconds, 1) < 60:
        return f"{round(seconds, 1):g} s"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours} h {minute:02d} min" if hours else f"{minute} min {second:02d} s"


def format_timestamp(milliseconds: int, point: str) -> str:
    """Return ``00:02:03.456`` with the given decimal sign; hours have at least two digits."""
    seconds, milli = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02d}:{minute:02d}:{second:02d}{point}{milli:03d}"
