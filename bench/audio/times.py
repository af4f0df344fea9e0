"""Are words where they were said, and each there once, when a recording went in parts?

    python -m bench.audio.times [--layouts 300] [--seams 2000]

Three questions. First the whole way: recordings whose words are known to the sample, made by
hypothesis, are cut, packed, sent over HTTP to the Deepgram stand-in, heard, mapped back and joined, in
parts, halves of parts, and channels apart. Then seams alone, with an engine that hears as real ones
do: times off by up to 0.1 s, words broken at the edges of a request, speakers numbered afresh; beside
us the way of giving each word to the part that its middle lies in. Last, how long it takes to join
twelve hours in parts, beside reading the same replies.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from bench.harness.measure import Measure, report
from bench.harness.round_trip import Recording, passed, recordings
from bench.harness.simulated_engine import (
    SimulatedEngine,
    SpokenWord,
    conversations,
    segmentation_plan,
)
from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.deepgram.response import read_reply
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.plan import Chunk
from stenoflow.testing.deepgram.replies import BAND_HZ
from stenoflow.testing.deepgram.server import StandIn
from stenoflow.times import Span, to_samples, to_seconds
from stenoflow.transcript.chunk_reply import ChunkReply
from stenoflow.transcript.merge import merge
from stenoflow.transcript.model import Transcript, Word

JITTER = to_samples(0.1)
HOURS = 12
WORDS = 300_000


@dataclass
class Tally:
    """What was found in all recordings together."""

    recordings: int = 0
    parts: int = 0
    words: int = 0
    lost: int = 0
    doubled: int = 0
    worst: int = 0
    """Samples that the worst word was off by."""
    mistaken: int = 0
    """Recordings in which a speaker was taken for another."""
    marked: int = 0
    """Recordings with a warning that a speaker could not be told again."""

    def count(self, said: Sequence[str], heard: Sequence[str]) -> bool:
        """Compare words, and say whether they are the same."""
        self.words += len(said)
        wanted, found = Counter(said), Counter(heard)
        self.lost += (wanted - found).total()
        self.doubled += (found - wanted).total()
        return list(said) == list(heard)

    def count_speakers(self, pairs: set[tuple[int | None, int]], transcript: Transcript) -> None:
        """Pairs of a speaker's number and who it was."""
        who: defaultdict[int | None, set[int]] = defaultdict(set)
        number: defaultdict[int, set[int | None]] = defaultdict(set)
        for told, truth in pairs:
            who[told].add(truth)
            number[truth].add(told)
        split = any(len(each) > 1 for each in number.values())
        mixed = any(len(each) > 1 for each in who.values())
        self.mistaken += mixed or (split and not transcript.warnings)
        self.marked += bool(transcript.warnings)


def main() -> None:
    """All three; exit status 1 where a promise was broken."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--layouts", type=int, default=300, help="recordings that go all the way")
    options.add_argument("--seams", type=int, default=2000, help="conversations for seams alone")
    chosen = options.parse_args()
    report([*all_the_way(chosen.layouts), *at_seams(chosen.seams), *twelve_hours()])


def all_the_way(layouts: int) -> list[Measure]:
    """Recordings through the stand-in and back."""
    tally = Tally()
    bare = DeepgramOptions(smart_format=None, punctuate=None)
    with StandIn() as standin, tempfile.TemporaryDirectory(prefix="times-") as folder:
        engine = DeepgramEngine(bare, Credential(standin.key, standin.url))

        @given(recording=recordings())
        def follow(recording: Recording) -> None:
            transcript, parts = passed(recording, engine, Path(folder))
            tally.recordings += 1
            tally.parts += parts
            compare(recording, transcript, tally)

        run(follow, layouts)
    print(
        f"{tally.recordings} recordings in {tally.parts} parts: {tally.words} words, {tally.lost} "
        f"lost, {tally.doubled} doubled, the worst {tally.worst} samples off; speakers taken for "
        f"another in {tally.mistaken}, marked as doubtful in {tally.marked}.",
        file=sys.stderr,
    )
    return [
        Measure(
            name="times, worst word of all",
            ours=tally.worst,
            peer=1,
            unit="samples off",
            against="one sample",
            at_most=1,
        ),
        Measure(
            name="times, words lost or doubled",
            ours=tally.lost + tally.doubled,
            peer=tally.words,
            unit="words",
            against="all words",
            at_most=0,
        ),
        Measure(
            name="times, speakers mistaken without a warning",
            ours=tally.mistaken,
            peer=tally.recordings,
            unit="recordings",
            against="all recordings",
            at_most=0,
        ),
    ]


def compare(recording: Recording, transcript: Transcript, tally: Tally) -> None:
    """Hold a transcript against the tones that it was made of."""
    for channel, tones in enumerate(recording.channels):
        words = [word for word in transcript.words if word.channel == channel]
        if tally.count([tone.word for tone in tones], [word.text for word in words]):
            pairs: set[tuple[int | None, int]] = set()
            for word, tone in zip(words, tones, strict=True):
                pairs.add((word.speaker, tone.pitch_hz // BAND_HZ))
                off = (to_samples(word.start_s) - tone.start, to_samples(word.end_s) - tone.end)
                tally.worst = max(tally.worst, *map(abs, off))
            tally.count_speakers(pairs, transcript)


@dataclass
class Seams:
    """Both ways of joining, over the same hearings."""

    ours: Tally = field(default_factory=Tally)
    by_middle: Tally = field(default_factory=Tally)


def at_seams(conversations_: int) -> list[Measure]:
    """Conversations through an engine whose times are off."""
    seams = Seams()

    @given(said=conversations())
    def follow(said: list[SpokenWord]) -> None:
        chance = random.Random(len(said) * 1_000_003 + said[-1].end)
        sent = segmentation_plan(
            said, SegmentationOptions(overlap_s=2), longest=to_samples(chance.uniform(8, 24))
        )
        engine = SimulatedEngine(chance, jitter=JITTER)
        answers = [engine.transcribe(said, part) for part in sent.chunks]
        transcript = joined(answers, sent.samples)
        texts = [word.text for word in said]
        seams.ours.recordings += 1
        seams.ours.parts += len(sent.chunks)
        if seams.ours.count(texts, [word.text for word in transcript.words]):
            pairs = zip(transcript.words, said, strict=True)
            who = {(word.speaker, truth.speaker) for word, truth in pairs}
            seams.ours.count_speakers(who, transcript)
        seams.by_middle.count(texts, [word.text for each in answers for word in middles_in(each)])

    run(follow, conversations_)
    ours, peer = seams.ours, seams.by_middle
    print(
        f"{ours.parts - ours.recordings} seams, times off by up to 0.1 s: {ours.lost} words lost and "
        f"{ours.doubled} doubled ({peer.lost} and {peer.doubled} by middles); speakers taken for "
        f"another in {ours.mistaken} of {ours.recordings}, marked as doubtful in {ours.marked}.",
        file=sys.stderr,
    )
    return [
        Measure(
            name="seams, words lost or doubled",
            ours=ours.lost + ours.doubled,
            peer=peer.lost + peer.doubled,
            unit="words",
            against="each word to the part of its middle",
            at_most=0,
        ),
        Measure(
            name="seams, speakers mistaken without a warning",
            ours=ours.mistaken,
            peer=ours.recordings,
            unit="recordings",
            against="all recordings",
            at_most=0,
        ),
    ]


def middles_in(answer: ChunkReply) -> list[Word]:
    """The words whose middle lies in what the part answers for."""
    part = answer.chunk
    return [
        word
        for word in answer.reply.words
        if part.span.start <= original_middle(part, word) < part.span.end
    ]


def original_middle(part: Chunk, word: Word) -> int:
    span = part.timeline.original_span(Span(to_samples(word.start_s), to_samples(word.end_s)))
    return (span.start + span.end) // 2


def twelve_hours() -> list[Measure]:
    """Reading and joining the replies to a long recording."""
    step = to_samples(HOURS * 3600) // WORDS
    said = [
        SpokenWord(f"word{at}", at * step, at * step + 2_000, at // 40 % 4) for at in range(WORDS)
    ]
    cutting = SegmentationOptions()
    sent = segmentation_plan(said, cutting, longest=to_samples(cutting.max_request_s))
    engine = SimulatedEngine(random.Random(0), jitter=200)
    raws = [in_json(engine.transcribe(said, part)) for part in sent.chunks]
    began_s = time.process_time()
    replies = [read_reply(raw) for raw in raws]
    read_s = time.process_time() - began_s
    answers = [ChunkReply(0, part, reply) for part, reply in zip(sent.chunks, replies, strict=True)]
    began_s = time.process_time()
    transcript = joined(answers, sent.samples)
    join_s = time.process_time() - began_s
    if [word.text for word in transcript.words] != [word.text for word in said]:
        raise AssertionError("words were lost or doubled")
    print(f"{len(answers)} parts joined in {join_s:.1f} CPU s.", file=sys.stderr)
    return [
        Measure(
            name=f"joining {HOURS} h, {WORDS:,} words",
            ours=join_s,
            peer=read_s,
            unit="CPU s",
            against="reading the replies",
            at_most=3,
        )
    ]


def in_json(answer: ChunkReply) -> bytes:
    """An answer as Deepgram writes it."""
    words = [
        {"word": word.text, "start": word.start_s, "end": word.end_s, "speaker": word.speaker}
        for word in answer.reply.words
    ]
    text = " ".join(word.text for word in answer.reply.words)
    alternative = {"transcript": text, "words": words}
    duration_s = to_seconds(answer.chunk.timeline.samples)
    return json.dumps(
        {
            "metadata": {"request_id": "bench", "duration": duration_s},
            "results": {"channels": [{"alternatives": [alternative]}]},
        }
    ).encode()


def joined(answers: Sequence[ChunkReply], samples: int) -> Transcript:
    return merge(
        answers,
        duration_s=to_seconds(samples),
        engine="bench",
        accuracy="standard",
        separate_channels=False,
    )


def run(follow: object, examples: int) -> None:
    """Call what hypothesis feeds with so many examples, the same in every run."""
    chosen = settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    chosen(follow)()  # type: ignore[operator]


if __name__ == "__main__":
    main()
