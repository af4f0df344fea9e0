"""Tracks: the channels of a recording that differ, each analyzed once.

Most stereo files hold the same sound twice, and many tracks of a recorder hold nothing. Channels that are
the same so far, one perhaps with the opposite sign, are one track, whose samples are their mean; from where a
channel differs it is a track of its own, which begins with a copy of what was common. Channels that
were silent so far are no track at all.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stenoflow.audio.channel_analyzer import ChannelAnalyzer
from stenoflow.vad.scores import WINDOW

Samples = NDArray[np.float32]
Signs = dict[int, int]
"""Channels, and 1 or -1 for each: what a channel is multiplied by to be the same as the first one."""

SAME_POWER = 4.0
"""Channels are the same where they differ by no more than two steps of 16 bits, -84 dBFS,"""
SAME_RATIO = 10**-4
"""or by no more than 40 dB below their own level."""

CORRELATED = 8
"""Of each block so much, an eighth, is looked at for opposite signs."""

OPPOSITE = -0.1
"""Tracks whose correlation is below this have opposite signs."""


@dataclass(slots=True)
class Track:
    """Channels that have been the same so far, analyzed as one."""

    channels: Signs
    analyzer: ChannelAnalyzer
    exact: bool = False
    """True if its channels are equal, number by number, in the current block."""

    @property
    def first(self) -> int:
        """The channel after which it is named, and whose sign is 1."""
        return min(self.channels)


class Tracks:
    """Finds and analyzes the tracks of a recording."""

    def __init__(self, folder: Path, stack: ExitStack, speech_threshold: float) -> None:
        self._start: Callable[[int], ChannelAnalyzer] = lambda channel: ChannelAnalyzer(
            folder / f"channel-{channel}", stack, speech_threshold
        )
        self._folder = folder
        self._tracks: list[Track] = []
        self._samples = 0
        self._products: NDArray[np.float64] | None = None

    def __iter__(self) -> Iterator[Track]:
        return iter(sorted(self._tracks, key=lambda track: track.first))

    def feed(self, block: Samples) -> None:
        """Analyze the next samples of all channels, shape (channels, n)."""
        for track in list(self._tracks):
            self._split(track, block)
        known = {channel for track in self._tracks for channel in track.channels}
        sounding = [at for at in range(len(block)) if at not in known and block[at].any()]
        for signs in _grouped(sounding, block):
            analyzer = self._start(min(signs))
            analyzer.skip(self._samples)
            self._tracks.append(Track(signs, analyzer))
        for track in self._tracks:
            track.analyzer.feed(block[track.first] if track.exact else _mean(track.channels, block))
            track.exact = False
        if len(self._tracks) > 1:
            self._correlate(block)
        self._samples += block.shape[1]

    def finish_silent(self) -> None:
        """Make a track of the first channel if all were silent."""
        if not self._tracks:
            analyzer = self._start(0)
            analyzer.skip(self._samples)
            self._tracks.append(Track({0: 1}, analyzer))

    def sign(self, one: Track, other: Track) -> int:
        """Return -1 if what two tracks have in common has opposite signs, else 1."""
        if self._products is None:
            return 1
        products = self._products
        powers = products[one.first, one.first] * products[other.first, other.first]
        return -1 if products[one.first, other.first] < OPPOSITE * powers**0.5 else 1

    def _split(self, track: Track, block: Samples) -> None:
        """Make tracks of the channels of a track that differ in this block."""
        first = track.first
        others = {at: sign for at, sign in track.channels.items() if at != first}
        track.exact = all(
            sign > 0 and np.array_equal(block[first], block[at]) for at, sign in others.items()
        )
        if track.exact:
            return
        leaving = [at for at, sign in others.items() if not _same(block[first], block[at], sign)]
        if not leaving:
            return
        for signs in _grouped(leaving, block):
            path = self._folder / f"channel-{min(signs)}"
            self._tracks.append(Track(signs, track.analyzer.copy_to(path)))
        track.channels = {at: sign for at, sign in track.channels.items() if at not in leaving}

    def _correlate(self, block: Samples) -> None:
        # The differences between neighbours, as hum and an offset are not speech.
        changes = np.diff(block[:, : block.shape[1] // CORRELATED], axis=1)
        products = (changes @ changes.T).astype(np.float64)
        if self._products is None:
            self._products = products
        else:
            self._products += products


def _grouped(channels: list[int], block: Samples) -> list[Signs]:
    """Return the channels in groups that are the same in this block."""
    groups: list[Signs] = []
    for channel in channels:
        for group in groups:
            first = min(group)
            found = [sign for sign in (1, -1) if _same(block[first], block[channel], sign)]
            if found:
                group[channel] = found[0]
                break
        else:
            groups.append({channel: 1})
    return groups


def _mean(channels: Signs, block: Samples) -> Samples:
    [first, *others] = sorted(channels)
    if not others:
        return block[first]
    summed = block[first].copy()
    for each in others:
        summed += channels[each] * block[each]
    return summed / np.float32(len(channels))


def _same(one: Samples, other: Samples, sign: int) -> bool:
    """Return True if a channel is the same as another times ``sign``, in each window."""
    if sign > 0 and np.array_equal(one, other):
        return True
    difference = one - other if sign > 0 else one + other
    starts = range(0, len(one), WINDOW)
    lost = np.add.reduceat(difference * difference, starts)
    powers = np.add.reduceat(one * one, starts)
    return bool((lost <= np.maximum(SAME_RATIO * powers, SAME_POWER * WINDOW)).all())
