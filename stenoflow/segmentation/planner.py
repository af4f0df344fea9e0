"""Which stretches of a channel go to the engine, in how many requests.

First the pauses: gaps of at least ``min_pause_s`` between stretches of speech are left out, but for
``keep_s`` on either side of the speech. Where that saves too little the recording is sent as it is.

Then the limit: what is longer than one request may be is split into parts of about equal length.
Each seam lies in the middle of the longest pause near the even split, removed or kept; where nobody
pauses, at the quietest moment the speech detector saw there. A part is responsible for the stretch
of the original from seam to seam, and is sent ``overlap_s`` more on either side (measured in what is
sent). Both neighbours hear the words about a seam, so none is cut in half, and whoever speaks there
is heard by both: that is how ``transcript/merge.py`` finds out which speaker of one part is which of
the next. For that reason parts overlap even where a seam falls into a removed pause.

Everything here is a pure function of its arguments: the same speech gives the same plan.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from pydantic import BaseModel, ConfigDict

from stenoflow.audio.encoding import samples_within
from stenoflow.errors import RequestTooLong
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.timeline import Timeline
from stenoflow.times import Span, to_samples
from stenoflow.vad.detector import WINDOW
from stenoflow.vad.scores import SpeechScores

MAX_OVERLAP = 1 / 4
"""Most that an overlap may be of the longest request."""

SEAM_REACH = 1 / 4
"""How far from the even split a seam may lie, as a share of the part it ends."""

SMOOTHED_WINDOWS = 5
"""A quiet moment is judged over this many windows (160 ms): one quiet window is inside a word."""

SHORTEST_HALVED = to_samples(10)
"""Audio shorter than this is not halved: no engine's limit is so low, so its error means another."""


class Part(BaseModel):
    """One request: what is sent, and the stretch of the original that it answers for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    span: Span
    """From seam to seam, in the original: words whose middle lies here are this part's."""
    timeline: Timeline
    """What is sent, overlaps included."""


class SegmentationPlan(BaseModel):
    """What of one channel goes to the engine. Without speech there are no parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: int
    samples: int
    """Length of the original."""
    speech: tuple[Span, ...]
    parts: tuple[Part, ...]
    """In order; their spans partition the original."""

    @property
    def sent(self) -> int:
        """Samples sent in all, overlaps included."""
        return sum(part.timeline.samples for part in self.parts)


def plan(
    speech: Sequence[Span],
    samples: int,
    settings: SegmentationOptions,
    *,
    longest: int,
    channel: int = 0,
    probabilities: SpeechScores | None = None,
) -> SegmentationPlan:
    """Decide what of a channel is sent.

    ``speech`` are stretches in order, within ``samples``; ``longest`` is the longest request in
    samples, as :func:`longest_request` gives it; ``probabilities`` those of the speech detector, one
    a window of 512 samples, by which speech without a pause is split at its quietest moment.
    """
    parts: list[Part] = []
    if speech:
        timeline = _kept(speech, samples, settings)
        overlap = min(to_samples(settings.overlap_s), int(longest * MAX_OVERLAP))
        seams = _seams(timeline, longest, overlap, speech, probabilities)
        for start, end in pairwise([0, *seams, samples]):
            parts.append(_part(timeline, Span(start, end), overlap))
    return SegmentationPlan(
        channel=channel, samples=samples, speech=tuple(speech), parts=tuple(parts)
    )


def longest_request(settings: SegmentationOptions, engine_bytes: int | None = None) -> int:
    """Samples that one request may hold under the profile's limits and the engine's own.

    ``engine_bytes`` is the engine's limit, where it has one.
    """
    size = min(settings.max_request_bytes, engine_bytes or settings.max_request_bytes)
    return min(to_samples(settings.max_request_s), samples_within(size))


def halve(
    part: Part,
    speech: Sequence[Span],
    settings: SegmentationOptions,
    *,
    probabilities: SpeechScores | None = None,
) -> tuple[Part, Part]:
    """Split a part that was too much for the engine in two, at the best pause near its middle.

    The same arguments give the same halves. Raises RequestTooLong where the part is so short that
    its length cannot be the trouble.
    """
    length = part.timeline.samples
    if length < SHORTEST_HALVED:
        raise RequestTooLong(
            f"The engine finds even {length / to_samples(1):.1f} s of audio too long for a request:"
            " something else must be wrong with it."
        )
    overlap = min(to_samples(settings.overlap_s), length // 8)
    start, end = part.timeline.to_cut(part.span.start), part.timeline.to_cut(part.span.end)
    middle = (start + end) // 2
    reach = int((middle - start) * SEAM_REACH)
    window = Span(middle - reach, middle + reach)
    seam = _best_seam(part.timeline, window, middle, speech, probabilities)
    return (
        _part(part.timeline, Span(part.span.start, seam), overlap),
        _part(part.timeline, Span(seam, part.span.end), overlap),
    )


def _kept(speech: Sequence[Span], samples: int, settings: SegmentationOptions) -> Timeline:
    """The whole of what is sent, before any limit."""
    whole = Timeline.identity(samples)
    if not settings.remove_pauses:
        return whole
    joined: list[Span] = []
    for span in speech:
        if joined and span.start - joined[-1].end < to_samples(settings.min_pause_s):
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    keep = to_samples(settings.keep_s)
    kept = Timeline.of(
        Span(max(span.start - keep, 0), min(span.end + keep, samples)) for span in joined
    )
    return kept if kept.samples <= samples * (1 - settings.min_saving) else whole


def _seams(
    timeline: Timeline,
    longest: int,
    overlap: int,
    speech: Sequence[Span],
    probabilities: SpeechScores | None,
) -> Iterator[int]:
    """Positions of the original that part it evenly, so that no part is longer than ``longest``."""
    start, lead = 0, 0
    while (rest := timeline.samples - start) + lead > longest:
        furthest = start + longest - lead - overlap
        count = math.ceil(rest / (longest - 2 * overlap))
        even = min(start + rest // count, furthest)
        reach = int((even - start) * SEAM_REACH)
        window = Span(even - reach, min(even + reach, furthest))
        seam = _best_seam(timeline, window, even, speech, probabilities)
        yield seam
        start, lead = timeline.to_cut(seam), overlap


def _part(timeline: Timeline, span: Span, overlap: int) -> Part:
    """The part that answers for a span of the original, with its overlaps."""
    start, end = timeline.to_cut(span.start) - overlap, timeline.to_cut(span.end) + overlap
    sent = Span(max(start, 0), min(end, timeline.samples))
    return Part(span=span, timeline=timeline.slice(sent))


def _best_seam(
    timeline: Timeline,
    window: Span,
    even: int,
    speech: Sequence[Span],
    probabilities: SpeechScores | None,
) -> int:
    """The original's position at which to split; its place in the cut audio lies in ``window``.

    The middle of the longest pause, of equals the one nearest to ``even``; else the quietest moment.
    """
    first = bisect_left(speech, timeline.to_original(window.start, "end"), key=_end_of)
    last = bisect_right(speech, timeline.to_original(window.end, "start"), key=_start_of)
    pauses: list[tuple[int, int, int]] = []
    for before, after in pairwise(speech[max(first - 1, 0) : last + 1]):
        middle = (before.end + after.start) // 2
        place = timeline.to_cut(middle)
        length = after.start - before.end
        if length >= WINDOW and window.start <= place <= window.end:
            pauses.append((length, -abs(place - even), middle))
    if pauses:
        return max(pauses)[-1]
    return _quietest(timeline, window, even, probabilities)


def _start_of(span: Span) -> int:
    return span.start


def _end_of(span: Span) -> int:
    return span.end


def _quietest(
    timeline: Timeline, window: Span, even: int, probabilities: SpeechScores | None
) -> int:
    """The least speech-like moment of a window without a pause; without probabilities, ``even``."""
    if probabilities is not None:
        first = timeline.to_original(window.start, "start") // WINDOW + 1
        last = timeline.to_original(window.end, "end") // WINDOW
        heard = probabilities[first:last]
        if len(heard) >= SMOOTHED_WINDOWS:
            smooth = np.convolve(heard, np.ones(SMOOTHED_WINDOWS) / SMOOTHED_WINDOWS, mode="valid")
            quietest = int(np.argmin(smooth))
            return (first + quietest) * WINDOW + SMOOTHED_WINDOWS * WINDOW // 2
    return timeline.to_original(even, "start")
