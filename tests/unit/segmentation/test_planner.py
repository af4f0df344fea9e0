"""All speech is sent, pauses are not, and no request is longer than it may be."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.audio.encoding import samples_within
from stenoflow.errors import RequestTooLong
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.planner import Part, SegmentationPlan, halve, longest_request, plan
from stenoflow.segmentation.timeline import Timeline
from stenoflow.times import Span, to_samples

HOURS = to_samples(4 * 3600)


def spans(*edges: tuple[float, float]) -> tuple[Span, ...]:
    return tuple(Span(to_samples(start), to_samples(end)) for start, end in edges)


def kept(made: SegmentationPlan) -> list[tuple[float, float]]:
    [part] = made.parts
    return [(stretch.start_s, stretch.end_s) for stretch in part.timeline.kept]


@st.composite
def layouts(
    draw: st.DrawFn, longest: int = 400_000, pause: int = 1
) -> tuple[tuple[Span, ...], int]:
    """Speech with pauses of all lengths, and the length of the recording."""
    position, speech = draw(st.integers(0, 40_000)), []
    for _ in range(draw(st.integers(1, 4_000_000 // longest))):
        length = draw(st.integers(800, longest))
        speech.append(Span(position, position + length))
        position += length + draw(st.integers(pause, 60_000))
    return tuple(speech), speech[-1].end + draw(st.integers(0, 60_000))


def settings(draw: st.DrawFn) -> SegmentationOptions:
    return SegmentationOptions(
        remove_pauses=draw(st.booleans()),
        min_pause_s=draw(st.sampled_from([0.05, 0.5, 2.0])),
        keep_s=draw(st.sampled_from([0.0, 0.1, 1.0])),
        min_saving=draw(st.sampled_from([0.0, 0.05, 1.0])),
        overlap_s=draw(st.sampled_from([0.0, 1.0, 10.0])),
    )


drawn_settings = st.composite(settings)()
limits = st.integers(to_samples(3), to_samples(60))


def test_pauses_are_left_out_but_for_a_little_around_the_speech() -> None:
    speech = spans((10, 12), (100, 103))
    made = plan(speech, to_samples(120), SegmentationOptions(keep_s=0.1), longest=HOURS)
    assert kept(made) == [(9.9, 12.1), (99.9, 103.1)]
    assert made.sent == to_samples(5.4)


def test_short_pauses_stay() -> None:
    speech = spans((10, 12), (12.4, 13))
    made = plan(
        speech, to_samples(60), SegmentationOptions(min_pause_s=0.5, keep_s=0.1), longest=HOURS
    )
    assert kept(made) == [(9.9, 13.1)]


def test_what_is_kept_around_speech_ends_at_the_edges_of_the_recording() -> None:
    speech = spans((0.05, 2), (58, 60))
    made = plan(speech, to_samples(60), SegmentationOptions(keep_s=0.1), longest=HOURS)
    assert kept(made) == [(0, 2.1), (57.9, 60)]


def test_stretches_that_meet_when_widened_are_one() -> None:
    speech = spans((10, 12), (13, 14))
    made = plan(
        speech, to_samples(60), SegmentationOptions(min_pause_s=0.5, keep_s=0.5), longest=HOURS
    )
    assert kept(made) == [(9.5, 14.5)]


@pytest.mark.parametrize(
    "choice", [SegmentationOptions(min_saving=0.2), SegmentationOptions(remove_pauses=False)]
)
def test_where_cutting_saves_too_little_the_recording_is_sent_as_it_is(
    choice: SegmentationOptions,
) -> None:
    made = plan(spans((1, 9)), to_samples(10), choice, longest=HOURS)
    assert made.parts == (
        Part(span=Span(0, to_samples(10)), timeline=Timeline.identity(to_samples(10))),
    )


def test_without_speech_nothing_is_sent() -> None:
    assert (
        plan((), to_samples(10), SegmentationOptions(remove_pauses=False), longest=HOURS).parts
        == ()
    )


def test_a_seam_lies_in_the_longest_pause_near_the_even_split() -> None:
    speech = spans((0, 20), (20.2, 28), (28.4, 31), (31.3, 45), (47, 60))
    made = plan(
        speech,
        to_samples(60),
        SegmentationOptions(remove_pauses=False, overlap_s=0),
        longest=to_samples(40),
    )
    assert [part.span.end_s for part in made.parts] == [28.2, 60]


def test_speech_without_a_pause_is_split_at_its_quietest_moment() -> None:
    probabilities = np.full(60 * 16_000 // 512 + 1, 0.9, np.float32)
    one_window, pause = to_samples(29) // 512, to_samples(31) // 512
    probabilities[one_window] = 0.1
    probabilities[pause - 2 : pause + 3] = 0.4
    made = plan(
        spans((0, 60)),
        to_samples(60),
        SegmentationOptions(overlap_s=0),
        longest=to_samples(40),
        probabilities=probabilities,
    )
    assert made.parts[0].span.end == pause * 512 + 256


def test_parts_overlap_on_both_sides_of_a_seam() -> None:
    speech = spans((0, 30), (130, 160))
    made = plan(
        speech, to_samples(160), SegmentationOptions(overlap_s=5, keep_s=0), longest=to_samples(40)
    )
    before, after = made.parts
    assert before.span.end == after.span.start == to_samples(80)
    assert before.timeline.kept == spans((0, 30), (130, 135))
    assert after.timeline.kept == spans((25, 30), (130, 160))


def test_the_longest_request_is_the_smallest_of_all_limits() -> None:
    assert longest_request(SegmentationOptions(max_request_s=100)) == to_samples(100)
    small = longest_request(SegmentationOptions(max_request_bytes=1_000_000))
    assert small == samples_within(1_000_000) < to_samples(100)
    assert longest_request(SegmentationOptions(), 1_000_000) == small
    assert longest_request(SegmentationOptions(max_request_s=100), 10**9) == to_samples(100)


@given(layouts(), drawn_settings, limits)
def test_all_speech_is_sent_and_parts_partition_the_recording(
    layout: tuple[tuple[Span, ...], int], choice: SegmentationOptions, longest: int
) -> None:
    speech, samples = layout
    made = plan(speech, samples, choice, longest=longest)
    assert_sound(made.parts, speech, Span(0, samples))
    assert all(part.timeline.samples <= longest for part in made.parts)
    assert all(part.timeline.proof(samples).holds for part in made.parts)


@given(layouts(), drawn_settings, limits)
def test_halves_of_halves_answer_for_all_that_the_part_did(
    layout: tuple[tuple[Span, ...], int], choice: SegmentationOptions, longest: int
) -> None:
    speech, samples = layout
    for part in plan(speech, samples, choice, longest=longest).parts:
        try:
            halves = halve(part, speech, choice)
            quarters = [quarter for half in halves for quarter in halve(half, speech, choice)]
        except RequestTooLong:
            continue
        assert halves == halve(part, speech, choice)
        assert all(h.timeline.samples <= 0.8 * part.timeline.samples for h in halves)
        assert_sound(quarters, speech, part.span)


@given(layouts(), drawn_settings, limits)
def test_a_plan_is_a_value_that_survives_json(
    layout: tuple[tuple[Span, ...], int], choice: SegmentationOptions, longest: int
) -> None:
    speech, samples = layout
    made = plan(speech, samples, choice, longest=longest, channel=1)
    assert made == plan(speech, samples, choice, longest=longest, channel=1)
    assert SegmentationPlan.model_validate_json(made.model_dump_json()) == made


@given(layouts(longest=10_000, pause=512), drawn_settings, st.integers(320_000, 400_000))
def test_no_seam_cuts_speech_that_pauses_nearby(
    layout: tuple[tuple[Span, ...], int], choice: SegmentationOptions, longest: int
) -> None:
    speech, samples = layout
    seams = [part.span.end for part in plan(speech, samples, choice, longest=longest).parts[:-1]]
    assert not [span for span in speech for seam in seams if span.start < seam < span.end]


def test_what_is_too_short_to_be_too_long_is_not_halved() -> None:
    part = Part(span=Span(0, 16_000), timeline=Timeline.identity(16_000))
    with pytest.raises(RequestTooLong, match=r"even 1\.0 s"):
        halve(part, (Span(0, 16_000),), SegmentationOptions())


def assert_sound(parts: object, speech: tuple[Span, ...], span: Span) -> None:
    assert isinstance(parts, list | tuple)
    assert (parts[0].span.start, parts[-1].span.end) == (span.start, span.end)
    for before, after in pairwise(parts):
        assert before.span.end == after.span.start
    for part in parts:
        for said in speech:
            start, end = max(said.start, part.span.start), min(said.end, part.span.end)
            if start < end:
                assert any(k.start <= start and end <= k.end for k in part.timeline.kept)
