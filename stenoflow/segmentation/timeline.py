"""The map between a recording and what was cut from it, exact to the sample both ways.

A :class:`Timeline` is the list of stretches of the original that were kept; the cut audio is those
stretches one after the other. A position of the cut audio that lies on a cut stands for two places
of the original: the end of the stretch before and the start of the stretch after. Which of the two
is meant only the asker knows, so :meth:`Timeline.to_original` is asked for a start or for an end::

    kept    10..12 s, 100..103 s          cut   0..2..5 s
    cut 2 s as an end -> 12 s             cut 2 s as a start -> 100 s
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Literal

from stenoflow.times import Span

Boundary = Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What :meth:`Timeline.proof` found when it followed every edge both ways."""

    original_samples: int
    cut_samples: int
    stretches: int
    positions: int
    """How many positions of the cut audio were followed to the original and back."""
    monotonic: bool
    """Later in the cut audio is never earlier in the original."""
    in_bounds: bool
    """Every position fell into a kept stretch, within the original."""
    round_trip_samples: int
    """The largest distance between a position and where it came back to."""

    @property
    def holds(self) -> bool:
        return self.monotonic and self.in_bounds and self.round_trip_samples == 0


@dataclass(frozen=True)
class Timeline:
    """Stretches of an original, in order and apart from each other, and the audio they make up.

    Raises ValueError where stretches are empty, touch, overlap or are out of order.
    """

    kept: tuple[Span, ...]

    def __post_init__(self) -> None:
        if any(stretch.samples == 0 for stretch in self.kept):
            raise ValueError("a timeline keeps no empty stretch")
        for before, after in pairwise(self.kept):
            if after.start <= before.end:
                raise ValueError(f"stretches must be in order and apart, not {before}, {after}")

    @classmethod
    def identity(cls, samples: int) -> "Timeline":
        """Of a recording of which nothing is cut."""
        return cls((Span(0, samples),) if samples else ())

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "Timeline":
        """Of spans in order of their starts, of which some may touch, overlap or be empty."""
        kept: list[Span] = []
        for span in spans:
            if kept and span.start <= kept[-1].end:
                kept[-1] = Span(kept[-1].start, max(kept[-1].end, span.end))
            elif span.samples:
                kept.append(span)
        return cls(tuple(kept))

    @property
    def samples(self) -> int:
        """Length of the cut audio."""
        return self._offsets[-1]

    @cached_property
    def _starts(self) -> list[int]:
        return [stretch.start for stretch in self.kept]

    @cached_property
    def _offsets(self) -> list[int]:
        """Where each stretch begins in the cut audio, and, last, where the cut audio ends."""
        return list(accumulate((stretch.samples for stretch in self.kept), initial=0))

    def stretches(self) -> tuple[Span, ...]:
        """The kept stretches as they lie in the cut audio: they partition it."""
        return tuple(Span(start, end) for start, end in pairwise(self._offsets))

    def to_original(self, position: int, boundary: Boundary) -> int:
        """Where a position of the cut audio lies in the original.

        ``boundary`` says whether something starts or ends there; only on a cut do the two differ.
        Positions before the cut audio count as its start, positions past it as its end.
        Raises ValueError on a timeline that keeps nothing: it has no positions.
        """
        at = self._holding(position, boundary)
        inside = min(max(position - self._offsets[at], 0), self.kept[at].samples)
        return self.kept[at].start + inside

    def to_cut(self, position: int) -> int:
        """Where a position of the original lies in the cut audio; if it was removed, at which cut."""
        at = bisect_right(self._starts, position) - 1
        if at < 0:
            return 0
        return self._offsets[at] + min(position - self.kept[at].start, self.kept[at].samples)

    def original_span(self, span: Span) -> Span:
        """Where a word of the cut audio lies in the original: always inside one kept stretch.

        A word that straddles cuts is placed in the stretch that holds most of it (the first of
        equals), clamped to that stretch. A word without length is placed as a start.
        Raises ValueError on a timeline that keeps nothing.
        """
        start = min(span.start, self.samples)
        end = min(span.end, self.samples)
        first = self._holding(start, "start")
        last = self._holding(end, "end") if end > start else first
        if first == last:
            at = first
        else:
            at = max(range(first, last + 1), key=lambda at: self._shared(at, start, end))
        stretch, offset = self.kept[at], self._offsets[at]
        return Span(
            stretch.start + max(start - offset, 0),
            stretch.start + min(end - offset, stretch.samples),
        )

    def slice(self, span: Span) -> "Timeline":
        """The timeline of a span of the cut audio alone."""
        if span.samples == 0 or span.start >= self.samples:
            return Timeline(())
        first, last = self._holding(span.start, "start"), self._holding(span.end, "end")
        kept = list(self.kept[first : last + 1])
        kept[-1] = Span(kept[-1].start, self.to_original(span.end, "end"))
        kept[0] = Span(self.to_original(span.start, "start"), kept[0].end)
        return Timeline(tuple(kept))

    def proof(self, samples: int) -> Proof:
        """Follow both edges and the middle of every stretch to the original and back.

        ``samples`` is the length of the original.
        """
        asked: list[tuple[Span, int, Boundary]] = []
        for stretch, place in zip(self.kept, self.stretches(), strict=True):
            middle = (place.start + place.end) // 2
            asked.append((stretch, place.start, "start"))
            asked.append((stretch, middle, "start"))
            asked.append((stretch, place.end, "end"))
        found = [self.to_original(position, boundary) for _, position, boundary in asked]
        inside = all(
            stretch.start <= position <= min(stretch.end, samples)
            for (stretch, _, _), position in zip(asked, found, strict=True)
        )
        strays = [
            abs(self.to_cut(original) - position)
            for (_, position, _), original in zip(asked, found, strict=True)
        ]
        return Proof(
            original_samples=samples,
            cut_samples=self.samples,
            stretches=len(self.kept),
            positions=len(asked),
            monotonic=all(before <= after for before, after in pairwise(found)),
            in_bounds=inside,
            round_trip_samples=max(strays, default=0),
        )

    def _holding(self, position: int, boundary: Boundary) -> int:
        """Index of the stretch that a position of the cut audio belongs to."""
        if not self.kept:
            raise ValueError("nothing was kept, so nothing can be mapped back to the original")
        side = bisect_right if boundary == "start" else bisect_left
        return min(max(side(self._offsets, position) - 1, 0), len(self.kept) - 1)

    def _shared(self, at: int, start: int, end: int) -> int:
        """How many samples of start..end lie in a stretch."""
        return min(end, self._offsets[at + 1]) - max(start, self._offsets[at])
