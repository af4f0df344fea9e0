"""Recordings of known words through all stages: segment, encode, send, recognize, map back, merge."""

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
    """Tones on one or two channels, and how they are sent."""

    channels: tuple[tuple[Tone, ...], ...]
    segmentation: SegmentationOptions
    max_samples: int
    """Maximum length of a request, in samples."""
    halved: frozenset[int]
    """Indices of the chunks that the engine finds too long."""

    @property
    def samples(self) -> int:
        """Return the length in samples."""
        return max((tones[-1].end for tones in self.channels if tones), default=0) + LONGEST

    @property
    def separate_channels(self) -> bool:
        """Return True if there is more than one channel."""
        return len(self.channels) > 1


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    """Draw recordings of up to a minute, in up to a dozen chunks that overlap by a second or more."""
    alike = draw(st.booleans())
    tones = layouts(least=10, most=30, longest_silence=40_000, alike=alike).map(tuple)
    return Recording(
        channels=tuple(draw(st.lists(tones, min_size=1, max_size=2))),
        segmentation=SegmentationOptions(
            keep_s=draw(st.sampled_from([0.03, 0.05, 0.1])),
            min_pause_s=draw(st.sampled_from([0.1, 0.2, 0.5])),
            min_saving=draw(st.sampled_from([0.0, 0.05, 1.0])),
            overlap_s=draw(st.sampled_from([1.0, 2.0, 10.0])),
        ),
        max_samples=draw(st.integers(80_000, 240_000)),
        halved=draw(st.frozensets(st.integers(0, 5))),
    )


def round_trip(recording: Recording, engine: Engine, folder: Path) -> tuple[Transcript, int]:
    """Send a recording through all stages; return its transcript, and the number of chunks."""
    replies: list[ChunkReply] = []
    for channel, tones in enumerate(recording.channels):
        pcm = folder / "pcm"
        synthesize(tones, recording.samples).astype("<i2").tofile(pcm)
        for chunk in _chunks(recording, tones, channel):
            body = encode(pcm, chunk.timeline.kept, folder / "body", encoding="flac", stop=GO_ON)
            reply = engine.parse(engine.transcribe(body, stop=GO_ON))
            replies.append(ChunkReply(channel, chunk, reply))
    transcript = merge(
        replies,
        duration_s=to_seconds(recording.samples),
        engine=engine.name,
        accuracy=engine_spec(engine.name).capabilities.accuracy,
        separate_channels=recording.separate_channels,
    )
    return transcript, len(replies)


def _chunks(recording: Recording, tones: Sequence[Tone], channel: int) -> list[Chunk]:
    speech = [Span(tone.start, tone.end) for tone in tones]
    planned = plan_channel(
        speech,
        recording.samples,
        recording.segmentation,
        longest=recording.max_samples,
        channel=channel,
    )
    chunks: list[Chunk] = []
    for index, chunk in enumerate(planned.chunks):
        if index in recording.halved and chunk.timeline.samples >= SHORTEST_HALVED:
            chunks += halve(chunk, speech, recording.segmentation)
        else:
            chunks.append(chunk)
    return chunks
