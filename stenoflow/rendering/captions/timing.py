"""Start and end of cues, and the limits on them, in whole milliseconds."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stenoflow.rendering.captions.options import CaptionOptions
from stenoflow.transcript.speakers import SpeakerKey

LAG_MS = 500
"""Longest delay of a cue after its first word, so that the one before it can be read."""

CLOSED_MS = 500
"""Shorter gaps between cues are closed to the least gap: a flicker reads worse than no gap."""

SHORTEST_MS = 42
"""One frame: the least time of a cue, however many words share one instant."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The caption options in whole milliseconds, rounded to the strict side."""

    line: int
    """Columns of a line."""
    lines: int
    least: int
    most: int
    gap: int
    ms_per_column: float

    @classmethod
    def of(cls, options: CaptionOptions) -> "Limits":
        """Return the limits of some options."""
        return cls(
            line=options.line_chars,
            lines=options.lines,
            least=max(math.ceil(options.min_s * 1000), SHORTEST_MS),
            most=math.floor(options.max_s * 1000),
            gap=math.ceil(options.gap_s * 1000),
            ms_per_column=1000 / options.chars_per_s,
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A cue that has its text and not yet its time."""

    start_ms: int
    """Start of its first word."""
    end_ms: int
    """End of its last word."""
    columns: int
    lines: tuple[str, ...]
    label: str
    speaker: SpeakerKey


def cue_times(drafts: Sequence[Draft], limits: Limits, end_ms: int) -> Iterator[tuple[int, int]]:
    """Yield when each cue shows and goes, by the rules in the order of ``cues.py``.

    ``end_ms`` is the recording's end.
    """
    free = 0
    for at, draft in enumerate(drafts):
        start = max(draft.start_ms, free)
        reading = math.ceil(draft.columns * limits.ms_per_column)
        shortest = start + limits.least
        end = min(max(draft.end_ms, shortest, start + reading), start + limits.most)
        if at + 1 < len(drafts):
            room = drafts[at + 1].start_ms - limits.gap
            if end > room:
                end = min(end, max(room, min(shortest, room + LAG_MS)))
            elif room - end < CLOSED_MS:
                end = min(room, start + limits.most)
        elif draft.end_ms <= end_ms:
            end = min(end, end_ms)
        end = max(end, start + SHORTEST_MS)
        yield start, end
        free = end + limits.gap
