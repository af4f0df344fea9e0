"""The map between a recording and the audio that is sent of it, exact to the sample both ways.

A :class:`Timeline` is a list of spans of the original that are kept; the sent audio is those spans one
after the other. A position of the sent audio at a join between two kept spans stands for two places of
the original: the end of the span before and the start of the span after. Only the caller knows which of
the two is meant, so :meth:`Timeline.to_original` takes whether the position is a start or an end::

    kept     10..12 s, 100..103 s         sent   0..2..5 s
    sent 2 s as an end -> 12 s            sent 2 s as a start -> 100 s
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config

from stenoflow.times import Span

Edge = Literal["start", "end"]
"""Side of a position: something starts or ends there."""


@with_config(ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True))
@dataclass(frozen=True, slots=True)
class Proof:
    """The result of :meth:`Timeline.proof`, which follows every edge both ways.

    A timeline is sound if the proof is monotonic and in bounds, with a round trip of 0 samples.
    """

    original_samples: int
    # These two are stored under the names that they had in 0.1.0.
    sent_samples: Annotated[
        int, Field(validation_alias="cut_samples", serialization_alias="cut_samples")
    ]
    kept_spans: Annotated[int, Field(validation_alias="stretches", serialization_alias="stretches")]
    """Number of spans of the original that are kept."""
    positions: int
    """Number of positions of the sent audio that were mapped to the original and back."""
    monotonic: bool
    """Later in the sent audio is never earlier in the original."""
    in_bounds: bool
    """Every position fell into a kept span, within the original."""
    round_trip_samples: int
    """The largest distance between a position and where it came back to."""


@dataclass(frozen=True)
class Timeline:
    """Spans of an original, in order and apart from each other, and the audio they make up.

    Raises ValueError if spans are empty, touch, overlap or are out of order.
    """

    kept: tuple[Span, ...]

    def __post_init__(self) -> None:
        if any(span.samples == 0 for span in self.kept):
            raise ValueError("a timeline keeps no empty span")
        for before, after in pairwise(self.kept):
            if after.start <= before.end:
                raise ValueError(f"kept spans must be in order and apart, not {before}, {after}")

    @classmethod
    def identity(cls, samples: int) -> "Timeline":
        """Return the timeline of a recording that is sent whole."""
        return cls((Span(0, samples),) if samples else ())

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "Timeline":
        """Return a timeline of spans in order of their starts; they may touch, overlap or be empty."""
        kept: list[Span] = []
        for span in spans:
            if kept and span.start <= kept[-1].end:
                kept[-1] = Span(kept[-1].start, max(kept[-1].end, span.end))
            elif span.samples:
                kept.append(span)
        return cls(tuple(kept))

    @property
    def samples(self) -> int:
        """Length of the sent audio."""
        return self._offsets[-1]

    @cached_property
    def _starts(self) -> list[int]:
        return [span.start for span in self.kept]

    @cached_property
    def _offsets(self) -> list[int]:
        """Start of each kept span in the sent audio and, last, the end of the sent audio."""
        return list(accumulate((span.samples for span in self.kept), initial=0))

    def sent_spans(self) -> tuple[Span, ...]:
        """Return the kept spans in samples of the sent audio: they partition it."""
        return tuple(Span(start, end) for start, end in pairwise(self._offsets))

    def to_original(self, position: int, edge: Edge) -> int:
        """Return where a position of the sent audio is in the original.

        ``edge`` says whether something starts or ends there; the two differ only between kept spans.
        Positions before the sent audio count as its start, positions past it as its end.
        Raises ValueError on a timeline that keeps nothing: it has no positions.
        """
        at = self._index_at(position, edge)
        inside = min(max(position - self._offsets[at], 0), self.kept[at].samples)
        return self.kept[at].start + inside

    def to_sent(self, position: int) -> int:
        """Return where a position of the original is in the sent audio.

        A position that was removed is at the join between the kept spans on either side of it.
        """
        at = bisect_right(self._starts, position) - 1
        if at < 0:
            return 0
        return self._offsets[at] + min(position - self.kept[at].start, self.kept[at].samples)

    def speech_sent(self, speech: Iterable[Span]) -> tuple[Span, ...]:
        """Return what of the original's speech segments is sent, in samples of the sent audio."""
        sent = (Span(self.to_sent(span.start), self.to_sent(span.end)) for span in speech)
        return tuple(span for span in sent if span.samples)

    def original_span(self, span: Span) -> Span:
        """Return where a word of the sent audio is in the original: always inside one kept span.

        A word that straddles kept spans is placed in the one that holds most of it (the first of equals),
        clamped to it. A word without length is placed as a start.
        Raises ValueError on a timeline that keeps nothing.
        """
        start = min(span.start, self.samples)
        end = min(span.end, self.samples)
        first = self._index_at(start, "start")
        last = self._index_at(end, "end") if end > start else first
        if first == last:
            at = first
        else:
            at = max(range(first, last + 1), key=lambda at: self._overlap(at, start, end))
        kept, offset = self.kept[at], self._offsets[at]
        return Span(
            kept.start + max(start - offset, 0),
            kept.start + min(end - offset, kept.samples),
        )

    def slice(self, span: Span) -> "Timeline":
        """Return the timeline of a span of the sent audio alone."""
        if span.samples == 0 or span.start >= self.samples:
            return Timeline(())
        first, last = self._index_at(span.start, "start"), self._index_at(span.end, "end")
        kept = list(self.kept[first : last + 1])
        kept[-1] = Span(kept[-1].start, self.to_original(span.end, "end"))
        kept[0] = Span(self.to_original(span.start, "start"), kept[0].end)
        return Timeline(tuple(kept))

    def proof(self, samples: int) -> Proof:
        """Follow both edges and the middle of every kept span to the original and back.

        ``samples`` is the length of the original.
        """
        checks: list[tuple[Span, int, Edge]] = []
        for kept, sent in zip(self.kept, self.sent_spans(), strict=True):
            checks.append((kept, sent.start, "start"))
            checks.append((kept, (sent.start + sent.end) // 2, "start"))
            checks.append((kept, sent.end, "end"))
        found = [self.to_original(position, edge) for _, position, edge in checks]
        in_bounds = all(
            kept.start <= position <= min(kept.end, samples)
            for (kept, _, _), position in zip(checks, found, strict=True)
        )
        distances = [
            abs(self.to_sent(original) - position)
            for (_, position, _), original in zip(checks, found, strict=True)
        ]
        return Proof(
            original_samples=samples,
            sent_samples=self.samples,
            kept_spans=len(self.kept),
            positions=len(checks),
            monotonic=all(before <= after for before, after in pairwise(found)),
            in_bounds=in_bounds,
            round_trip_samples=max(distances, default=0),
        )

    def _index_at(self, position: int, edge: Edge) -> int:
        """Return the index of the kept span that a position of the sent audio belongs to."""
        if not self.kept:
            raise ValueError("nothing was kept, so nothing can be mapped back to the original")
        side = bisect_right if edge == "start" else bisect_left
        return min(max(side(self._offsets, position) - 1, 0), len(self.kept) - 1)

    def _overlap(self, at: int, start: int, end: int) -> int:
        """Return how many samples of start..end are in a kept span."""
        return min(end, self._offsets[at + 1]) - max(start, self._offsets[at])
