"""How far estimated speakers are from labelled ones: in time, and in words.

The error in time is the one of NIST: time that is missed, time that is not speech, and time that has the
wrong speaker, over the time that somebody speaks. A quarter of a second on each side of a labelled change
is left out, and so is speech of several people at once: as pyannote.metrics counts with ``collar=0.5,
skip_overlap=True``. The rate of several recordings is that of all their time, so a recording counts by
how much speech of it is counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment  # pyright: ignore[reportMissingTypeStubs]

from stenoflow.speakers.estimate import SpeakerTurn
from stenoflow.times import SAMPLE_RATE, Seconds, Span, to_samples
from stenoflow.transcript.model import Word

FRAME = SAMPLE_RATE // 1000
COLLAR = SAMPLE_RATE // 4

Turn = tuple[Span, str]
"""A labelled turn: when it is, and who speaks."""


@dataclass(frozen=True, slots=True)
class DiarizationError:
    """Time that is wrong, and all time that is counted."""

    spoken_s: Seconds = Seconds(0.0)
    """Labelled speech of one person, without the collars."""
    missed_s: Seconds = Seconds(0.0)
    false_s: Seconds = Seconds(0.0)
    """Estimated speech outside of the labelled speech."""
    confused_s: Seconds = Seconds(0.0)
    """Speech with another speaker than the labelled one, under the best mapping of speakers."""

    @property
    def rate(self) -> float:
        """Return the diarization error rate; more than 1 is possible."""
        wrong = self.missed_s + self.false_s + self.confused_s
        return wrong / self.spoken_s if self.spoken_s else float(wrong > 0)

    def __add__(self, other: "DiarizationError") -> "DiarizationError":
        """Return the error of two recordings together."""
        return DiarizationError(
            Seconds(self.spoken_s + other.spoken_s),
            Seconds(self.missed_s + other.missed_s),
            Seconds(self.false_s + other.false_s),
            Seconds(self.confused_s + other.confused_s),
        )


def total(errors: Iterable[DiarizationError]) -> DiarizationError:
    """Return the error of several recordings together."""
    return reduce(add, errors, DiarizationError())


def diarization_error(
    turns: Sequence[Turn], found: Sequence[SpeakerTurn], samples: int
) -> DiarizationError:
    """Return the error of the estimated turns of a recording of ``samples``."""
    frames = -(-samples // FRAME)
    people = sorted({who for _, who in turns})
    spoken = np.zeros((frames, len(people)), bool)
    counted = np.ones(frames, bool)
    for span, who in turns:
        spoken[span.start // FRAME : span.end // FRAME, people.index(who)] = True
        for edge in (span.start, span.end):
            counted[max(edge - COLLAR, 0) // FRAME : (edge + COLLAR) // FRAME] = False
    guessed = np.full(frames, -1)
    for turn in found:
        guessed[turn.span.start // FRAME : turn.span.end // FRAME] = turn.speaker
    counted &= spoken.sum(axis=1) <= 1
    true = np.where(spoken.any(axis=1), spoken.argmax(axis=1), -1)[counted]
    guessed = guessed[counted]
    both = (true >= 0) & (guessed >= 0)
    pairs = np.zeros((len(people), int(guessed.max(initial=0)) + 1))
    np.add.at(pairs, (true[both], guessed[both]), 1)
    return DiarizationError(
        spoken_s=_seconds(true >= 0),
        missed_s=_seconds((true >= 0) & (guessed < 0)),
        false_s=_seconds((true < 0) & (guessed >= 0)),
        confused_s=Seconds((both.sum() - _mapped(pairs)) * FRAME / SAMPLE_RATE),
    )


def words_right(words: Sequence[Word], turns: Sequence[Turn]) -> int:
    """Return how many words have the right speaker, under the best mapping of speakers to people.

    A word is of whoever speaks at its middle, and where several do, of any of them; where nobody does, of
    the nearest one.
    """
    people = sorted({who for _, who in turns})
    speakers = sorted({word.speaker for word in words if word.speaker is not None})
    pairs = np.zeros((len(people), max(len(speakers), 1)))
    for word in words:
        if word.speaker is not None:
            for who in _who_speaks(to_samples((word.start_s + word.end_s) / 2), turns):
                pairs[people.index(who), speakers.index(word.speaker)] += 1
    return int(_mapped(pairs))


def _who_speaks(at: int, turns: Sequence[Turn]) -> set[str]:
    distances = [(max(span.start - at, at - span.end, 0), who) for span, who in turns]
    nearest = min(distance for distance, _ in distances)
    return {who for distance, who in distances if distance == nearest}


def _seconds(frames: NDArray[np.bool_]) -> Seconds:
    return Seconds(int(frames.sum()) * FRAME / SAMPLE_RATE)


def _mapped(pairs: NDArray[np.float64]) -> float:
    """Return what people and speakers share under the best mapping of one to the other."""
    return float(pairs[linear_sum_assignment(-pairs)].sum())
