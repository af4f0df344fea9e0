"""Speaker turns, estimated from the voices in a channel.

Speech is cut into windows of the encoder's length, a quarter of a second apart (farther in very long
recordings, so that memory and time stay bounded). A segment shorter than a window is repeated to fill it.
A turn goes from the middle between two windows to the next such place at which the voice changes.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stenoflow.speakers.band import BandMeter
from stenoflow.speakers.clustering import cluster, margins
from stenoflow.speakers.encoder import SpeakerEncoder
from stenoflow.speakers.windows import Window, read_windows, speech_windows
from stenoflow.times import Span

MOST_WINDOWS = 14_400
"""An hour of speech; in longer recordings windows are farther apart."""


@dataclass(frozen=True, slots=True)
class SpeakerTurn:
    """A stretch of speech of one voice."""

    span: Span
    """In samples of the recording."""
    speaker: int
    """Counted from 0 in the order in which they appear on the channel."""
    margin: float | None
    """By how much the voice is closer to this speaker than to any other; None if there is no other."""


def estimate_speakers(
    pcm: Path,
    speech: Sequence[Span],
    encoder: SpeakerEncoder,
    bounds: tuple[int, int],
    *,
    stop: threading.Event | None = None,
) -> tuple[SpeakerTurn, ...]:
    """Return the turns of all speakers of one channel, in order.

    ``pcm`` holds the channel's samples, see :mod:`stenoflow.audio.samples`; ``speech`` are its speech
    segments; ``bounds`` are the fewest and the most speakers. Raises Stopped once ``stop`` is set.
    """
    windows = speech_windows(speech, encoder.window, most=MOST_WINDOWS)
    if not windows:
        return ()
    meter = BandMeter()
    vectors: list[NDArray[np.float32]] = []
    for batch in read_windows(pcm, windows, encoder.window, stop=stop):
        meter.feed(batch)
        vectors.append(encoder.embed(batch))
    found = np.concatenate(vectors)
    calibrations = encoder.calibrations
    labels = cluster(found, calibrations.narrow if meter.narrow else calibrations.wide, bounds)
    return tuple(_turns(windows, labels, margins(found, labels)))


def _turns(
    windows: Sequence[Window], labels: NDArray[np.int64], found: NDArray[np.float32] | None
) -> Iterator[SpeakerTurn]:
    """Yield the turns: neighbouring windows of one segment and one voice are one turn."""
    first = 0
    start = windows[0].segment.start
    for at, window in enumerate(windows):
        following = windows[at + 1] if at + 1 < len(windows) else None
        same_segment = following is not None and following.segment == window.segment
        if same_segment and labels[at + 1] == labels[at]:
            continue
        if following is not None and same_segment:
            end = (_middle(window.span) + _middle(following.span)) // 2
        else:
            end = window.segment.end
        margin = None if found is None else round(float(found[first : at + 1].mean()), 4)
        yield SpeakerTurn(Span(start, end), int(labels[at]), margin)
        first = at + 1
        if following is not None:
            start = end if same_segment else following.segment.start


def _middle(span: Span) -> int:
    return (span.start + span.end) // 2
