"""A sample of many recordings, and the extrapolation from the sample to all of them.

The sample is a priority sample (N. Duffield, C. Lund, M. Thorup: "Priority sampling for estimation of
arbitrary subset sums", Journal of the ACM 54 (6), 2007): the priority of a recording is its size divided by
a number between 0 and 1 that depends on its key alone, and those of highest priority are drawn. So a larger
recording is more likely to be drawn, and one as large as all others together is always drawn. The sample is
spread over the whole listing and is the same each time. It takes one pass, in constant memory.

Durations and costs are proportional to bytes, at a different rate in each media type. Hence each type is
sampled separately, in proportion to its share of the recordings; rare types are sampled together.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import heappush, heappushpop, nlargest
from importlib import import_module
from operator import mul
from typing import Any

from stenoflow.catalog.media_extensions import MEDIA_EXTENSIONS
from stenoflow.storage import ObjectInfo

MIN_DRAWN = 3
"""Minimum number of recordings drawn from a media type; rarer types are sampled together."""
CONFIDENCE = 0.95
"""Probability that the true figure is within a range."""
OTHER = "other"

_KNOWN = frozenset(MEDIA_EXTENSIONS.split())


@dataclass(frozen=True, slots=True)
class Stratum:
    """The recordings of one media type, or of several rare ones, and the sample drawn from them."""

    name: str
    """A file name extension, or ``other``."""
    recordings: int
    size: int
    """Total size of all of them, in bytes."""
    drawn: tuple[ObjectInfo, ...]
    threshold: float
    """Bytes that each smaller recording of the sample represents; 0 if all recordings were drawn."""


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate, and the bounds that hold the true figure in 95 of 100 cases."""

    expected: float
    low: float
    high: float


class Sampler:
    """Draws up to ``max_drawn`` of the recordings that are added, once each, in any order."""

    def __init__(self, max_drawn: int) -> None:
        if max_drawn < 1:
            raise ValueError(f"a sample has at least one recording, not {max_drawn}")
        self._max_drawn = max_drawn
        self._kinds: dict[str, _Kind] = {}

    def add(self, info: ObjectInfo) -> None:
        """Add a recording to those that the sample is drawn from."""
        extension = info.key.rpartition(".")[2].lower()
        name = extension if extension in _KNOWN else OTHER
        self._kinds.setdefault(name, _Kind(name)).add(info, self._max_drawn + 1)

    def strata(self) -> list[Stratum]:
        """Return all recordings added, by media type, with those drawn; the most frequent type first."""
        kinds = sorted(self._kinds.values(), key=lambda kind: (-kind.recordings, kind.name))
        total = sum(kind.recordings for kind in kinds)

        def share(kind: _Kind) -> int:
            return self._max_drawn * kind.recordings // total

        frequent = [kind for kind in kinds if share(kind) >= MIN_DRAWN]
        rare = [kind for kind in kinds if share(kind) < MIN_DRAWN]
        apart = [*frequent[1:], *([_together(rare)] if rare else [])]
        shares = [max(share(kind), min(MIN_DRAWN, kind.recordings)) for kind in apart]
        left = self._max_drawn - sum(shares)
        if not frequent or left < MIN_DRAWN:
            return [_together(kinds).drawn(self._max_drawn)] if kinds else []
        drawn = zip([frequent[0], *apart], [left, *shares], strict=True)
        return [kind.drawn(count) for kind, count in drawn]


@dataclass(slots=True)
class _Kind:
    """A media type while recordings are added."""

    name: str
    recordings: int = 0
    size: int = 0
    first: list[tuple[float, str, ObjectInfo]] = field(
        default_factory=list[tuple[float, str, ObjectInfo]]
    )
    """Recordings of highest priority: a heap with the lowest of them on top."""

    def add(self, info: ObjectInfo, max_drawn: int) -> None:
        self.recordings += 1
        self.size += info.size
        entry = (weight_of(info) / _uniform(info.key), info.key, info)
        if len(self.first) < max_drawn:
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
    """Return the weight of a recording in the draw: its bytes; an empty one counts as one byte."""
    return max(info.size, 1)


def _uniform(key: str) -> float:
    """Return a number above 0 and up to 1, uniformly distributed over keys."""
    return (int.from_bytes(sha256(key.encode()).digest()[:8]) + 1) / 2**64


def extrapolate(strata: Iterable[Stratum], figure_of: Callable[[ObjectInfo], float]) -> Range:
    """Return the sum of a figure over all recordings, estimated from those drawn.

    The figure must not be negative. In each stratum, the sum is the known number of bytes times the
    ratio of the figure's estimated sum to that of the bytes. Its variance is that of priority sampling
    (section 2 of the paper) for the residuals of that ratio, widened by Student's t for small samples. A
    sample of all recordings has no variance. A single recording that represents others says nothing about
    the variance: its error is taken to be as large as the estimate.
    """
    expected = sampled = square = 0.0
    for stratum in strata:
        figures = [(weight_of(info), figure_of(info)) for info in stratum.drawn]
        total, half = _extrapolated(stratum, figures)
        expected += total
        square += half**2
        sampled += sum(figure for _, figure in figures)
    spread = math.sqrt(square)
    return Range(expected, min(max(sampled, expected - spread), expected), expected + spread)


def _extrapolated(stratum: Stratum, figures: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """Return a stratum's sum and half the width of its range, from (weight, figure) of those drawn."""
    count, threshold = len(figures), stratum.threshold
    if not threshold:
        return sum(figure for _, figure in figures), 0.0
    represents = [max(weight, threshold) for weight, _ in figures]
    ratios = [figure / weight for weight, figure in figures]
    ratio = sum(map(mul, represents, ratios)) / sum(represents)
    total = ratio * stratum.size
    if count == 1:
        return total, total
    variance = sum(
        threshold * (each - weight) * (own - ratio) ** 2
        for each, own, (weight, _) in zip(represents, ratios, figures, strict=True)
    )
    error = stratum.size / sum(represents) * math.sqrt(variance * count / (count - 1))
    return total, _student(count - 1) * error


def _student(freedom: int) -> float:
    """Return half the width of a range in standard errors, for so many degrees of freedom."""
    # Imported here because it takes most of a second, and few samples need it.
    special: Any = import_module("scipy.special")
    return float(special.stdtrit(freedom, (1 + CONFIDENCE) / 2))
