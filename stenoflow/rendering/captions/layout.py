"""Division of a cue's text into lines."""

import math
from collections.abc import Sequence

from stenoflow.rendering.captions.passages import Piece


def break_lines(run: Sequence[Piece], line_columns: int, label: str) -> tuple[str, ...]:
    """Return a cue's text, after its label, on as few lines as it needs, broken where it costs least.

    Lines of similar length read best; of two that differ, the lower should be the longer.
    """
    count = len(run)
    fewest: list[tuple[int, float]] = [(0, 0.0), *[(count + 1, math.inf)] * count]
    came_from = [0] * (count + 1)
    for first in range(count):
        lines, least = fewest[first]
        columns = len(label) if first == 0 else 0
        for at in range(first, count):
            columns += run[at].columns + (len(run[at].before) if at > first else 0)
            if columns > line_columns and (at > first or first > 0 or not label):
                break
            slack = (line_columns - columns) / line_columns
            cost = least + 2 * slack * slack + 0.1 * (1 - slack) * (at + 1 < count)
            cost += run[at].cost if at + 1 < count else 0.0
            if (lines + 1, cost) < fewest[at + 1]:
                fewest[at + 1], came_from[at + 1] = (lines + 1, cost), first
    found: list[str] = []
    last = count
    while last:
        first = came_from[last]
        text = _text(run[first:last])
        found.append(text if first else label + text)
        last = first
    return tuple(found[::-1])


def _text(run: Sequence[Piece]) -> str:
    return run[0].text + "".join(piece.before + piece.text for piece in run[1:])
