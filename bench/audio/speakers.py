"""Diarization error of estimated speakers, on recordings with labelled turns and on made conversations.

    python -m bench.audio.speakers

The error rate is the time that is missed, is not speech, or has the wrong speaker, over the time that
somebody speaks. A quarter of a second on each side of a labelled change, and speech of several people at
once, are left out (NIST's rules, as pyannote.metrics has them with ``collar=0.5, skip_overlap=True``).

Made conversations are of the corpus's recordings of single people, each with a few turns of two to four
of them; of those, where speech is found is taken as right. Narrowband ones are limited to telephone's
band. The voices are in the halves of ``bench.harness.corpus``: distances were chosen on one half, and the
other one is what counts.
"""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment  # pyright: ignore[reportMissingTypeStubs]
from scipy.signal import butter, sosfiltfilt  # pyright: ignore[reportMissingTypeStubs,reportUnknownVariableType]

from bench.harness.corpus import Half, half_of, recordings
from bench.harness.material import decoded
from bench.harness.measure import Measure, report
from stenoflow.speakers.encoder import SpeakerEncoder, open_encoder
from stenoflow.speakers.estimate import SpeakerTurn, estimate_speakers
from stenoflow.times import SAMPLE_RATE, Span, to_samples
from stenoflow.vad.detector import speech_scores
from stenoflow.vad.options import VadOptions
from stenoflow.vad.segments import speech_segments

HALVES: tuple[Half, ...] = ("to choose on", "to report")
FRAME = SAMPLE_RATE // 100
COLLAR = SAMPLE_RATE // 4
SHORTEST_S = 4.5
"""Recordings of single people that are shorter are not used."""
MADE = 12
"""Conversations of each half and band."""

Turn = tuple[Span, str]
Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A recording whose turns are known."""

    name: str
    half: Half
    samples: Samples
    turns: tuple[Turn, ...]
    """() if one person speaks all the time."""
    made: bool = False


def main() -> None:
    """Print each recording's error, and the means of both halves."""
    encoder = open_encoder("ge2e")
    if not recordings():
        print("left out for want of the corpus: speakers", file=sys.stderr)
        return
    measures: list[Measure] = []
    for kind, found in (
        ("one person", list(single_people())),
        ("labelled", list(labelled())),
        ("made", list(made(narrow=False))),
        ("made narrowband", list(made(narrow=True))),
    ):
        for half in HALVES:
            mine = [each for each in found if each.half == half]
            errors = [_print_error(each, encoder) for each in mine]
            if errors:
                measures.append(
                    Measure(
                        name=f"diarization error, {kind}, {half}",
                        ours=100 * mean(errors),
                        peer=100 * mean(_error_of_one_voice(each) for each in mine),
                        unit="%",
                        against="one speaker for all",
                    )
                )
    report(measures)


def _print_error(conversation: Conversation, encoder: SpeakerEncoder) -> float:
    found, speech = estimated(conversation.samples, encoder)
    labelled_turns = (
        _within(conversation.turns, speech) if conversation.made else conversation.turns
    )
    number = len({turn.speaker for turn in found})
    if labelled_turns:
        error = diarization_error(labelled_turns, found, len(conversation.samples))
        true = len({who for _, who in labelled_turns})
    else:
        error, true = float(number > 1), 1
    print(f"{conversation.half:12} {error:6.1%} {number} of {true} speakers  {conversation.name}")
    return error


def _error_of_one_voice(conversation: Conversation) -> float:
    if not conversation.turns:
        return 0.0
    speech = [span for span, _ in conversation.turns]
    one = [SpeakerTurn(span, 0, None) for span in speech]
    return diarization_error(conversation.turns, one, len(conversation.samples))


def estimated(
    samples: Samples, encoder: SpeakerEncoder
) -> tuple[tuple[SpeakerTurn, ...], tuple[Span, ...]]:
    """Return the estimated turns of a recording, and where speech was found."""
    speech = speech_segments(speech_scores(samples), len(samples), VadOptions())
    with tempfile.TemporaryDirectory(prefix="speakers-") as folder:
        pcm = Path(folder) / "samples.pcm"
        samples.astype("<i2").tofile(pcm)
        return estimate_speakers(pcm, speech, encoder, (1, 20)), speech


def single_people() -> Iterator[Conversation]:
    """The recordings in which one person speaks, as the corpus says."""
    for entry in recordings("speech"):
        if entry["speakers"] == 1 and (entry["seconds"] or 0) >= SHORTEST_S:
            name = entry["name"]
            yield Conversation(name, half_of(name), _mono(entry["path"]), ())


def labelled() -> Iterator[Conversation]:
    """The conversations whose turns the corpus has."""
    for entry in recordings("conversation"):
        turns = [each for each in entry["turns"] or () if each[0] is not None]
        if turns:
            spans = tuple((Span(to_samples(a), to_samples(b)), who) for a, b, who, *_ in turns)
            name = entry["name"]
            yield Conversation(name, half_of(name), _mono(entry["path"]), spans)


def made(*, narrow: bool) -> Iterator[Conversation]:
    """Conversations of two to four people who were recorded by themselves."""
    people: dict[Half, list[Conversation]] = {half: [] for half in HALVES}
    voices: set[str] = set()
    for each in single_people():
        # Two projects have recordings of LJ Speech; the others have one speaker each, or one language.
        file = each.name.rpartition("/")[2]
        voice = "LJ Speech" if "LJ0" in file else file.partition("__")[0]
        if voice not in voices:
            voices.add(voice)
            people[each.half].append(each)
    band = butter(8, [300, 3400], "bandpass", fs=SAMPLE_RATE, output="sos")
    for half in HALVES:
        chance = np.random.default_rng(7)
        for number in range(MADE):
            most = min(4, len(people[half]))
            chosen = chance.choice(len(people[half]), min(2 + number % 3, most), replace=False)
            samples, turns = _conversation([people[half][at] for at in chosen], chance)
            if narrow:
                samples = sosfiltfilt(band, samples)
            name = f"{'narrowband' if narrow else 'made'} {number}"
            yield Conversation(name, half, np.rint(samples).astype(np.int16), turns, made=True)


def _conversation(
    people: Sequence[Conversation], chance: np.random.Generator
) -> tuple[NDArray[np.float64], tuple[Turn, ...]]:
    pieces: list[NDArray[np.float64]] = []
    turns: list[Turn] = []
    places = {each.name: 0 for each in people}
    at, last = 0, ""
    for _ in range(6 * len(people)):
        able = [
            each
            for each in people
            if each.name != last and places[each.name] + SAMPLE_RATE < len(each.samples)
        ]
        if not able:
            break
        who = able[int(chance.integers(len(able)))]
        start = places[who.name]
        piece = who.samples[start : start + to_samples(float(chance.uniform(1.2, 6)))].astype(float)
        places[who.name] += len(piece)
        piece *= 2000 * 10 ** (chance.uniform(-4, 4) / 20) / (np.sqrt(np.mean(piece**2)) + 1)
        turns.append((Span(at, at + len(piece)), who.name))
        pause = chance.normal(0, 10, to_samples(float(chance.uniform(0.2, 0.9))))
        pieces += [np.clip(piece, -32768, 32767), pause]
        at += len(piece) + len(pause)
        last = who.name
    return np.concatenate(pieces), tuple(turns)


def _mono(path: Path) -> Samples:
    samples = decoded(path)
    return samples if samples.ndim == 1 else samples.mean(axis=1).astype(np.int16)


def _within(turns: Iterable[Turn], speech: Sequence[Span]) -> tuple[Turn, ...]:
    """Return the turns as far as they are in ``speech``."""
    return tuple(
        (Span(max(span.start, part.start), min(span.end, part.end)), who)
        for span, who in turns
        for part in speech
        if part.start < span.end and span.start < part.end
    )


def diarization_error(turns: Sequence[Turn], found: Sequence[SpeakerTurn], samples: int) -> float:
    """Return the diarization error rate of a recording of ``samples``, see the module's description."""
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
    pairs = np.zeros((len(people), max(int(guessed.max(initial=0)), 0) + 1))
    np.add.at(pairs, (true[both], guessed[both]), 1)
    rows, columns = linear_sum_assignment(-pairs)
    wrong = int(((true >= 0) != (guessed >= 0)).sum()) + int(
        both.sum() - pairs[rows, columns].sum()
    )
    return wrong / max(int((true >= 0).sum()), 1)


if __name__ == "__main__":
    main()
