"""Alignment of the replies to two overlapping chunks.

The words around a boundary are in both replies, and never quite alike: times differ by some hundredths
of a second, and now and then a word does. Both versions are aligned with the fewest differences, and the
alignment is divided where it comes nearest to the boundary. Aligned words are on one side of that place
in both replies, so that no word is lost and none is there twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from stenoflow.transcript.chunk_reply import MappedReply
from stenoflow.transcript.model import Word

MATCH_TOLERANCE_S = 1.0
"""Two words can be the same word only if their middles are at most this far apart."""

UNMATCHED_WORD_COST_S = 1.0
"""Additional distance from the boundary at which replies may be divided to keep a word of only one."""

EDGE_TOLERANCE_S = 0.5
"""A word that only one reply has may be a fragment if it is this near to the edge of what was sent: it
need not be kept."""

_Step = tuple[int | None, int | None]
"""Index of a word of the left reply, of the right, or of both where they are the same word."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """The boundary of two neighbouring replies: ``words[:end]`` of one, ``words[start:]`` of the next."""

    end: int
    start: int
    pairs: tuple[tuple[int, int], ...]
    """Indices of the words of both replies that are the same word."""


def find_boundary(before: MappedReply, after: MappedReply) -> Boundary:
    """Return where the words of two neighbouring replies are best divided."""
    first, last = len(before.words), 0
    boundary_s = after.chunk.span.start_s
    overlap_start_s = overlap_end_s = boundary_s
    if before.chunk.timeline.kept and after.chunk.timeline.kept:
        overlap_start_s = after.chunk.timeline.kept[0].start_s
        overlap_end_s = before.chunk.timeline.kept[-1].end_s
        while first and before.words[first - 1].end_s > overlap_start_s:
            first -= 1
        while last < len(after.words) and after.words[last].start_s < overlap_end_s:
            last += 1
    left, right = before.words[first:], after.words[:last]
    steps = _align(left, right)
    # A word counts if it is in both replies, or too far from an edge to be a fragment.
    counted = [
        (a is None or b is not None or left[a].end_s < overlap_end_s - EDGE_TOLERANCE_S)
        and (b is None or a is not None or right[b].start_s > overlap_start_s + EDGE_TOLERANCE_S)
        for a, b in steps
    ]
    end, start = _divide(steps, counted, left, right, boundary_s)
    pairs = tuple((first + a, b) for a, b in steps if a is not None and b is not None)
    return Boundary(first + end, start, pairs)


def _align(left: Sequence[Word], right: Sequence[Word]) -> list[_Step]:
    """Return the cheapest alignment of two versions of the same words.

    A word without a counterpart costs 1; two as one cost their distance in seconds, and 1 more where
    their texts differ (Needleman and Wunsch 1970, with words for residues).
    """
    middles = [_middle_s(word) for word in right]
    costs = _alignment_costs(left, right, middles)
    steps: list[_Step] = []
    i, j = len(left), len(right)
    while i or j:
        left_alone = i > 0 and costs[i][j] == costs[i - 1][j] + 1
        right_alone = j > 0 and costs[i][j] == costs[i][j - 1] + 1
        if left_alone and right_alone:
            left_alone = _middle_s(left[i - 1]) >= middles[j - 1]
        if left_alone:
            i -= 1
            steps.append((i, None))
        elif right_alone:
            j -= 1
            steps.append((None, j))
        else:
            i, j = i - 1, j - 1
            steps.append((i, j))
    return steps[::-1]


def _alignment_costs(
    left: Sequence[Word], right: Sequence[Word], middles: Sequence[float]
) -> list[list[float]]:
    """Return the least cost of aligning the first i words of the left with the first j of the right."""
    texts = [_letters(word) for word in right]
    costs = [[float(j) for j in range(len(right) + 1)]]
    for i, word in enumerate(left, 1):
        text, middle = _letters(word), _middle_s(word)
        above, row = costs[-1], [float(i)]
        for j in range(1, len(right) + 1):
            cost = min(above[j], row[-1]) + 1
            distance_s = abs(middle - middles[j - 1])
            if distance_s <= MATCH_TOLERANCE_S:
                cost = min(cost, above[j - 1] + distance_s + (text != texts[j - 1]))
            row.append(cost)
        costs.append(row)
    return costs


def _divide(
    steps: Sequence[_Step],
    counted: Sequence[bool],
    left: Sequence[Word],
    right: Sequence[Word],
    boundary_s: float,
) -> tuple[int, int]:
    """Return how many words of each side are before the best place to divide an alignment.

    The best place is near the boundary, and drops few ``counted`` words that only one side has.
    """
    i = j = 0
    dropped = sum(b is None and counts for (_, b), counts in zip(steps, counted, strict=True))
    distance_s = _distance_from_boundary_s(0, 0, left, right, boundary_s)
    best, cheapest = (0, 0), dropped * UNMATCHED_WORD_COST_S + distance_s
    for (a, b), counts in zip(steps, counted, strict=True):
        i, j = i + (a is not None), j + (b is not None)
        dropped += counts * ((a is None) - (b is None))
        distance_s = _distance_from_boundary_s(i, j, left, right, boundary_s)
        cost = dropped * UNMATCHED_WORD_COST_S + distance_s
        if cost < cheapest:
            best, cheapest = (i, j), cost
    return best


def _distance_from_boundary_s(
    i: int, j: int, left: Sequence[Word], right: Sequence[Word], boundary_s: float
) -> float:
    """Return how far the gap after i words of the left and j of the right is from the boundary."""
    before_s = max((side[at - 1].end_s for side, at in ((left, i), (right, j)) if at), default=-inf)
    after_s = min(
        (side[at].start_s for side, at in ((left, i), (right, j)) if at < len(side)), default=inf
    )
    return max(min(before_s, after_s) - boundary_s, boundary_s - max(before_s, after_s), 0.0)


def _middle_s(word: Word) -> float:
    return (word.start_s + word.end_s) / 2


def _letters(word: Word) -> str:
    return "".join(filter(str.isalnum, word.text.casefold())) or word.text
