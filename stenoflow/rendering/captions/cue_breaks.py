"""Division of a passage into cues: the one of least cost among all that are allowed.

A break costs little after a sentence and much after an article (``line_breaks.py``). A pause inside a
cue, and a cue too short or too fast to be read, cost something, and so does every cue, so that there are
not more than needed.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from stenoflow.rendering.captions.passages import Piece
from stenoflow.rendering.captions.timing import Limits

_CUE = 1.0
_PAUSE_SECOND = 1.2
_TOO_SHORT = 8.0
_TOO_FAST = 3.0

_UNLIMITED_MS = 1_000_000
"""The time for a cue that no other follows."""


def cue_ends(
    pieces: Sequence[Piece], limits: Limits, following_ms: int | None, indent: int, indents: int
) -> list[int]:
    """Return the index one past the last piece of each cue.

    ``following_ms`` is the start of the next passage. ``indent`` is the width of the first cue's label,
    ``indents`` that of the others'. The least cost up to each piece is found from left to right.
    """
    count = len(pieces)
    starts = [piece.start_ms for piece in pieces]
    last_ms = starts[-1] + _UNLIMITED_MS if following_ms is None else following_ms
    nexts = [*starts[1:], last_ms]
    pauses = _pause_costs(pieces)
    measures = [(len(piece.before), piece.columns, piece.end_ms, piece.cost) for piece in pieces]
    least: list[float] = [0.0, *[math.inf] * count]
    came_from: list[int] = [0] * (count + 1)
    for first in range(count):
        start, lines, line = starts[first], 1, indents if first else indent
        columns = line
        base = least[first] + _CUE - pauses[first]
        for at in range(first, count):
            glue, wide, end, cost = measures[at]
            if at == first:
                glue = 0
            if line + glue + wide <= limits.line:
                line += glue + wide
            else:
                lines, line = lines + 1, wide
                if lines > limits.lines:
                    break
            columns += glue + wide
            if end - start > limits.most and at > first:
                break
            room = min(nexts[at] - limits.gap - start, limits.most)
            cost += base + pauses[at] + _reading_cost(columns, room, limits)
            if cost < least[at + 1]:
                least[at + 1], came_from[at + 1] = cost, first
    return _trace(came_from)


def _pause_costs(pieces: Sequence[Piece]) -> list[float]:
    """Return the cost of all pauses before each piece."""
    costs = [0.0]
    for before, after in pairwise(pieces):
        costs.append(costs[-1] + _PAUSE_SECOND * max(after.start_ms - before.end_ms, 0) / 1000)
    return costs


def _reading_cost(columns: int, room_ms: int, limits: Limits) -> float:
    """Return the cost of a cue that is shorter than allowed, or that cannot be read in its time."""
    cost = 0.0
    if room_ms < limits.least:
        cost += _TOO_SHORT * (limits.least - max(room_ms, 0)) / limits.least
    reading_ms = columns * limits.ms_per_column
    if reading_ms > room_ms:
        cost += _TOO_FAST * min(reading_ms / max(room_ms, 1) - 1, 2.0)
    return cost


def _trace(came_from: Sequence[int]) -> list[int]:
    ends: list[int] = []
    at = len(came_from) - 1
    while at:
        ends.append(at)
        at = came_from[at]
    return ends[::-1]
