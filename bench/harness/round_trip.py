"""Recordings of known words on their whole way: cut, packed, sent over HTTP, heard, mapped, joined."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from bench.harness.tone_layouts import layouts
from stenoflow.audio.encoding import encode
from stenoflow.engines.base import Engine
from stenoflow.engines.registry import engine_spec
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.plan import Chunk
from stenoflow.segmentation.planner import SHORTEST_HALVED, halve, plan_channel
from stenoflow.testing.tones import LONGEST, Tone, synthesize
from stenoflow.times import Span, to_seconds
from stenoflow.transcript.chunk_reply import ChunkReply
from stenoflow.transcript.merge import merge
from stenoflow.transcript.model import Transcript

GO_ON = threading.Event()


@dataclass(frozen=True, slots=True)
class Recording:
    """Tones on one or two channels, and how they are to be sent."""

    channels: tuple[tuple[Tone, ...], ...]
    cutting: SegmentationOptions
    longest: int
    """Samples of the longest request."""
    halved: frozenset[int]
    """Parts, by their place among all, that the engine finds too long."""

    @property
    def samples(self) -> int:
        return max((tones[-1].end for tones in self.channels if tones), default=0) + LONGEST

    @property
    def apart(self) -> bool:
        return len(self.channels) > 1


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    """Of up to a minute, in up to a dozen parts with an overlap of a second or more."""
    alike = draw(st.booleans())
    tones = layouts(least=10, most=30, longest_silence=40_000, alike=alike).map(tuple)
    return Recording(
        channels=tuple(draw(st.lists(tones, min_size=1, max_size=2))),
        cutting=SegmentationOptions(
            keep_s=draw(st.sampled_from([0.03, 0.05, 0.1])),
            min_pause_s=draw(st.sampled_from([0.1, 0.2, 0.5])),
            min_saving=draw(st.sampled_from([0.0, 0.05, 1.0])),
            overlap_s=draw(st.sampled_from([1.0, 2.0, 10.0])),
        ),
        longest=draw(st.integers(80_000, 240_000)),
        halved=draw(st.frozensets(st.integers(0, 5))),
    )


def passed(recording: Recording, engine: Engine, folder: Path) -> tuple[Transcript, int]:
    """What comes back of a recording, and in how many parts it was sent."""
    answers: list[ChunkReply] = []
    for channel, tones in enumerate(recording.channels):
        pcm = folder / "pcm"
        synthesize(tones, recording.samples).astype("<i2").tofile(pcm)
        for part in _parts(recording, tones, channel):
            body = encode(pcm, part.timeline.kept, folder / "body", encoding="flac", stop=GO_ON)
            reply = engine.parse(engine.transcribe(body, stop=GO_ON))
            answers.append(ChunkReply(channel, part, reply))
    transcript = merge(
        answers,
        duration_s=to_seconds(recording.samples),
        engine=engine.name,
        accuracy=engine_spec(engine.name).capabilities.accuracy,
        separate_channels=recording.apart,
    )
    return transcript, len(answers)


def _parts(recording: Recording, tones: Sequence[Tone], channel: int) -> list[Chunk]:
    speech = [Span(tone.start, tone.end) for tone in tones]
    cut = plan_channel(
        speech, recording.samples, recording.cutting, longest=recording.longest, channel=channel
    )
    parts: list[Chunk] = []
    for at, part in enumerate(cut.chunks):
        if at in recording.halved and part.timeline.samples >= SHORTEST_HALVED:
            parts += halve(part, speech, recording.cutting)
        else:
            parts.append(part)
    return parts
