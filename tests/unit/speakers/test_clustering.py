"""Which windows are one voice: made vectors around directions that are known."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stenoflow.speakers.clustering import Calibration, cluster, margins

WIDE = Calibration(linked=0.26, joined=0.28, fewest=4, known=0.8)
NARROW = Calibration(linked=0.31, joined=None, fewest=6, known=0.9)
ANY = (1, 20)


def voices(turns: list[int], *, spread: float = 0.5, seed: int = 7) -> NDArray[np.float32]:
    """Unit vectors in 256 dimensions; ``turns`` are the voices of windows, one after the other."""
    chance = np.random.default_rng(seed)
    directions = np.linalg.qr(chance.normal(size=(256, max(turns) + 1)))[0].T
    vectors = directions[turns] + chance.normal(0, spread / 16, (len(turns), 256))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("calibration", [WIDE, NARROW])
@pytest.mark.parametrize(
    "turns", [[0] * 20, [0] * 8 + [1] * 9 + [0] * 7, [0] * 8 + [1] * 8 + [2] * 8 + [3] * 8]
)
def test_voices_are_found_in_the_order_in_which_they_appear(
    turns: list[int], calibration: Calibration
) -> None:
    assert cluster(voices(turns), calibration, ANY).tolist() == turns


@given(
    lengths=st.lists(st.integers(6, 12), min_size=1, max_size=5),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=25)
def test_whoever_speaks_when_windows_of_one_voice_stay_together(
    lengths: list[int], order: Random
) -> None:
    turns = [voice for voice, length in enumerate(lengths) for _ in range(length)]
    order.shuffle(turns)
    found = cluster(voices(turns), WIDE, ANY).tolist()
    assert len(set(zip(turns, found, strict=True))) == len(lengths) == len(set(found))


def test_a_few_windows_are_not_a_voice() -> None:
    turns = [0] * 20 + [1] * 2 + [0] * 5
    assert set(cluster(voices(turns), WIDE, ANY)) == {0}


@pytest.mark.parametrize(("bounds", "count"), [((1, 1), 1), ((2, 2), 2), ((4, 4), 4), ((1, 3), 3)])
def test_the_number_may_be_given_or_bounded(bounds: tuple[int, int], count: int) -> None:
    turns = [0] * 8 + [1] * 8 + [2] * 8 + [3] * 8
    assert len(set(cluster(voices(turns), WIDE, bounds))) == count


def test_two_may_be_asked_for_where_one_would_be_found() -> None:
    assert len(set(cluster(voices([0] * 20), WIDE, (2, 2)))) == 2


@pytest.mark.parametrize("number", [0, 1])
def test_hardly_any_windows_are_one_voice(number: int) -> None:
    vectors = voices([0] * 2)[:number]
    assert cluster(vectors, WIDE, ANY).tolist() == [0] * number


def test_long_recordings_are_clustered_by_a_part_of_their_windows() -> None:
    turns = [at // 500 % 3 for at in range(9000)]
    assert cluster(voices(turns), WIDE, ANY).tolist() == turns


def test_margins_are_large_for_clear_voices_and_none_for_one() -> None:
    turns = [0] * 8 + [1] * 8
    vectors = voices(turns)
    found = margins(vectors, cluster(vectors, WIDE, ANY))
    assert found is not None
    assert found.shape == (16,)
    assert found.min() > 0.5
    assert margins(vectors, np.zeros(16, np.int64)) is None
