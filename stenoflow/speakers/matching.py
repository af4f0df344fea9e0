"""Matching: which speakers of a recording are people whose voices are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import optimize as untyped_optimize  # pyright: ignore[reportMissingTypeStubs]

from stenoflow.speakers.clustering import Calibrations
from stenoflow.speakers.voice_store import KnownVoice
from stenoflow.speakers.voiceprint import Voiceprint, closeness
from stenoflow.times import Seconds

_optimize = cast(Any, untyped_optimize)

LEAST_SPEECH_S = Seconds(4.0)
"""A speaker who speaks for less than this has no name: so little speech does not identify a voice."""


@dataclass(frozen=True, slots=True)
class Match:
    """The person that a speaker is."""

    name: str
    closeness: float
    """Cosine of the speaker's voice and the known one."""


def match_voices(
    speakers: Mapping[int, Voiceprint], known: Sequence[KnownVoice], calibrations: Calibrations
) -> dict[int, Match]:
    """Return who the speakers of one channel are, as far as their voices are known.

    A person is at most one of them. Of all ways to pair those who are close enough, it is one with the most
    pairs, and of these the one by which they are closest together.
    """
    long = {number: found for number, found in speakers.items() if found.speech_s >= LEAST_SPEECH_S}
    if not long or not known:
        return {}
    found = np.array(
        [
            [closeness(one, other.voiceprint, calibrations) for other in known]
            for one in long.values()
        ]
    )
    excess = found[:, :, 0] - found[:, :, 1]
    # The 1 makes more pairs better than closer ones.
    rows, columns = _optimize.linear_sum_assignment(
        np.where(excess >= 0, 1 + excess, 0), maximize=True
    )
    numbers = list(long)
    matches: dict[int, Match] = {}
    for row, column in zip(map(int, rows), map(int, columns), strict=True):
        if excess[row, column] >= 0:
            near = round(float(found[row, column, 0]), 4)
            matches[numbers[row]] = Match(known[column].name, near)
    return matches
