"""From speech scores to speech segments, as ``silero_vad.get_speech_timestamps`` finds them.

The wheel's own function cannot be imported without torch; a test compares the two for all settings.
"""

import math
from collections.abc import Iterator

from stenoflow.times import SAMPLE_RATE, Span, ms_to_samples
from stenoflow.vad.options import VadOptions
from stenoflow.vad.scores import WINDOW, SpeechScores, iterate_scores

HYSTERESIS = 0.15
LOWEST_THRESHOLD = 0.01
SPLIT_PAUSE = ms_to_samples(98)
"""Speech that grows too long may be split at a pause longer than this. These three are Silero's."""


def speech_segments(
    speech_scores: SpeechScores, samples: int, options: VadOptions
) -> tuple[Span, ...]:
    """Return the speech segments of a channel of ``samples``, in order, without overlap.

    ``speech_scores`` are those of a :class:`stenoflow.vad.detector.SpeechDetector`. The segments are the
    ones that ``silero_vad.get_speech_timestamps`` finds with the same options.
    """
    found = _segments(speech_scores, samples, options)
    return tuple(Span(start, end) for start, end in _padded(found, samples, options))


def _segments(
    speech_scores: SpeechScores, samples: int, options: VadOptions
) -> Iterator[tuple[int, int]]:
    """Yield speech from its first window to the silence after it, before any padding.

    Speech that grows too long ends at the longest pause in it, and goes on after that pause; without a
    pause it ends where it is, and starts again with the next window of speech.
    """
    upper, lower = options.threshold, _lower_threshold(options)
    shortest, longest = ms_to_samples(options.min_speech_ms), _longest(options)
    silence = ms_to_samples(options.min_silence_ms)
    start: int | None = None
    pause: int | None = None
    pauses: list[tuple[int, int]] = []
    for window, score in enumerate(iterate_scores(speech_scores)):
        here = window * WINDOW
        if score >= upper:
            if start is None:
                start = here
                continue
            if pause is not None:
                if here - pause > SPLIT_PAUSE:
                    pauses.append((pause, here))
                pause = None
        if start is None:
            continue
        if here - start > longest:
            if not pauses:
                yield start, here
                start = pause = None
                continue
            end, again = max(pauses, key=_length)
            yield start, end
            start, pause, pauses = again, None, []
        if score < lower:
            pause = here if pause is None else pause
            if here - pause >= silence:
                if pause - start > shortest:
                    yield start, pause
                start, pause, pauses = None, None, []
    if start is not None and samples - start > shortest:
        yield start, samples


def _padded(
    segments: Iterator[tuple[int, int]], samples: int, options: VadOptions
) -> Iterator[tuple[int, int]]:
    """Widen segments on both sides; where two come too near for that, by half of their pause."""
    padding = ms_to_samples(options.speech_pad_ms)
    widened = padding
    segment = next(segments, None)
    while segment:
        following = next(segments, None)
        start, end = max(segment[0] - widened, 0), segment[1]
        widened = padding
        if following and following[0] - end < 2 * padding:
            widened = (following[0] - end) // 2
            yield start, end + widened
        else:
            yield start, min(end + padding, samples)
        segment = following


def _lower_threshold(options: VadOptions) -> float:
    if options.neg_threshold is not None:
        return options.neg_threshold
    return max(options.threshold - HYSTERESIS, LOWEST_THRESHOLD)


def _longest(options: VadOptions) -> float:
    if options.max_speech_s is None:
        return math.inf
    return SAMPLE_RATE * options.max_speech_s - WINDOW - 2 * ms_to_samples(options.speech_pad_ms)


def _length(segment: tuple[int, int]) -> int:
    return segment[1] - segment[0]
