"""Known voices: how often a person is not recognized, and how often another person is taken for one.

    python -m bench.audio.voices

Recordings of single people are cut into pieces of about eight seconds of speech, those of labelled
conversations, whose speakers speak for less, of four. Each piece is compared with each other one: two of one
person must be as close as a name asks for, two of different people must not. Telephone speech is the same,
limited to its band. The voices are in the halves of ``bench.harness.corpus``: the limits were chosen on one
half, and the other one is what counts.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.audio.speakers import HALVES, labelled, single_people
from bench.harness.corpus import Half, half_of, recordings
from bench.harness.measure import Measure, report
from stenoflow.speakers.encoder import SpeakerEncoder, open_encoder
from stenoflow.speakers.voiceprint import Voiceprint, closeness, take_voiceprint
from stenoflow.times import Span, to_samples
from stenoflow.vad.detector import speech_scores
from stenoflow.vad.options import VadOptions
from stenoflow.vad.segments import speech_segments

READERS = {"LJ0": "LJ Speech", "austen": "Karen Savage"}
"""People of whom there are several recordings, by a part of these files' names."""

TOLD_APART = ("sample.wav", "diarizationExample.wav")
"""Labelled conversations in which people do not talk at once."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of one person's speech."""

    person: str
    voice: Voiceprint


def main() -> None:
    """Print both error rates for both bands and halves."""
    if not recordings():
        print("left out for want of the corpus: known voices", file=sys.stderr)
        return
    encoder = open_encoder("ge2e")
    pieces = list(_pieces(encoder))
    narrow = [replace(each, voice=replace(each.voice, wide=None)) for each in pieces]
    measures: list[Measure] = []
    wide = [each for each in pieces if each.voice.wide is not None]
    for band, found in (("studio", wide), ("telephone", narrow)):
        for half in HALVES:
            measures += _measures(
                [each for each in found if _half(each) == half], band, half, encoder
            )
    report(measures)


def _measures(
    pieces: Sequence[Piece], band: str, half: Half, encoder: SpeakerEncoder
) -> Iterator[Measure]:
    wrong: dict[bool, list[bool]] = {True: [], False: []}
    for one, other in combinations(pieces, 2):
        near, limit = closeness(one.voice, other.voice, encoder.calibrations)
        same = one.person == other.person
        wrong[same].append((near >= limit) != same)
    for same, what in ((True, "not recognized"), (False, "taken for another")):
        people = len({each.person for each in pieces})
        yield Measure(
            name=f"{band}, {what}, {half}",
            ours=100 * float(np.mean(wrong[same])),
            unit="%",
            peer=100.0,
            against=f"{len(wrong[same])} pairs of {people} people",
        )


def _half(piece: Piece) -> Half:
    return half_of(piece.person)


def _pieces(encoder: SpeakerEncoder) -> Iterator[Piece]:
    for each in single_people():
        file = each.name.rpartition("/")[2]
        person = next((READERS[part] for part in READERS if part in file), file)
        speech = speech_segments(speech_scores(each.samples), len(each.samples), VadOptions())
        yield from _cut(person, each.samples, speech, 8.0, encoder)
    for each in labelled():
        if each.name.endswith(TOLD_APART):
            for person in sorted({who for _, who in each.turns}):
                spans = [span for span, who in each.turns if who == person]
                yield from _cut(f"{each.name} {person}", each.samples, spans, 4.0, encoder)


def _cut(
    person: str,
    samples: NDArray[np.int16],
    speech: Sequence[Span],
    length_s: float,
    encoder: SpeakerEncoder,
) -> Iterator[Piece]:
    """Yield the pieces that the speech of one person is cut into."""
    spoken = np.concatenate([samples[span.start : span.end] for span in speech])
    count = max(1, len(spoken) // to_samples(length_s))
    with tempfile.TemporaryDirectory(prefix="voices-") as folder:
        pcm = Path(folder) / "samples.pcm"
        for part in np.array_split(spoken, count):
            part.astype("<i2").tofile(pcm)
            voice = take_voiceprint(pcm, [Span(0, len(part))], encoder)
            if voice and voice.speech_s >= 4:
                yield Piece(person, voice)


if __name__ == "__main__":
    main()
