"""Doubtful sounds: what the speech scores alone decide wrongly, decided by score and level together.

A word by itself may score below the detector's threshold (0.36 to 0.40 were seen, at the level of the words
around it), and 0.13 s of steady noise may score above it. Two kinds of sound are therefore judged again:

- a weak one: at least half the threshold, in a pause that would be left out. It is speech if it stands
  out of the noise around it, about as loud as the speech next to it;
- a short one: above the threshold, isolated, shorter than a quarter of a second and without any high
  score. It is speech if it stands out of the noise around it.

What is not speech by this, and not certainly noise either, is reported as uncertain.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stenoflow.times import Span, to_samples
from stenoflow.vad.options import VadOptions
from stenoflow.vad.scores import WINDOW, SpeechScores
from stenoflow.vad.segments import speech_segments

WEAK_SHARE = 1 / 2
"""A weak sound scores at least this share of the threshold."""

STANDS_OUT_DB = 10.0
"""A sound stands out if its loudest window has at least this level above the noise around it."""

BELOW_SPEECH_DB = 15.0
"""A weak sound is speech if its loudest window is at most so far below the speech next to it."""

SHORT = to_samples(0.25)
"""Silero's own shortest speech (``min_speech_duration_ms``)."""

HIGH_SCORE = 0.8
"""Short sounds that reach this score are speech at any level."""

AROUND = to_samples(1.5)
"""Noise and speech are measured over so much on either side of a sound."""

MARGIN = 3 * WINDOW
"""Left out on either side of a sound: scores and levels rise and fall over about 0.1 s."""

NOISE_PERCENTILE = 20
"""The level that is exceeded by four of five windows around a sound is the noise."""

ROUNDING_POWER = 1 / 12
"""Noise of rounding to 16 bits (see ``stenoflow.audio.quality``), so that silence has a level."""

Samples = NDArray[np.float32] | NDArray[np.int16]

ReadSamples = Callable[[Span], Samples]
"""Returns a span of a channel (on the scale of 16-bit integers, mono, 16 kHz)."""


@dataclass(frozen=True, slots=True)
class JudgedSpeech:
    """The speech of a channel after its doubtful sounds were judged."""

    speech: tuple[Span, ...]
    uncertain: tuple[Span, ...]
    """Sounds outside ``speech`` that may be speech."""


@dataclass(frozen=True, slots=True)
class _Slice:
    """The speech scores ``first`` to ``last`` of a channel."""

    scores: SpeechScores
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first

    def __getitem__(self, windows: slice, /) -> NDArray[np.float32]:
        start, stop, _ = windows.indices(len(self))
        return self.scores[self.first + start : self.first + max(start, stop)]


def judge(
    speech: Sequence[Span],
    scores: SpeechScores,
    samples: int,
    read: ReadSamples,
    vad: VadOptions,
    *,
    min_pause: int,
) -> JudgedSpeech:
    """Return the speech segments of a channel of ``samples``, its doubtful sounds judged.

    ``speech`` are the segments that ``scores`` alone give under ``vad``; pauses shorter than
    ``min_pause`` samples are sent in any case, and are not searched for weak sounds.
    """
    certain: list[Span] = []
    uncertain: list[Span] = []
    for at, span in enumerate(speech):
        before = speech[at - 1].end if at else -min_pause
        after = speech[at + 1].start if at + 1 < len(speech) else samples + min_pause
        isolated = span.start - before >= min_pause and after - span.end >= min_pause
        short = isolated and span.samples < SHORT and _peak(scores, span) < HIGH_SCORE
        fits = not short or _stands_out(span, samples, read)
        (certain if fits else uncertain).append(span)
    found: list[Span] = []
    for pause in _pauses(certain, samples, min_pause):
        for span in _weak(scores, pause, samples, vad):
            if not _stands_out(span, samples, read):
                continue
            fits = _is_as_loud(span, certain, read)
            (found if fits else uncertain).append(span)
    if found:
        certain = sorted([*certain, *found])
    # A short sound may be found again as a weak one.
    doubtful = (each for each in uncertain if not any(_overlap(each, kept) for kept in found))
    return JudgedSpeech(tuple(certain), tuple(sorted(set(doubtful))))


def _pauses(speech: Sequence[Span], samples: int, min_pause: int) -> Iterator[Span]:
    """Yield the pauses of at least ``min_pause``, those before and after all speech included."""
    ends = [0, *(span.end for span in speech)]
    starts = [*(span.start for span in speech), samples]
    for end, start in zip(ends, starts, strict=True):
        if start - end >= min_pause:
            yield Span(end, start)


def _weak(scores: SpeechScores, pause: Span, samples: int, vad: VadOptions) -> Iterator[Span]:
    """Yield the weak sounds of a pause."""
    margins = (MARGIN if pause.start else 0, MARGIN if pause.end < samples else 0)
    first = -(-(pause.start + margins[0]) // WINDOW)
    last = -(-(pause.end - margins[1]) // WINDOW)
    if last <= first:
        return
    threshold = vad.threshold * WEAK_SHARE
    weak = vad.model_copy(update={"threshold": threshold, "neg_threshold": threshold / 2})
    length = min(last * WINDOW, pause.end) - first * WINDOW
    for span in speech_segments(_Slice(scores, first, last), length, weak):
        yield Span(first * WINDOW + span.start, first * WINDOW + span.end)


def _stands_out(span: Span, samples: int, read: ReadSamples) -> bool:
    """Return True if a sound stands out of the noise around it, or has nothing around it."""
    around = [
        Span(max(span.start - AROUND, 0), max(span.start - MARGIN, 0)),
        Span(min(span.end + MARGIN, samples), min(span.end + AROUND, samples)),
    ]
    levels = np.concatenate([_levels(read(each)) for each in around])
    if not len(levels):
        return True
    noise = float(np.percentile(levels, NOISE_PERCENTILE))
    return _loudest(span, read) >= noise + STANDS_OUT_DB


def _is_as_loud(span: Span, speech: Sequence[Span], read: ReadSamples) -> bool:
    """Return True if a sound is about as loud as the nearest speech on either side of it."""
    at = bisect_left(speech, span.start, key=_start_of)
    nearest: list[Span] = []
    if at:
        before = speech[at - 1]
        nearest.append(Span(max(before.start, before.end - AROUND), before.end))
    if at < len(speech):
        after = speech[at]
        nearest.append(Span(after.start, min(after.end, after.start + AROUND)))
    powers = [10 ** (_levels(read(each)) / 10) for each in nearest]
    means = [10 * np.log10(power.mean()) for power in powers if len(power)]
    return bool(means) and _loudest(span, read) >= min(means) - BELOW_SPEECH_DB


def _loudest(span: Span, read: ReadSamples) -> float:
    return float(_levels(read(span)).max(initial=-np.inf))


def _levels(samples: Samples) -> NDArray[np.float64]:
    """Return the level of each whole window about its mean, in dB relative to one step of 16 bits."""
    whole = samples[: len(samples) // WINDOW * WINDOW].astype(np.float64).reshape(-1, WINDOW)
    return 10 * np.log10(whole.var(axis=1) + ROUNDING_POWER)


def _peak(scores: SpeechScores, span: Span) -> float:
    return float(scores[span.start // WINDOW : -(-span.end // WINDOW)].max(initial=0.0))


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _start_of(span: Span) -> int:
    return span.start
