"""Segmentation: which spans of a channel are sent to the engine, in how many requests.

First the pauses: gaps of at least ``min_pause_s`` between speech segments, and before and after all of
them, are left out, but for ``keep_s`` on either side of the speech. Sounds that may be speech all the same
are judged first (``doubtful.py``). Where the pauses save too little the channel is sent whole.

Then the limit: what is longer than one request may be is split into chunks of about equal length.
Each boundary is in the middle of the longest pause near the even split, removed or kept; where nobody
pauses, at the moment with the lowest speech scores. A chunk answers for the span of the original from
boundary to boundary, and is sent with ``overlap_s`` more on either side (measured in the sent audio).
Both neighbours contain the words about a boundary, so none is cut in half, and whoever speaks there is
in both replies: that is how ``transcript/merge.py`` finds out which speaker of one chunk is which of the
next. For that reason chunks overlap even where a boundary falls into a removed pause.

Everything here is a pure function of its arguments: the same speech gives the same plan.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from stenoflow.audio.analysis import AnalyzedChannel
from stenoflow.audio.encoding import samples_within
from stenoflow.audio.samples import read_samples
from stenoflow.errors import RequestTooLong
from stenoflow.segmentation.doubtful import judge
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.plan import Chunk, SegmentationPlan
from stenoflow.segmentation.timeline import Timeline
from stenoflow.times import Span, to_samples, to_seconds
from stenoflow.vad.options import VadOptions
from stenoflow.vad.scores import WINDOW, SpeechScores
from stenoflow.vad.segments import speech_segments

MAX_OVERLAP = 1 / 4
"""The largest overlap, as a share of the longest request."""

BOUNDARY_REACH = 1 / 4
"""Largest distance of a boundary from the even split, as a share of the chunk it ends."""

SMOOTHED_WINDOWS = 5
"""A quiet moment is judged over this many windows (160 ms): one quiet window is inside a word."""

SHORTEST_HALVED = to_samples(10)
"""Audio shorter than this is not halved: no engine's limit is so low, so its error means another."""


def plan_channels(
    channels: Sequence[AnalyzedChannel],
    vad: VadOptions,
    options: SegmentationOptions,
    *,
    max_request_bytes: int | None,
) -> tuple[SegmentationPlan, ...]:
    """Find the speech segments of each channel, and decide in which requests they are sent.

    ``max_request_bytes`` is the engine's own limit, None where it has none.
    """
    longest = longest_request(options, max_request_bytes)
    plans: list[SegmentationPlan] = []
    for channel in channels:
        judged = judge(
            speech_segments(channel.speech_scores, channel.samples, vad),
            channel.speech_scores,
            channel.samples,
            partial(read_samples, channel.pcm),
            vad,
            min_pause=to_samples(options.min_pause_s),
        )
        plan = plan_channel(
            judged.speech,
            channel.samples,
            options,
            longest=longest,
            channel=channel.index,
            speech_scores=channel.speech_scores,
        )
        plans.append(plan.model_copy(update={"uncertain": _unsent(judged.uncertain, plan)}))
    return tuple(plans)


def plan_channel(
    speech: Sequence[Span],
    samples: int,
    options: SegmentationOptions,
    *,
    longest: int,
    channel: int = 0,
    speech_scores: SpeechScores | None = None,
) -> SegmentationPlan:
    """Decide what of a channel is sent.

    ``speech`` are the speech segments in order, within ``samples``; ``longest`` is the longest request
    in samples, from :func:`longest_request`; ``speech_scores`` are the detector's, one for each window of
    512 samples: speech without a pause is split where they are lowest.
    """
    chunks: list[Chunk] = []
    if speech:
        timeline = _kept_timeline(speech, samples, options)
        overlap = min(to_samples(options.overlap_s), int(longest * MAX_OVERLAP))
        boundaries = _boundaries(timeline, longest, overlap, speech, speech_scores)
        for start, end in pairwise([0, *boundaries, samples]):
            chunks.append(_chunk(timeline, Span(start, end), overlap))
    return SegmentationPlan(
        channel=channel, samples=samples, speech=tuple(speech), chunks=tuple(chunks)
    )


def longest_request(options: SegmentationOptions, max_request_bytes: int | None = None) -> int:
    """Return how many samples one request may hold under the profile's limits and the engine's own.

    ``max_request_bytes`` is the engine's limit, None where it has none.
    """
    size = min(options.max_request_bytes, max_request_bytes or options.max_request_bytes)
    return min(to_samples(options.max_request_s), samples_within(size))


def halve(
    chunk: Chunk,
    speech: Sequence[Span],
    options: SegmentationOptions,
    *,
    speech_scores: SpeechScores | None = None,
) -> tuple[Chunk, Chunk]:
    """Split a chunk that was too much for the engine in two, at the best pause near its middle.

    The same arguments give the same halves. Raises RequestTooLong where the chunk is so short that
    its length cannot be the cause.
    """
    length = chunk.timeline.samples
    if length < SHORTEST_HALVED:
        raise RequestTooLong(
            f"The engine finds even {to_seconds(length):.1f} s of audio too long for a request:"
            " something else must be wrong with it, such as a limit of a proxy in between."
        )
    overlap = min(to_samples(options.overlap_s), length // 8)
    start, end = chunk.timeline.to_sent(chunk.span.start), chunk.timeline.to_sent(chunk.span.end)
    middle = (start + end) // 2
    reach = int((middle - start) * BOUNDARY_REACH)
    allowed = Span(middle - reach, middle + reach)
    boundary = _best_boundary(chunk.timeline, allowed, middle, speech, speech_scores)
    return (
        _chunk(chunk.timeline, Span(chunk.span.start, boundary), overlap),
        _chunk(chunk.timeline, Span(boundary, chunk.span.end), overlap),
    )


def _unsent(spans: Iterable[Span], plan: SegmentationPlan) -> tuple[Span, ...]:
    """Return those of the spans that are in no request."""
    kept = [span for chunk in plan.chunks for span in chunk.timeline.kept]
    return tuple(
        span
        for span in spans
        if not any(each.start <= span.start and span.end <= each.end for each in kept)
    )


def _kept_timeline(speech: Sequence[Span], samples: int, options: SegmentationOptions) -> Timeline:
    """Return all that is sent of a channel, before any limit on a request."""
    whole = Timeline.identity(samples)
    if not options.remove_pauses:
        return whole
    min_pause = to_samples(options.min_pause_s)
    joined: list[Span] = []
    for span in speech:
        if joined and span.start - joined[-1].end < min_pause:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    if joined[0].start < min_pause:
        joined[0] = Span(0, joined[0].end)
    if samples - joined[-1].end < min_pause:
        joined[-1] = Span(joined[-1].start, samples)
    keep = to_samples(options.keep_s)
    kept = Timeline.of(
        Span(max(span.start - keep, 0), min(span.end + keep, samples)) for span in joined
    )
    return kept if kept.samples <= samples * (1 - options.min_saving) else whole


def _boundaries(
    timeline: Timeline,
    longest: int,
    overlap: int,
    speech: Sequence[Span],
    speech_scores: SpeechScores | None,
) -> Iterator[int]:
    """Yield positions of the original that divide it evenly, so that no chunk is longer than ``longest``."""
    start, lead = 0, 0
    while (rest := timeline.samples - start) + lead > longest:
        furthest = start + longest - lead - overlap
        count = math.ceil(rest / (longest - 2 * overlap))
        even = min(start + rest // count, furthest)
        reach = int((even - start) * BOUNDARY_REACH)
        allowed = Span(even - reach, min(even + reach, furthest))
        boundary = _best_boundary(timeline, allowed, even, speech, speech_scores)
        yield boundary
        start, lead = timeline.to_sent(boundary), overlap


def _chunk(timeline: Timeline, span: Span, overlap: int) -> Chunk:
    """Return the chunk that answers for a span of the original, with its overlaps."""
    start, end = timeline.to_sent(span.start) - overlap, timeline.to_sent(span.end) + overlap
    sent = Span(max(start, 0), min(end, timeline.samples))
    return Chunk(span=span, timeline=timeline.slice(sent))


def _best_boundary(
    timeline: Timeline,
    allowed: Span,
    even: int,
    speech: Sequence[Span],
    speech_scores: SpeechScores | None,
) -> int:
    """Return the original's position at which to split; in the sent audio it is in ``allowed``.

    The middle of the longest pause, of equals the one nearest to ``even``; else the quietest moment.
    """
    first = bisect_left(speech, timeline.to_original(allowed.start, "end"), key=_end_of)
    last = bisect_right(speech, timeline.to_original(allowed.end, "start"), key=_start_of)
    pauses: list[tuple[int, int, int]] = []
    for before, after in pairwise(speech[max(first - 1, 0) : last + 1]):
        middle = (before.end + after.start) // 2
        sent = timeline.to_sent(middle)
        length = after.start - before.end
        if length >= WINDOW and allowed.start <= sent <= allowed.end:
            pauses.append((length, -abs(sent - even), middle))
    if pauses:
        return max(pauses)[-1]
    return _quietest(timeline, allowed, even, speech_scores)


def _start_of(span: Span) -> int:
    return span.start


def _end_of(span: Span) -> int:
    return span.end


def _quietest(
    timeline: Timeline, allowed: Span, even: int, speech_scores: SpeechScores | None
) -> int:
    """Return the least speech-like moment of a span without a pause; without scores, ``even``.

    ``allowed`` and ``even`` are in the sent audio, the result is in the original.
    """
    if speech_scores is not None:
        first = timeline.to_original(allowed.start, "start") // WINDOW + 1
        last = timeline.to_original(allowed.end, "end") // WINDOW
        scores = speech_scores[first:last]
        if len(scores) >= SMOOTHED_WINDOWS:
            smooth = np.convolve(scores, np.ones(SMOOTHED_WINDOWS) / SMOOTHED_WINDOWS, mode="valid")
            quietest = int(np.argmin(smooth))
            return (first + quietest) * WINDOW + SMOOTHED_WINDOWS * WINDOW // 2
    return timeline.to_original(even, "start")
