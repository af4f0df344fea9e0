"""A few recordings, drawn by size and media type, give an unbiased estimate for all."""

import random
from datetime import UTC, datetime
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stenoflow.estimate.sampling import MIN_DRAWN, Range, Sampler, Stratum, extrapolate
from stenoflow.storage import ObjectInfo

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BYTES_PER_S = {"mp3": 16_000, "wav": 88_200, "ogg": 4_000}

recordings = st.lists(
    st.builds(
        lambda name, ending, size: ObjectInfo(f"{name}.{ending}", size, "v", NOW),
        st.integers(0, 10**6),
        st.sampled_from(["mp3", "wav", "ogg", "flac", "txt", "MP3"]),
        st.integers(0, 10**9),
    ),
    unique_by=lambda info: info.key,
    max_size=60,
)


def strata_of(infos: list[ObjectInfo], max_drawn: int) -> list[Stratum]:
    sampler = Sampler(max_drawn)
    for info in infos:
        sampler.add(info)
    return sampler.strata()


def drawn(strata: list[Stratum]) -> set[str]:
    return {info.key for stratum in strata for info in stratum.drawn}


@given(recordings, st.integers(1, 30), st.randoms(use_true_random=False))
def test_the_sample_is_the_same_in_whatever_order_recordings_are_seen(
    infos: list[ObjectInfo], max_drawn: int, chance: random.Random
) -> None:
    shuffled = chance.sample(infos, len(infos))

    assert strata_of(infos, max_drawn) == strata_of(shuffled, max_drawn)


@given(recordings, st.integers(1, 30))
def test_each_recording_belongs_to_one_stratum_and_no_more_are_drawn_than_asked(
    infos: list[ObjectInfo], max_drawn: int
) -> None:
    strata = strata_of(infos, max_drawn)

    assert sum(stratum.recordings for stratum in strata) == len(infos)
    assert sum(stratum.size for stratum in strata) == sum(info.size for info in infos)
    assert len(drawn(strata)) == sum(len(stratum.drawn) for stratum in strata) <= max_drawn
    assert all(stratum.drawn for stratum in strata)
    for stratum in strata:
        whole = len(stratum.drawn) == stratum.recordings
        assert whole == (stratum.threshold == 0)
        assert whole or len(strata) == 1 or len(stratum.drawn) >= MIN_DRAWN


@given(recordings)
def test_a_sample_of_everything_gives_the_exact_figure(infos: list[ObjectInfo]) -> None:
    strata = strata_of(infos, 400)

    found = extrapolate(strata, lambda info: info.size / 7)

    assert found.expected == pytest.approx(sum(info.size / 7 for info in infos))
    assert found.low == pytest.approx(found.high) == pytest.approx(found.expected)


@settings(deadline=None)
@given(recordings.filter(bool), st.integers(1, 20), st.floats(0.001, 1000))
def test_figures_proportional_to_bytes_are_exact_for_any_sample(
    infos: list[ObjectInfo], max_drawn: int, each_byte: float
) -> None:
    some = [info for info in infos if info.size]

    found = extrapolate(strata_of(some, max_drawn), lambda info: info.size * each_byte)

    assert found.expected == pytest.approx(each_byte * sum(info.size for info in some))
    assert 0 <= found.low <= found.expected <= found.high


def test_a_recording_as_large_as_all_others_together_is_always_drawn() -> None:
    small = [ObjectInfo(f"{number}.mp3", 1000, "v", NOW) for number in range(1000)]

    strata = strata_of([*small, ObjectInfo("large.mp3", 10**9, "v", NOW)], 5)

    assert "large.mp3" in drawn(strata)


def test_rare_media_types_are_drawn_from_together() -> None:
    infos = [ObjectInfo(f"{number}.mp3", 1000, "v", NOW) for number in range(90)]
    infos += [ObjectInfo(f"{ending}.{ending}", 1000, "v", NOW) for ending in ("wav", "ogg", "xyz")]

    strata = strata_of(infos, 20)

    assert [(each.name, each.recordings, len(each.drawn)) for each in strata] == [
        ("mp3", 90, 17),
        ("other", 3, 3),
    ]


def test_estimates_have_no_bias_and_ranges_hold_what_they_promise() -> None:
    estimates: list[float] = []
    held = 0
    for seed in range(200):
        chance = random.Random(seed)
        speech_s: dict[str, float] = {}
        infos: list[ObjectInfo] = []
        for number in range(200):
            ending = chance.choice(["mp3", "mp3", "wav", "ogg"])
            duration_s = chance.lognormvariate(5, 1)
            size = round(duration_s * BYTES_PER_S[ending] * chance.choice([0.5, 1, 2]))
            infos.append(ObjectInfo(f"{seed}/{number}.{ending}", size, "v", NOW))
            speech_s[infos[-1].key] = duration_s * chance.betavariate(4, 2)
        true = sum(speech_s.values())
        found = extrapolate(strata_of(infos, 20), lambda info, known=speech_s: known[info.key])
        estimates.append(found.expected / true)
        held += found.low <= true <= found.high
    assert mean(estimates) == pytest.approx(1, abs=0.03)
    assert held >= 0.92 * len(estimates)


def test_one_recording_that_stands_for_others_is_taken_to_be_off_by_all_it_says() -> None:
    infos = [ObjectInfo(f"{number}.mp3", 100, "v", NOW) for number in range(10)]

    assert extrapolate(strata_of(infos, 1), lambda _: 5.0) == Range(50.0, 5.0, 100.0)
