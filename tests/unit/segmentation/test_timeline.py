"""A timeline is exact both ways, and never leaves a word in a removed pause."""

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from stenoflow.segmentation.timeline import Proof, Timeline
from stenoflow.times import Span, to_samples


def seconds(*edges: tuple[float, float]) -> Timeline:
    return Timeline(tuple(Span(to_samples(start), to_samples(end)) for start, end in edges))


@st.composite
def timelines(draw: st.DrawFn) -> tuple[Timeline, int]:
    """A timeline and the length of its original."""
    position, kept = draw(st.integers(0, 50)), []
    for _ in range(draw(st.integers(1, 8))):
        length = draw(st.integers(1, 60))
        kept.append(Span(position, position + length))
        position += length + draw(st.integers(1, 60))
    return Timeline(tuple(kept)), kept[-1].end + draw(st.integers(0, 50))


def holds(proof: Proof) -> bool:
    """Return True if the timeline that it is about maps both ways exactly."""
    return proof.monotonic and proof.in_bounds and proof.round_trip_samples == 0


TRAP = seconds((10, 12), (100, 103))


def test_a_position_at_a_join_is_the_end_of_one_kept_span_and_the_start_of_the_next() -> None:
    assert TRAP.to_original(to_samples(2.0), "end") == to_samples(12.0)
    assert TRAP.to_original(to_samples(2.0), "start") == to_samples(100.0)


def test_a_word_that_ends_at_a_join_ends_before_the_pause() -> None:
    assert TRAP.original_span(Span(to_samples(1.5), to_samples(2.0))) == Span(
        to_samples(11.5), to_samples(12.0)
    )


def test_a_word_that_starts_at_a_join_starts_after_the_pause() -> None:
    assert TRAP.original_span(Span(to_samples(2.0), to_samples(2.4))) == Span(
        to_samples(100.0), to_samples(100.4)
    )


def test_a_word_that_straddles_a_join_is_placed_where_most_of_it_is() -> None:
    mostly_before = TRAP.original_span(Span(to_samples(1.5), to_samples(2.1)))
    mostly_after = TRAP.original_span(Span(to_samples(1.9), to_samples(2.5)))
    assert mostly_before == Span(to_samples(11.5), to_samples(12.0))
    assert mostly_after == Span(to_samples(100.0), to_samples(100.5))


def test_a_word_without_length_at_a_join_stays_without_length() -> None:
    join = to_samples(2.0)
    assert TRAP.original_span(Span(join, join)) == Span(to_samples(100), to_samples(100))


def test_what_an_engine_places_past_the_end_is_at_the_end() -> None:
    end = to_samples(103)
    assert TRAP.original_span(Span(to_samples(4.5), to_samples(7))) == Span(to_samples(102.5), end)
    assert TRAP.original_span(Span(to_samples(6), to_samples(7))) == Span(end, end)
    assert TRAP.to_original(to_samples(99), "start") == end
    assert TRAP.to_original(-1, "end") == to_samples(10)


def test_a_removed_position_is_at_the_join_of_its_neighbours() -> None:
    assert TRAP.to_sent(to_samples(50)) == to_samples(2)
    assert TRAP.to_sent(0) == 0
    assert TRAP.to_sent(to_samples(500)) == TRAP.samples == to_samples(5)


@given(st.integers(1, 1000), st.integers(0, 1000))
def test_an_identity_maps_every_position_to_itself(samples: int, position: int) -> None:
    identity = Timeline.identity(samples)
    position = min(position, samples)
    assert (
        identity.to_original(position, "start") == identity.to_original(position, "end") == position
    )
    assert identity.to_sent(position) == position
    assert identity.original_span(Span(position, samples)) == Span(position, samples)


@given(timelines())
def test_every_position_of_the_sent_audio_comes_back_exactly(made: tuple[Timeline, int]) -> None:
    timeline, _ = made
    for position in range(timeline.samples + 1):
        assert timeline.to_sent(timeline.to_original(position, "start")) == position
        assert timeline.to_sent(timeline.to_original(position, "end")) == position


@given(timelines())
def test_every_kept_position_comes_back_exactly(made: tuple[Timeline, int]) -> None:
    timeline, _ = made
    for kept in timeline.kept:
        for position in range(kept.start, kept.end):
            assert timeline.to_original(timeline.to_sent(position), "start") == position
            assert timeline.to_original(timeline.to_sent(position + 1), "end") == position + 1


@given(timelines())
def test_the_map_never_runs_backwards(made: tuple[Timeline, int]) -> None:
    timeline, samples = made
    for edge in ("start", "end"):
        found = [timeline.to_original(p, edge) for p in range(-2, timeline.samples + 3)]
        assert found == sorted(found)
        assert found[0] == timeline.kept[0].start
        assert found[-1] == timeline.kept[-1].end
    sent = [timeline.to_sent(position) for position in range(samples + 1)]
    assert sent == sorted(sent)


@given(timelines(), st.data())
def test_no_word_is_left_in_a_removed_pause(
    made: tuple[Timeline, int], data: st.DataObject
) -> None:
    timeline, _ = made
    start = data.draw(st.integers(0, timeline.samples + 5))
    word = Span(start, start + data.draw(st.integers(0, 90)))
    placed = timeline.original_span(word)
    [home] = [s for s in timeline.kept if s.start <= placed.start and placed.end <= s.end]
    assert placed.samples <= word.samples
    held = [
        min(word.end, place.end) - max(word.start, place.start) for place in timeline.sent_spans()
    ]
    assert placed.samples == max(0, *held)
    assert home.samples >= placed.samples


@given(timelines(), st.data())
def test_words_in_order_stay_in_order(made: tuple[Timeline, int], data: st.DataObject) -> None:
    timeline, _ = made
    edges = sorted(data.draw(st.lists(st.integers(0, timeline.samples), min_size=2, max_size=12)))
    placed = [timeline.original_span(Span(a, b)) for a, b in pairwise(edges)]
    assert all(a.end <= b.start for a, b in pairwise(placed) if b.samples)
    assert [span.start for span in placed] == sorted(span.start for span in placed)


@given(timelines(), st.data())
def test_a_slice_maps_as_the_whole_does(made: tuple[Timeline, int], data: st.DataObject) -> None:
    timeline, _ = made
    start = data.draw(st.integers(0, timeline.samples - 1))
    end = data.draw(st.integers(start + 1, timeline.samples))
    part = timeline.slice(Span(start, end))
    assert part.samples == end - start
    for position in range(part.samples):
        assert part.to_original(position, "start") == timeline.to_original(
            position + start, "start"
        )


def test_speech_is_sent_as_far_as_it_is_kept() -> None:
    timeline = Timeline((Span(1000, 2000), Span(5000, 6000)))
    speech = (Span(0, 900), Span(1100, 1200), Span(1900, 5100), Span(5500, 7000))
    assert timeline.speech_sent(speech) == (Span(100, 200), Span(900, 1100), Span(1500, 2000))


@given(timelines())
def test_the_proof_holds_for_every_timeline(made: tuple[Timeline, int]) -> None:
    timeline, samples = made
    proof = timeline.proof(samples)
    assert holds(proof)
    assert (proof.sent_samples, proof.kept_spans) == (timeline.samples, len(timeline.kept))


def test_the_proof_fails_where_the_original_is_shorter_than_what_was_kept() -> None:
    assert not holds(TRAP.proof(to_samples(102)))


@pytest.mark.parametrize(
    "kept",
    [
        (Span(5, 9), Span(0, 3)),
        (Span(0, 5), Span(4, 9)),
        (Span(0, 5), Span(5, 9)),
        (Span(3, 3),),
    ],
)
def test_spans_that_are_not_in_order_and_apart_are_refused(kept: tuple[Span, ...]) -> None:
    with pytest.raises(ValueError, match="span"):
        Timeline(kept)


def test_touching_spans_become_one_span() -> None:
    spans = (Span(0, 5), Span(5, 9), Span(7, 8), Span(12, 12), Span(20, 21))
    assert Timeline.of(spans).kept == (Span(0, 9), Span(20, 21))


def test_a_timeline_that_keeps_nothing_is_empty_and_says_so() -> None:
    nothing = Timeline.identity(0)
    assert nothing.samples == 0
    assert holds(nothing.proof(1000))
    with pytest.raises(ValueError, match="nothing was kept"):
        nothing.to_original(0, "start")


def test_a_timeline_is_an_immutable_json_value() -> None:
    adapter = TypeAdapter(Timeline)
    assert adapter.validate_json(adapter.dump_json(TRAP)) == TRAP
    with pytest.raises(dataclasses.FrozenInstanceError):
        TRAP.kept = ()  # type: ignore[misc]
