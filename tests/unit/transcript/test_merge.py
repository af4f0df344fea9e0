"""Parts become one transcript: nothing lost, nothing twice, and everybody is who they were."""

import random
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.planner import Part, SegmentationPlan
from stenoflow.segmentation.timeline import Timeline
from stenoflow.times import Span, to_samples, to_seconds
from stenoflow.transcript.merge import ALONE_S, PAUSE_S, Answer, join
from stenoflow.transcript.model import Finding, Reply, Transcript
from tests.support.overheard import Ear, Said, conversations, planned

JITTER = to_samples(0.1)

cuttings = st.builds(
    SegmentationOptions,
    keep_s=st.sampled_from([0.1, 0.3]),
    min_pause_s=st.sampled_from([0.3, 0.5, 2.0]),
    overlap_s=st.sampled_from([1.25, 2.0, 10.0]),
    min_saving=st.sampled_from([0.0, 0.05, 1.0]),
)
lengths = st.integers(to_samples(6), to_samples(24))
"""Of the longest request, a quarter of which an overlap may be: conversations take half a minute."""
chances = st.integers(0, 1 << 32).map(random.Random)


@st.composite
def sendings(draw: st.DrawFn, *, repeating: bool = False) -> tuple[list[Said], SegmentationPlan]:
    """A conversation, and how it is sent in several parts."""
    said = draw(conversations(repeating=repeating))
    sent = planned(said, draw(cuttings), longest=draw(lengths))
    assume(len(sent.parts) > 1)
    return said, sent


def heard(said: list[Said], sent: SegmentationPlan, ear: Ear) -> Transcript:
    """A conversation, heard in parts, and joined."""
    return joined([ear.answer(said, part) for part in sent.parts], sent.samples)


def joined(answers: list[Answer], samples: int, *, apart: bool = False) -> Transcript:
    return join(
        answers, duration_s=to_seconds(samples), engine="e", accuracy="standard", apart=apart
    )


def texts(transcript: Transcript) -> list[str]:
    return [word.text for word in transcript.words]


@settings(max_examples=150, deadline=None)
@given(sending=sendings(), chance=chances)
def test_every_word_is_there_once_at_its_time(
    sending: tuple[list[Said], SegmentationPlan], chance: random.Random
) -> None:
    said, sent = sending
    transcript = heard(said, sent, Ear(chance))
    assert [(w.text, to_samples(w.start_s), to_samples(w.end_s)) for w in transcript.words] == [
        (word.text, word.start, word.end) for word in said
    ]


@settings(max_examples=150, deadline=None)
@given(sending=sendings(), chance=chances)
def test_no_word_is_lost_or_doubled_whatever_the_times_are_off_by(
    sending: tuple[list[Said], SegmentationPlan], chance: random.Random
) -> None:
    said, sent = sending
    transcript = heard(said, sent, Ear(chance, jitter=JITTER))
    assert texts(transcript) == [word.text for word in said]


@settings(max_examples=100, deadline=None)
@given(sending=sendings(repeating=True), chance=chances)
def test_words_said_again_and_again_are_told_apart_by_their_times(
    sending: tuple[list[Said], SegmentationPlan], chance: random.Random
) -> None:
    said, sent = sending
    transcript = heard(said, sent, Ear(chance, jitter=JITTER))
    assert texts(transcript) == [word.text for word in said]


@settings(max_examples=150, deadline=None)
@given(sending=sendings(), chance=chances)
def test_speakers_are_told_again_or_it_is_said_that_they_could_not_be(
    sending: tuple[list[Said], SegmentationPlan], chance: random.Random
) -> None:
    said, sent = sending
    transcript = heard(said, sent, Ear(chance, jitter=JITTER))
    voices: defaultdict[int | None, set[int]] = defaultdict(set)
    numbers: defaultdict[int, set[int | None]] = defaultdict(set)
    for word, truth in zip(transcript.words, said, strict=True):
        voices[word.speaker].add(truth.speaker)
        numbers[truth.speaker].add(word.speaker)
    assert all(len(each) == 1 for each in voices.values())
    assert transcript.warnings or all(len(each) == 1 for each in numbers.values())


@pytest.mark.parametrize("marks", [False, True])
@settings(max_examples=100, deadline=None)
@given(sending=sendings(), chance=chances)
def test_utterances_are_whole_wherever_the_seams_are(
    marks: bool, sending: tuple[list[Said], SegmentationPlan], chance: random.Random
) -> None:
    said, sent = sending
    transcript = heard(said, sent, Ear(chance, marks=marks))
    begins = [
        at
        for at, (before, word) in enumerate(pairwise(said), 1)
        if word.speaker != before.speaker or to_seconds(word.start - before.end) >= PAUSE_S
    ]
    starts = [utterance.first for utterance in transcript.utterances]
    # A new number for a speaker who could not be told again ends the utterance as well.
    assert starts == [0, *begins] or (transcript.warnings and {0, *begins} <= set(starts))
    assert [each.last for each in transcript.utterances] == [*starts[1:], len(said)]


@settings(max_examples=100, deadline=None)
@given(
    left=conversations(least=15, most=50),
    right=conversations(least=15, most=50),
    cutting=cuttings,
    longest=lengths,
    chance=chances,
)
def test_channels_apart_come_together_in_order_of_time(
    left: list[Said],
    right: list[Said],
    cutting: SegmentationOptions,
    longest: int,
    chance: random.Random,
) -> None:
    ear = Ear(chance)
    answers: list[Answer] = []
    for channel, said in enumerate((left, right)):
        sent = planned(said, cutting, longest=longest, channel=channel)
        answers += [ear.answer(said, part, channel) for part in sent.parts]
    transcript = joined(answers, max(left[-1].end, right[-1].end), apart=True)
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


def dialogue(*turns: tuple[int, int]) -> list[Said]:
    """Speakers in turns of so many words: half a second each, close together."""
    said: list[Said] = []
    for speaker, count in turns:
        for _ in range(count):
            at = said[-1].end + 1600 if said else 0
            said.append(Said(f"word{len(said)}", at, at + 8_000, speaker))
    return said


CUTTING = SegmentationOptions(overlap_s=4)


def test_who_is_silent_about_the_seam_gets_a_number_and_a_warning() -> None:
    """60 words take 36 s, a request 26 at most: about both seams only the second speaker talks."""
    said = dialogue((0, 10), (1, 40), (2, 10))
    sent = planned(said, CUTTING, longest=to_samples(26))
    transcript = heard(said, sent, Ear(random.Random(3)))
    numbers = list(dict.fromkeys(word.speaker for word in transcript.words))
    assert len(numbers) == 3
    (warning,) = transcript.warnings
    assert f"speaker {numbers[2] + 1} could not be told" in warning  # type: ignore[operator]
    assert f"may be speaker {numbers[0] + 1}." in warning  # type: ignore[operator]


def test_who_is_new_where_all_others_are_known_is_no_matter_of_doubt() -> None:
    said = dialogue((0, 40), (1, 20))
    sent = planned(said, CUTTING, longest=to_samples(26))
    transcript = heard(said, sent, Ear(random.Random(3)))
    assert len({word.speaker for word in transcript.words}) == 2
    assert not transcript.warnings


@pytest.mark.parametrize("overlap_s", [1.0, 4.0])
def test_words_broken_at_the_edge_of_a_request_are_left_to_the_other(overlap_s: float) -> None:
    said = dialogue((0, 100))
    cutting = SegmentationOptions(overlap_s=overlap_s)
    for longest in range(to_samples(20), to_samples(21), 997):
        sent = planned(said, cutting, longest=longest)
        transcript = heard(said, sent, Ear(random.Random(longest)))
        assert texts(transcript) == [word.text for word in said]


def test_order_holds_where_speakers_change_with_every_short_word() -> None:
    said = [Said(f"word{at}", at * 1_920, at * 1_920 + 1_920, at % 2) for at in range(100)]
    sent = planned(said, SegmentationOptions(overlap_s=2), longest=to_samples(7))
    assert len(sent.parts) > 1
    for seed in range(40):
        transcript = heard(said, sent, Ear(random.Random(seed), jitter=JITTER))
        assert texts(transcript) == [word.text for word in said]


def test_a_word_that_one_side_alone_has_heard_is_kept() -> None:
    said = dialogue((0, 60))
    sent = planned(said, CUTTING, longest=to_samples(26))
    assert len(sent.parts) > 1
    seam_s = sent.parts[0].span.end_s
    near = [
        at
        for at, word in enumerate(said)
        if seam_s - ALONE_S < word.span.start_s and word.span.end_s < seam_s + ALONE_S
    ]
    assert near
    for deaf in (0, 1):
        for missed in near:
            ear = Ear(random.Random(missed))
            answers = [
                ear.answer(
                    [word for at, word in enumerate(said) if (index, at) != (deaf, missed)], part
                )
                for index, part in enumerate(sent.parts)
            ]
            assert texts(joined(answers, sent.samples)) == [word.text for word in said]


def test_a_recording_without_answers_has_no_words() -> None:
    transcript = joined([], 16_000)
    assert (transcript.words, transcript.utterances, transcript.duration_s) == ((), (), 1.0)


def test_twelve_hours_join_as_well() -> None:
    """With a word every 1.4 s."""
    said = [
        Said(f"word{at}", at * 23_040, at * 23_040 + 5_000, at // 40 % 4) for at in range(30_000)
    ]
    cutting = SegmentationOptions(remove_pauses=False)
    sent = planned(said, cutting, longest=to_samples(cutting.max_request_s))
    assert sent.samples > to_samples(12 * 3600) - to_samples(1)
    assert len(sent.parts) == 4
    ear = Ear(random.Random(0), jitter=200)
    transcript = heard(said, sent, ear)
    assert texts(transcript) == [word.text for word in said]


WORDS = [Said(f"word{at}", at * 16_000, at * 16_000 + 8_000, 0) for at in range(20)]
"""One a second; sent in two parts, words 8 to 11 are heard by both."""


def two_parts(before: Reply, after: Reply) -> list[Answer]:
    """Replies to both parts of twenty seconds, overlapping by four."""
    spans = ((Span(0, 160_000), Span(0, 192_000)), (Span(160_000, 320_000), Span(128_000, 320_000)))
    return [
        Answer(0, Part(span=span, timeline=Timeline((sent,))), reply)
        for (span, sent), reply in zip(spans, (before, after), strict=True)
    ]


def hearings() -> tuple[Reply, Reply]:
    """All words of both parts, heard to the sample."""
    ear = Ear(random.Random(0))
    before, after = (ear.answer(WORDS, answer.part) for answer in two_parts(Reply(()), Reply(())))
    return before.reply, after.reply


def test_findings_point_at_the_same_words_wherever_these_have_moved() -> None:
    before, after = hearings()
    first = Finding("topic", "first", 0.9, "words 2 and 3", 2, 4)
    beyond = Finding("topic", "beyond the seam", 0.9, "words 10 and 11", 10, 12)
    ahead = Finding("topic", "ahead of the seam", 0.9, "words 8 and 9", 0, 2)
    second = Finding("topic", "second", 0.9, "words 12 and 13", 4, 6)
    anywhere = Finding("sentiment", "fine", 0.1, "all of it")
    transcript = joined(
        two_parts(
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


def test_a_finding_across_the_seam_keeps_the_words_that_its_part_answers_for() -> None:
    before, after = hearings()
    across = Finding("topic", "across", 0.9, "words 8 to 11", 8, 12)
    transcript = joined(two_parts(replace(before, findings=(across,)), after), 320_000)
    assert [(each.first, each.last) for each in transcript.findings] == [(8, 10)]


def test_paragraphs_go_on_over_the_seam() -> None:
    before, after = hearings()
    transcript = joined(
        two_parts(
            replace(before, paragraph_starts=(0, 4, 11)), replace(after, paragraph_starts=(0, 6))
        ),
        320_000,
    )
    assert [(each.first, each.last) for each in transcript.paragraphs] == [
        (0, 4),
        (4, 14),
        (14, 20),
    ]


def test_what_each_reply_says_is_said_once() -> None:
    before, after = hearings()
    transcript = joined(
        two_parts(
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
    before, after = hearings()
    fewer = replace(before, words=before.words[:5], language="fr", language_confidence=0.9)
    transcript = joined(
        two_parts(fewer, replace(after, language="en", language_confidence=0.7)), 320_000
    )
    assert (transcript.language, transcript.language_confidence) == ("en", 0.7)
