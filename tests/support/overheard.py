"""Recordings whose words are known, and engines that hear their parts as real ones do: each request
by itself, a little off in time, with speakers numbered afresh and words broken at its edges."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.planner import Part, SegmentationPlan, plan
from stenoflow.times import Seconds, Span, to_samples, to_seconds
from stenoflow.transcript.merge import Answer
from stenoflow.transcript.model import Reply, Word

FRAGMENT = "…"
"""What is heard of a word of which less than half was sent."""


@dataclass(frozen=True, slots=True)
class Said:
    """One word as it was said, in samples."""

    text: str
    start: int
    end: int
    speaker: int

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


@st.composite
def conversations(
    draw: st.DrawFn, *, least: int = 30, most: int = 100, speakers: int = 3, repeating: bool = False
) -> list[Said]:
    """Words of several speakers, mostly close together; some pauses are long, none exactly 0.8 s. Some
    conversations are breathless: then seams fall into words.

    No two words have one text, unless ``repeating``: then there are three texts.
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
    turns = draw(st.lists(st.tuples(st.integers(0, speakers - 1), st.integers(1, 12)), min_size=1))
    voices = [speaker for speaker, count in turns for _ in range(count)]
    said: list[Said] = []
    at = 0
    for index, (pause_ms, length_ms) in enumerate(lengths_ms):
        start, at = at + 16 * pause_ms, at + 16 * (pause_ms + length_ms)
        text = ["no", "yes", "well"][index % 3] if repeating else f"word{index}"
        said.append(Said(text, start, at, voices[index % len(voices)]))
    return said


def speech_of(said: Sequence[Said]) -> list[Span]:
    """Stretches of speech: words less than 0.1 s apart are one stretch."""
    speech: list[Span] = []
    for word in said:
        if speech and word.start - speech[-1].end < to_samples(0.1):
            speech[-1] = Span(speech[-1].start, word.end)
        else:
            speech.append(word.span)
    return speech


def planned(
    said: Sequence[Said],
    settings: SegmentationOptions,
    *,
    longest: int,
    channel: int = 0,
    tail: int = 16_000,
) -> SegmentationPlan:
    """How a conversation is sent, in requests of at most ``longest`` samples."""
    samples = said[-1].end + tail
    return plan(speech_of(said), samples, settings, longest=longest, channel=channel)


@dataclass(slots=True)
class Ear:
    """An engine. Its choices are drawn from ``chance``."""

    chance: random.Random
    jitter: int = 0
    """Samples by which each time may be off, either way."""
    renumbers: bool = True
    marks: bool = False
    """Marks utterances: where the speaker changes, or pauses for 0.8 s of what was sent."""
    breaks_words: bool = True

    def answer(self, said: Sequence[Said], part: Part, channel: int = 0) -> Answer:
        """What it hears of a part."""
        words = [
            word for each in said if (word := self._heard(each, part)) and word.start_s < word.end_s
        ]
        words = self._numbered(self._in_order(words))
        starts = [
            at
            for at, word in enumerate(words)
            if not at
            or word.speaker != words[at - 1].speaker
            or word.start_s - words[at - 1].end_s >= 0.8
        ]
        return Answer(
            channel,
            part,
            Reply(tuple(words), utterance_starts=tuple(starts) if self.marks else ()),
        )

    def _heard(self, said: Said, part: Part) -> Word | None:
        timeline = part.timeline
        start, end = timeline.to_cut(said.start), timeline.to_cut(said.end)
        sent = end - start
        if sent <= 0:
            return None
        text = said.text
        if 2 * sent < said.span.samples:
            if not self.breaks_words or self.chance.random() < 0.5:
                return None
            text = FRAGMENT
        off = [self.chance.randint(-self.jitter, self.jitter) for _ in range(2)]
        first = min(max(start + off[0], 0), timeline.samples)
        last = min(max(end + off[1], first + 1), timeline.samples)
        return Word(text, to_seconds(first), to_seconds(last), 0.9, said.speaker)

    def _in_order(self, words: Sequence[Word]) -> list[Word]:
        """No word starts before the one before it, as engines have it."""
        found: list[Word] = []
        for word in words:
            start_s = Seconds(max(word.start_s, found[-1].start_s if found else 0.0))
            end_s = Seconds(max(word.end_s, start_s))
            found.append(Word(word.text, start_s, end_s, word.confidence, word.speaker))
        return found

    def _numbered(self, words: Sequence[Word]) -> list[Word]:
        """Speakers get numbers in an order of this request's own."""
        voices = sorted({word.speaker for word in words if word.speaker is not None})
        numbers = list(range(len(voices)))
        if self.renumbers:
            self.chance.shuffle(numbers)
        by_voice = dict(zip(voices, numbers, strict=True))
        return [
            Word(
                word.text,
                word.start_s,
                word.end_s,
                word.confidence,
                None if word.speaker is None else by_voice[word.speaker],
            )
            for word in words
        ]
