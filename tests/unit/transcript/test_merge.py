"""Replies to chunks become one transcript: no word lost, none twice, and speakers keep their identity."""

import random
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.harness.simulated_engine import (
    SimulatedEngine,
    SpokenWord,
    conversations,
    segmentation_plan,
)
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.plan import Chunk, SegmentationPlan
from stenoflow.segmentation.timeline import Timeline
from stenoflow.times import Span, to_samples, to_seconds
from stenoflow.transcript.alignment import UNMATCHED_WORD_COST_S
from stenoflow.transcript.chunk_reply import UTTERANCE_PAUSE_S, ChunkReply
from stenoflow.transcript.merge import merge
from stenoflow.transcript.model import Finding, Reply, Transcript

JITTER = to_samples(0.1)

options = st.builds(
    SegmentationOptions,
    keep_s=st.sampled_from([0.1, 0.3]),
    min_pause_s=st.sampled_from([0.3, 0.5, 2.0]),
    overlap_s=st.sampled_from([1.25, 2.0, 10.0]),
    min_saving=st.sampled_from([0.0, 0.05, 1.0]),
)
lengths = st.integers(to_samples(6), to_samples(24))
"""Of the longest request; an overlap may be a quarter of it, and conversations take half a minute."""
chances = st.integers(0, 1 << 32).map(random.Random)


@st.composite
def sent_conversations(
    draw: st.DrawFn, *, repeating: bool = False
) -> tuple[list[SpokenWord], SegmentationPlan]:
    """Draw a conversation, and its plan in several chunks."""
    said = draw(conversations(repeating=repeating))
    sent = segmentation_plan(said, draw(options), longest=draw(lengths))
    assume(len(sent.chunks) > 1)
    return said, sent


def transcribed(
    said: list[SpokenWord], sent: SegmentationPlan, engine: SimulatedEngine
) -> Transcript:
    """Return the merged transcript of a conversation that is sent in chunks."""
    return merged([engine.transcribe(said, part) for part in sent.chunks], sent.samples)


def merged(
    replies: list[ChunkReply], samples: int, *, separate_channels: bool = False
) -> Transcript:
    return merge(
        replies,
        duration_s=to_seconds(samples),
        engine="e",
        accuracy="standard",
        separate_channels=separate_channels,
    )


def texts(transcript: Transcript) -> list[str]:
    return [word.text for word in transcript.words]


@settings(max_examples=150, deadline=None)
@given(sending=sent_conversations(), chance=chances)
def test_each_word_is_there_once_at_its_time(
    sending: tuple[list[SpokenWord], SegmentationPlan], chance: random.Random
) -> None:
    said, sent = sending
    transcript = transcribed(said, sent, SimulatedEngine(chance))
    assert [(w.text, to_samples(w.start_s), to_samples(w.end_s)) for w in transcript.words] == [
        (word.text, word.start, word.end) for word in said
    ]


@settings(max_examples=150, deadline=None)
@given(sending=sent_conversations(), chance=chances)
def test_no_word_is_lost_or_doubled_when_times_are_inexact(
    sending: tuple[list[SpokenWord], SegmentationPlan], chance: random.Random
) -> None:
    said, sent = sending
    transcript = transcribed(said, sent, SimulatedEngine(chance, jitter=JITTER))
    assert texts(transcript) == [word.text for word in said]


@settings(max_examples=100, deadline=None)
@given(sending=sent_conversations(repeating=True), chance=chances)
def test_repeated_words_are_matched_by_their_times(
    sending: tuple[list[SpokenWord], SegmentationPlan], chance: random.Random
) -> None:
    said, sent = sending
    transcript = transcribed(said, sent, SimulatedEngine(chance, jitter=JITTER))
    assert texts(transcript) == [word.text for word in said]


@settings(max_examples=150, deadline=None)
@given(sending=sent_conversations(), chance=chances)
def test_speakers_keep_their_number_or_a_warning_says_otherwise(
    sending: tuple[list[SpokenWord], SegmentationPlan], chance: random.Random
) -> None:
    said, sent = sending
    transcript = transcribed(said, sent, SimulatedEngine(chance, jitter=JITTER))
    found: defaultdict[int | None, set[int]] = defaultdict(set)
    numbers: defaultdict[int, set[int | None]] = defaultdict(set)
    for word, truth in zip(transcript.words, said, strict=True):
        found[word.speaker].add(truth.speaker)
        numbers[truth.speaker].add(word.speaker)
    assert all(len(each) == 1 for each in found.values())
    assert transcript.warnings or all(len(each) == 1 for each in numbers.values())


@pytest.mark.parametrize("marks", [False, True])
@settings(max_examples=100, deadline=None)
@given(sending=sent_conversations(), chance=chances)
def test_utterances_go_on_across_boundaries(
    marks: bool, sending: tuple[list[SpokenWord], SegmentationPlan], chance: random.Random
) -> None:
    said, sent = sending
    transcript = transcribed(said, sent, SimulatedEngine(chance, marks=marks))
    begins = [
        at
        for at, (before, word) in enumerate(pairwise(said), 1)
        if word.speaker != before.speaker
        or to_seconds(word.start - before.end) >= UTTERANCE_PAUSE_S
    ]
    starts = [utterance.first for utterance in transcript.utterances]
    # A new number for a speaker who could not be matched ends the utterance as well.
    assert starts == [0, *begins] or (transcript.warnings and {0, *begins} <= set(starts))
    assert [each.last for each in transcript.utterances] == [*starts[1:], len(said)]


@settings(max_examples=100, deadline=None)
@given(
    left=conversations(least=15, most=50),
    right=conversations(least=15, most=50),
    cutting=options,
    longest=lengths,
    chance=chances,
)
def test_separate_channels_are_merged_in_order_of_time(
    left: list[SpokenWord],
    right: list[SpokenWord],
    cutting: SegmentationOptions,
    longest: int,
    chance: random.Random,
) -> None:
    engine = SimulatedEngine(chance)
    replies: list[ChunkReply] = []
    for channel, said in enumerate((left, right)):
        sent = segmentation_plan(said, cutting, longest=longest, channel=channel)
        replies += [engine.transcribe(said, part, channel) for part in sent.chunks]
    transcript = merged(replies, max(left[-1].end, right[-1].end), separate_channels=True)
    for channel, said in enumerate((left, right)):
        found = [word for word in transcript.words if word.channel == channel]
        assert [(word.text, to_samples(word.start_s)) for word in found] == [
            (word.text, word.start) for word in said
        ]
    starts_s = [transcript.words[each.first].start_s for each in transcript.utterances]
    assert starts_s == sorted(starts_s)
    for utterance in transcript.utterances:
        inside = transcript.words[utterance.first : utterance.last]
        assert len({word.channel for word in inside}) == 1


def dialogue(*turns: tuple[int, int]) -> list[SpokenWord]:
    """Speakers in turns of so many words: half a second each, close together."""
    said: list[SpokenWord] = []
    for speaker, count in turns:
        for _ in range(count):
            at = said[-1].end + 1600 if said else 0
            said.append(SpokenWord(f"word{len(said)}", at, at + 8_000, speaker))
    return said


CUTTING = SegmentationOptions(overlap_s=4)


def test_a_speaker_silent_around_the_boundary_gets_a_new_number_and_a_warning() -> None:
    """60 words take 36 s, a request 26 at most: around both boundaries only the second speaker talks."""
    said = dialogue((0, 10), (1, 40), (2, 10))
    sent = segmentation_plan(said, CUTTING, longest=to_samples(26))
    transcript = transcribed(said, sent, SimulatedEngine(random.Random(3)))
    numbers = list(dict.fromkeys(word.speaker for word in transcript.words))
    assert len(numbers) == 3
    (warning,) = transcript.warnings
    assert f"speaker {numbers[2] + 1} could not be matched" in warning  # type: ignore[operator]
    assert f"may be speaker {numbers[0] + 1}." in warning  # type: ignore[operator]


def test_a_speaker_is_new_without_a_warning_if_all_others_are_matched() -> None:
    said = dialogue((0, 40), (1, 20))
    sent = segmentation_plan(said, CUTTING, longest=to_samples(26))
    transcript = transcribed(said, sent, SimulatedEngine(random.Random(3)))
    assert len({word.speaker for word in transcript.words}) == 2
    assert not transcript.warnings


@pytest.mark.parametrize("overlap_s", [1.0, 4.0])
def test_fragments_at_the_edge_of_a_chunk_are_dropped(overlap_s: float) -> None:
    said = dialogue((0, 100))
    cutting = SegmentationOptions(overlap_s=overlap_s)
    for longest in range(to_samples(20), to_samples(21), 997):
        sent = segmentation_plan(said, cutting, longest=longest)
        transcript = transcribed(said, sent, SimulatedEngine(random.Random(longest)))
        assert texts(transcript) == [word.text for word in said]


def test_words_stay_in_order_when_speakers_change_with_every_short_word() -> None:
    said = [SpokenWord(f"word{at}", at * 1_920, at * 1_920 + 1_920, at % 2) for at in range(100)]
    sent = segmentation_plan(said, SegmentationOptions(overlap_s=2), longest=to_samples(7))
    assert len(sent.chunks) > 1
    for seed in range(40):
        transcript = transcribed(said, sent, SimulatedEngine(random.Random(seed), jitter=JITTER))
        assert texts(transcript) == [word.text for word in said]


def test_a_word_in_only_one_reply_is_kept() -> None:
    said = dialogue((0, 60))
    sent = segmentation_plan(said, CUTTING, longest=to_samples(26))
    assert len(sent.chunks) > 1
    boundary_s = sent.chunks[0].span.end_s
    near = [
        at
        for at, word in enumerate(said)
        if boundary_s - UNMATCHED_WORD_COST_S < word.span.start_s
        and word.span.end_s < boundary_s + UNMATCHED_WORD_COST_S
    ]
    assert near
    for incomplete in (0, 1):
        for missed in near:
            engine = SimulatedEngine(random.Random(missed))
            replies = [
                engine.transcribe(
                    [word for at, word in enumerate(said) if (index, at) != (incomplete, missed)],
                    part,
                )
                for index, part in enumerate(sent.chunks)
            ]
            assert texts(merged(replies, sent.samples)) == [word.text for word in said]


def test_a_recording_without_replies_has_no_words() -> None:
    transcript = merged([], 16_000)
    assert (transcript.words, transcript.utterances, transcript.duration_s) == ((), (), 1.0)


def test_twelve_hours_are_merged() -> None:
    """With a word every 1.4 s."""
    said = [
        SpokenWord(f"word{at}", at * 23_040, at * 23_040 + 5_000, at // 40 % 4)
        for at in range(30_000)
    ]
    cutting = SegmentationOptions(remove_pauses=False)
    sent = segmentation_plan(said, cutting, longest=to_samples(cutting.max_request_s))
    assert sent.samples > to_samples(12 * 3600) - to_samples(1)
    assert len(sent.chunks) == 4
    engine = SimulatedEngine(random.Random(0), jitter=200)
    transcript = transcribed(said, sent, engine)
    assert texts(transcript) == [word.text for word in said]


WORDS = [SpokenWord(f"word{at}", at * 16_000, at * 16_000 + 8_000, 0) for at in range(20)]
"""One a second; sent in two parts, words 8 to 11 are in both."""


def two_chunks(before: Reply, after: Reply) -> list[ChunkReply]:
    """Return replies to both chunks of twenty seconds, which overlap by four."""
    spans = ((Span(0, 160_000), Span(0, 192_000)), (Span(160_000, 320_000), Span(128_000, 320_000)))
    return [
        ChunkReply(0, Chunk(span=span, timeline=Timeline((sent,))), reply)
        for (span, sent), reply in zip(spans, (before, after), strict=True)
    ]


def exact_replies() -> tuple[Reply, Reply]:
    """Return replies with all words of both chunks, exact to the sample."""
    engine = SimulatedEngine(random.Random(0))
    before, after = (
        engine.transcribe(WORDS, each.chunk) for each in two_chunks(Reply(()), Reply(()))
    )
    return before.reply, after.reply


def test_findings_point_at_the_same_words_after_merging() -> None:
    before, after = exact_replies()
    first = Finding("topic", "first", 0.9, "words 2 and 3", 2, 4)
    beyond = Finding("topic", "beyond the boundary", 0.9, "words 10 and 11", 10, 12)
    ahead = Finding("topic", "ahead of the boundary", 0.9, "words 8 and 9", 0, 2)
    second = Finding("topic", "second", 0.9, "words 12 and 13", 4, 6)
    anywhere = Finding("sentiment", "fine", 0.1, "all of it")
    transcript = merged(
        two_chunks(
            replace(before, findings=(first, beyond, anywhere)),
            replace(after, findings=(ahead, second, anywhere)),
        ),
        320_000,
    )
    assert transcript.findings == (
        first,
        anywhere,
        Finding("topic", "second", 0.9, "words 12 and 13", 12, 14),
    )


def test_a_finding_across_the_boundary_keeps_the_words_on_its_side() -> None:
    before, after = exact_replies()
    across = Finding("topic", "across", 0.9, "words 8 to 11", 8, 12)
    transcript = merged(two_chunks(replace(before, findings=(across,)), after), 320_000)
    assert [(each.first, each.last) for each in transcript.findings] == [(8, 10)]


def test_paragraphs_go_on_across_the_boundary() -> None:
    before, after = exact_replies()
    transcript = merged(
        two_chunks(
            replace(before, paragraph_starts=(0, 4, 11)), replace(after, paragraph_starts=(0, 6))
        ),
        320_000,
    )
    assert [(each.first, each.last) for each in transcript.paragraphs] == [
        (0, 4),
        (4, 14),
        (14, 20),
    ]


def test_summaries_are_joined_and_warnings_deduplicated() -> None:
    before, after = exact_replies()
    transcript = merged(
        two_chunks(
            replace(before, language="fr", model="m 1", summary="Begins.", warnings=("a", "b")),
            replace(
                after, language="en", language_confidence=0.7, summary="Ends.", warnings=("b", "c")
            ),
        ),
        320_000,
    )
    assert transcript.model == "m 1"
    assert transcript.summary == "Begins.\n\nEnds."
    assert transcript.warnings == ("a", "b", "c")


def test_the_language_is_that_of_most_words() -> None:
    before, after = exact_replies()
    fewer = replace(before, words=before.words[:5], language="fr", language_confidence=0.9)
    transcript = merged(
        two_chunks(fewer, replace(after, language="en", language_confidence=0.7)), 320_000
    )
    assert (transcript.language, transcript.language_confidence) == ("en", 0.7)
