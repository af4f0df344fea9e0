"""Recordings whose words are known, and an engine that is as inexact about them as real ones are.

It transcribes each request by itself: a little off in time, with speakers numbered per request and with
fragments of the words that were cut at its edges.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.plan import Chunk, SegmentationPlan
from stenoflow.segmentation.planner import plan_channel
from stenoflow.times import Seconds, Span, to_samples, to_seconds
from stenoflow.transcript.chunk_reply import ChunkReply
from stenoflow.transcript.model import Reply, Word

FRAGMENT = "…"
"""The text of a word of which less than half was sent."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word as it was spoken, in samples."""

    text: str
    start: int
    end: int
    speaker: int

    @property
    def span(self) -> Span:
        """Its time as a span."""
        return Span(self.start, self.end)


@st.composite
def conversations(
    draw: st.DrawFn, *, least: int = 30, most: int = 100, speakers: int = 3, repeating: bool = False
) -> list[SpokenWord]:
    """Draw words of several speakers, mostly close together.

    Some pauses are long, none exactly 0.8 s. Some conversations hardly pause at all, so that boundaries
    fall into words. No two words have the same text, unless ``repeating``: then there are three texts.
    """
    pauses_ms = (
        st.integers(0, 50)
        if draw(st.booleans())
        else st.one_of(st.integers(0, 300), st.integers(0, 799), st.integers(801, 6_000))
    )
    lengths_ms = draw(
        st.lists(
            st.tuples(pauses_ms, st.integers(120, 600)),
            min_size=least,
            max_size=most,
        )
    )
    speaker_runs = draw(
        st.lists(st.tuples(st.integers(0, speakers - 1), st.integers(1, 12)), min_size=1)
    )
    sequence = [speaker for speaker, count in speaker_runs for _ in range(count)]
    spoken: list[SpokenWord] = []
    at = 0
    for index, (pause_ms, length_ms) in enumerate(lengths_ms):
        start, at = at + 16 * pause_ms, at + 16 * (pause_ms + length_ms)
        text = ["no", "yes", "well"][index % 3] if repeating else f"word{index}"
        spoken.append(SpokenWord(text, start, at, sequence[index % len(sequence)]))
    return spoken


def speech_segments(spoken: Sequence[SpokenWord]) -> list[Span]:
    """Return the speech segments: words less than 0.1 s apart are in one segment."""
    speech: list[Span] = []
    for word in spoken:
        if speech and word.start - speech[-1].end < to_samples(0.1):
            speech[-1] = Span(speech[-1].start, word.end)
        else:
            speech.append(word.span)
    return speech


def segmentation_plan(
    spoken: Sequence[SpokenWord],
    settings: SegmentationOptions,
    *,
    longest: int,
    channel: int = 0,
    tail: int = 16_000,
) -> SegmentationPlan:
    """Return the plan of a conversation in requests of at most ``longest`` samples."""
    samples = spoken[-1].end + tail
    return plan_channel(
        speech_segments(spoken), samples, settings, longest=longest, channel=channel
    )


@dataclass(slots=True)
class SimulatedEngine:
    """An engine whose errors are drawn from ``chance``."""

    chance: random.Random
    jitter: int = 0
    """Samples by which each time may be off, either way."""
    renumbers: bool = True
    """Number speakers differently in each request."""
    marks: bool = False
    """Mark utterances where the speaker changes, or pauses for 0.8 s of what was sent."""
    fragments: bool = True
    """Return words of which less than half was sent, as :data:`FRAGMENT`, half of the time."""

    def transcribe(
        self, spoken: Sequence[SpokenWord], chunk: Chunk, channel: int = 0
    ) -> ChunkReply:
        """Return the reply to a chunk."""
        words = [
            word
            for each in spoken
            if (word := self._recognized(each, chunk)) and word.start_s < word.end_s
        ]
        words = self._numbered(self._in_order(words))
        starts = [
            at
            for at, word in enumerate(words)
            if not at
            or word.speaker != words[at - 1].speaker
            or word.start_s - words[at - 1].end_s >= 0.8
        ]
        return ChunkReply(
            channel,
            chunk,
            Reply(tuple(words), utterance_starts=tuple(starts) if self.marks else ()),
        )

    def _recognized(self, spoken: SpokenWord, chunk: Chunk) -> Word | None:
        timeline = chunk.timeline
        start, end = timeline.to_sent(spoken.start), timeline.to_sent(spoken.end)
        sent = end - start
        if sent <= 0:
            return None
        text = spoken.text
        if 2 * sent < spoken.span.samples:
            if not self.fragments or self.chance.random() < 0.5:
                return None
            text = FRAGMENT
        off = [self.chance.randint(-self.jitter, self.jitter) for _ in range(2)]
        first = min(max(start + off[0], 0), timeline.samples)
        last = min(max(end + off[1], first + 1), timeline.samples)
        return Word(text, to_seconds(first), to_seconds(last), 0.9, spoken.speaker)

    def _in_order(self, words: Sequence[Word]) -> list[Word]:
        """Return the words with none starting before its predecessor, as engines write them."""
        found: list[Word] = []
        for word in words:
            start_s = Seconds(max(word.start_s, found[-1].start_s if found else 0.0))
            end_s = Seconds(max(word.end_s, start_s))
            found.append(Word(word.text, start_s, end_s, word.confidence, word.speaker))
        return found

    def _numbered(self, words: Sequence[Word]) -> list[Word]:
        """Return the words with speakers numbered in an order of this request's own."""
        present = sorted({word.speaker for word in words if word.speaker is not None})
        numbers = list(range(len(present)))
        if self.renumbers:
            self.chance.shuffle(numbers)
        number_of = dict(zip(present, numbers, strict=True))
        return [
            Word(
                word.text,
                word.start_s,
                word.end_s,
                word.confidence,
                None if word.speaker is None else number_of[word.speaker],
            )
            for word in words
        ]
