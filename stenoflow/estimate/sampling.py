"""Which few recordings of many are looked at, and what these few tell of all.

The draw is priority sampling (N. Duffield, C. Lund, M. Thorup: "Priority sampling for estimation of
arbitrary subset sums", Journal of the ACM 54 (6), 2007): a recording's priority is its size divided by
a number between 0 and 1 that its key alone decides, and those of highest priority are drawn. So a
recording is the likelier to be drawn the larger it is, one as large as all others together is drawn
for certain, the sample lies all over the listing and is the same each time, and one walk finds it, in
memory that does not grow with the walk.

What a recording needs goes with its bytes, at another rate in each media type. Hence the draw is made
in each apart, as many as its share of the recordings; types too rare for that are drawn from together.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import heappush, heappushpop, nlargest
from importlib import import_module
from operator import mul
from typing import Any

from stenoflow.catalog.selection import MEDIA_EXTENSIONS
from stenoflow.storage import ObjectInfo

FEWEST = 3
"""Recordings drawn of a media type at least, or it is drawn from together with others."""
CONFIDENCE = 0.95
OTHER = "other"

_KNOWN = frozenset(MEDIA_EXTENSIONS.split())


@dataclass(frozen=True, slots=True)
class Stratum:
    """Recordings of one media type, or of several rare ones, and those that were drawn of them."""

    name: str
    """A file name's ending, or ``other``."""
    recordings: int
    size: int
    """Bytes of all of them."""
    drawn: tuple[ObjectInfo, ...]
    threshold: float
    """Each recording drawn that is smaller stands for this many bytes; 0 where all were drawn."""


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate, and between what the true figure should lie, in 95 of 100 cases."""

    expected: float
    low: float
    high: float


class Sampler:
    """Draws up to ``at_most`` recordings from those that it is shown, once each, in any order."""

    def __init__(self, at_most: int) -> None:
        if at_most < 1:
            raise ValueError(f"a sample has at least one recording, not {at_most}")
        self._at_most = at_most
        self._kinds: dict[str, _Kind] = {}

    def add(self, info: ObjectInfo) -> None:
        ending = info.key.rpartition(".")[2].lower()
        name = ending if ending in _KNOWN else OTHER
        self._kinds.setdefault(name, _Kind(name)).add(info, self._at_most + 1)

    def strata(self) -> list[Stratum]:
        """All recordings shown, by media type, with those drawn; the most frequent type first."""
        kinds = sorted(self._kinds.values(), key=lambda kind: (-kind.recordings, kind.name))
        total = sum(kind.recordings for kind in kinds)

        def share(kind: _Kind) -> int:
            return self._at_most * kind.recordings // total

        frequent = [kind for kind in kinds if share(kind) >= FEWEST]
        rare = [kind for kind in kinds if share(kind) < FEWEST]
        apart = [*frequent[1:], *([_together(rare)] if rare else [])]
        shares = [max(share(kind), min(FEWEST, kind.recordings)) for kind in apart]
        left = self._at_most - sum(shares)
        if not frequent or left < FEWEST:
            return [_together(kinds).drawn(self._at_most)] if kinds else []
        drawn = zip([frequent[0], *apart], [left, *shares], strict=True)
        return [kind.drawn(count) for kind, count in drawn]


@dataclass(slots=True)
class _Kind:
    """One media type while it is walked over."""

    name: str
    recordings: int = 0
    size: int = 0
    first: list[tuple[float, str, ObjectInfo]] = field(
        default_factory=list[tuple[float, str, ObjectInfo]]
    )
    """Those of highest priority: a heap, the lowest of them at its top."""

    def add(self, info: ObjectInfo, at_most: int) -> None:
        self.recordings += 1
        self.size += info.size
        entry = (weight_of(info) / _lot(info.key), info.key, info)
        if len(self.first) < at_most:
            heappush(self.first, entry)
        else:
            heappushpop(self.first, entry)

    def drawn(self, count: int) -> Stratum:
        ranked = nlargest(count + 1, self.first)
        return Stratum(
            name=self.name,
            recordings=self.recordings,
            size=self.size,
            drawn=tuple(info for _, _, info in ranked[:count]),
            threshold=ranked[count][0] if len(ranked) > count else 0.0,
        )


def _together(kinds: Sequence[_Kind]) -> _Kind:
    if len(kinds) == 1:
        return kinds[0]
    return _Kind(
        OTHER,
        sum(kind.recordings for kind in kinds),
        sum(kind.size for kind in kinds),
        [entry for kind in kinds for entry in kind.first],
    )


def weight_of(info: ObjectInfo) -> int:
    """What decides how likely a recording is drawn: its bytes; an empty one counts as one byte."""
    return max(info.size, 1)


def _lot(key: str) -> float:
    """A number above 0 and up to 1, evenly distributed over keys."""
    return (int.from_bytes(sha256(key.encode()).digest()[:8]) + 1) / 2**64


def estimate(strata: Iterable[Stratum], figure_of: Callable[[ObjectInfo], float]) -> Range:
    """The sum of a figure over all recordings, by those drawn; the figure is none below 0.

    In each stratum the ratio of the figure's estimated sum to that of the bytes, times the bytes, which
    are known. Its variance is that of priority sampling (section 2 of the paper) for the residuals of
    that ratio, widened by Student's t for few recordings. A sample that is the whole has no variance;
    one recording that stands for others tells nothing of it, and is taken to be off by all it says.
    """
    expected = seen = square = 0.0
    for stratum in strata:
        figures = [(weight_of(info), figure_of(info)) for info in stratum.drawn]
        total, half = _extrapolated(stratum, figures)
        expected += total
        square += half**2
        seen += sum(figure for _, figure in figures)
    spread = math.sqrt(square)
    return Range(expected, min(max(seen, expected - spread), expected), expected + spread)


def _extrapolated(stratum: Stratum, figures: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """A stratum's sum, and half the width of its range; ``figures`` are (weight, figure) of those drawn."""
    count, threshold = len(figures), stratum.threshold
    if not threshold:
        return sum(figure for _, figure in figures), 0.0
    stands_for = [max(weight, threshold) for weight, _ in figures]
    ratios = [figure / weight for weight, figure in figures]
    ratio = sum(map(mul, stands_for, ratios)) / sum(stands_for)
    total = ratio * stratum.size
    if count == 1:
        return total, total
    variance = sum(
        threshold * (each - weight) * (own - ratio) ** 2
        for each, own, (weight, _) in zip(stands_for, ratios, figures, strict=True)
    )
    error = stratum.size / sum(stands_for) * math.sqrt(variance * count / (count - 1))
    return total, _student(count - 1) * error


def _student(freedom: int) -> float:
    """How many standard errors the range reaches to either side."""
    # Imported here as it takes most of a second, and few need it.
    special: Any = import_module("scipy.special")
    return float(special.stdtrit(freedom, (1 + CONFIDENCE) / 2))
