"""All speech is sent, pauses are not, and no request is longer than it may be."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.audio.encoding import samples_within
from stenoflow.errors import RequestTooLong
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.plan import Chunk, SegmentationPlan
from stenoflow.segmentation.planner import halve, longest_request, plan_channel
from stenoflow.segmentation.timeline import Proof, Timeline
from stenoflow.times import Span, to_samples

HOURS = to_samples(4 * 3600)


def spans(*edges: tuple[float, float]) -> tuple[Span, ...]:
    return tuple(Span(to_samples(start), to_samples(end)) for start, end in edges)


def kept(made: SegmentationPlan) -> list[tuple[float, float]]:
    [chunk] = made.chunks
    return [(span.start_s, span.end_s) for span in chunk.timeline.kept]


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


def exact(proof: Proof) -> bool:
    return proof.monotonic and proof.in_bounds and proof.round_trip_samples == 0


drawn_settings = st.composite(settings)()
limits = st.integers(to_samples(3), to_samples(60))


def test_pauses_are_left_out_but_for_a_little_around_the_speech() -> None:
    speech = spans((10, 12), (100, 103))
    made = plan_channel(speech, to_samples(120), SegmentationOptions(keep_s=0.1), longest=HOURS)
    assert kept(made) == [(9.9, 12.1), (99.9, 103.1)]
    assert made.sent == to_samples(5.4)


def test_short_pauses_stay() -> None:
    speech = spans((10, 12), (12.4, 13))
    made = plan_channel(
        speech, to_samples(60), SegmentationOptions(min_pause_s=0.5, keep_s=0.1), longest=HOURS
    )
    assert kept(made) == [(9.9, 13.1)]


def test_what_is_kept_around_speech_ends_at_the_edges_of_the_recording() -> None:
    speech = spans((0.05, 2), (58, 60))
    made = plan_channel(speech, to_samples(60), SegmentationOptions(keep_s=0.1), longest=HOURS)
    assert kept(made) == [(0, 2.1), (57.9, 60)]


def test_pauses_before_and_after_all_speech_are_left_out_like_those_in_between() -> None:
    options = SegmentationOptions(min_pause_s=0.5, keep_s=0.1, min_saving=0)
    made = plan_channel(spans((0.4, 2), (9, 9.6)), to_samples(10), options, longest=HOURS)
    assert kept(made) == [(0, 2.1), (8.9, 10)]
    made = plan_channel(spans((0.5, 2), (9, 9.5)), to_samples(10), options, longest=HOURS)
    assert kept(made) == [(0.4, 2.1), (8.9, 9.6)]


def test_a_clip_of_one_word_is_not_cut_to_save_nothing() -> None:
    options = SegmentationOptions(min_saving=0)
    made = plan_channel(spans((0.1, 0.34)), to_samples(0.43), options, longest=HOURS)
    assert kept(made) == [(0, 0.43)]


def test_segments_that_meet_when_widened_are_one() -> None:
    speech = spans((10, 12), (13, 14))
    made = plan_channel(
        speech, to_samples(60), SegmentationOptions(min_pause_s=0.5, keep_s=0.5), longest=HOURS
    )
    assert kept(made) == [(9.5, 14.5)]


@pytest.mark.parametrize(
    "choice", [SegmentationOptions(min_saving=0.2), SegmentationOptions(remove_pauses=False)]
)
def test_a_recording_is_sent_whole_where_leaving_out_pauses_saves_too_little(
    choice: SegmentationOptions,
) -> None:
    made = plan_channel(spans((1, 9)), to_samples(10), choice, longest=HOURS)
    assert made.chunks == (
        Chunk(span=Span(0, to_samples(10)), timeline=Timeline.identity(to_samples(10))),
    )


def test_without_speech_nothing_is_sent() -> None:
    assert (
        plan_channel(
            (), to_samples(10), SegmentationOptions(remove_pauses=False), longest=HOURS
        ).chunks
        == ()
    )


def test_a_boundary_is_in_the_longest_pause_near_the_even_split() -> None:
    speech = spans((0, 20), (20.2, 28), (28.4, 31), (31.3, 45), (47, 60))
    made = plan_channel(
        speech,
        to_samples(60),
        SegmentationOptions(remove_pauses=False, overlap_s=0),
        longest=to_samples(40),
    )
    assert [chunk.span.end_s for chunk in made.chunks] == [28.2, 60]


def test_speech_without_a_pause_is_split_at_its_quietest_moment() -> None:
    speech_scores = np.full(to_samples(60) // 512 + 1, 0.9, np.float32)
    one_window, pause = to_samples(29) // 512, to_samples(31) // 512
    speech_scores[one_window] = 0.1
    speech_scores[pause - 2 : pause + 3] = 0.4
    made = plan_channel(
        spans((0, 60)),
        to_samples(60),
        SegmentationOptions(overlap_s=0),
        longest=to_samples(40),
        speech_scores=speech_scores,
    )
    assert made.chunks[0].span.end == pause * 512 + 256


def test_chunks_overlap_on_both_sides_of_a_boundary() -> None:
    speech = spans((0, 30), (130, 160))
    made = plan_channel(
        speech, to_samples(160), SegmentationOptions(overlap_s=5, keep_s=0), longest=to_samples(40)
    )
    before, after = made.chunks
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
def test_all_speech_is_sent_and_chunks_partition_the_recording(
    layout: tuple[tuple[Span, ...], int], choice: SegmentationOptions, longest: int
) -> None:
    speech, samples = layout
    made = plan_channel(speech, samples, choice, longest=longest)
    assert_sound(made.chunks, speech, Span(0, samples))
    assert all(chunk.timeline.samples <= longest for chunk in made.chunks)
    assert all(exact(chunk.timeline.proof(samples)) for chunk in made.chunks)


@given(layouts(), drawn_settings, limits)
def test_halves_of_halves_answer_for_all_that_the_chunk_did(
    layout: tuple[tuple[Span, ...], int], choice: SegmentationOptions, longest: int
) -> None:
    speech, samples = layout
    for chunk in plan_channel(speech, samples, choice, longest=longest).chunks:
        try:
            halves = halve(chunk, speech, choice)
            quarters = [quarter for half in halves for quarter in halve(half, speech, choice)]
        except RequestTooLong:
            continue
        assert halves == halve(chunk, speech, choice)
        assert all(h.timeline.samples <= 0.8 * chunk.timeline.samples for h in halves)
        assert_sound(quarters, speech, chunk.span)


@given(layouts(), drawn_settings, limits)
def test_a_plan_is_a_value_that_survives_json(
    layout: tuple[tuple[Span, ...], int], choice: SegmentationOptions, longest: int
) -> None:
    speech, samples = layout
    made = plan_channel(speech, samples, choice, longest=longest, channel=1)
    assert made == plan_channel(speech, samples, choice, longest=longest, channel=1)
    assert SegmentationPlan.model_validate_json(made.model_dump_json()) == made


@given(layouts(longest=10_000, pause=512), drawn_settings, st.integers(320_000, 400_000))
def test_no_boundary_splits_speech_that_pauses_nearby(
    layout: tuple[tuple[Span, ...], int], choice: SegmentationOptions, longest: int
) -> None:
    speech, samples = layout
    boundaries = [
        chunk.span.end
        for chunk in plan_channel(speech, samples, choice, longest=longest).chunks[:-1]
    ]
    assert not [
        span for span in speech for boundary in boundaries if span.start < boundary < span.end
    ]


def test_what_is_too_short_to_be_too_long_is_not_halved() -> None:
    chunk = Chunk(span=Span(0, 16_000), timeline=Timeline.identity(16_000))
    with pytest.raises(RequestTooLong, match=r"even 1\.0 s"):
        halve(chunk, (Span(0, 16_000),), SegmentationOptions())


def assert_sound(chunks: object, speech: tuple[Span, ...], span: Span) -> None:
    assert isinstance(chunks, list | tuple)
    assert (chunks[0].span.start, chunks[-1].span.end) == (span.start, span.end)
    for before, after in pairwise(chunks):
        assert before.span.end == after.span.start
    for chunk in chunks:
        for said in speech:
            start, end = max(said.start, chunk.span.start), min(said.end, chunk.span.end)
            if start < end:
                assert any(k.start <= start and end <= k.end for k in chunk.timeline.kept)
