"""Speech scores in a file are read like those in memory."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.vad.scores import StoredScores, iterate_scores

PLACES = st.none() | st.integers(-3000, 3000)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[StoredScores, list[float]]:
    values = np.random.default_rng(0).random(1000, np.float32)
    path = tmp_path_factory.mktemp("stored") / "channel-0.speech"
    path.write_bytes(values.tobytes())
    return StoredScores(path), values.tolist()


@given(start=PLACES, stop=PLACES)
def test_any_slice_is_that_of_a_list(
    stored: tuple[StoredScores, list[float]], start: int | None, stop: int | None
) -> None:
    found, values = stored
    assert len(found) == len(values)
    assert found[start:stop].tolist() == values[start:stop]


@pytest.mark.parametrize("at_once", [1, 7, 1000, 5000])
def test_iterating_yields_every_score_however_many_are_read_at_once(
    stored: tuple[StoredScores, list[float]], at_once: int
) -> None:
    found, values = stored
    assert list(iterate_scores(found, at_once)) == values
    assert list(iterate_scores(np.array(values, np.float32), at_once)) == values


def test_an_empty_file_has_no_scores(tmp_path: Path) -> None:
    (tmp_path / "channel-0.speech").touch()
    nothing = StoredScores(tmp_path / "channel-0.speech")
    assert len(nothing) == 0
    assert nothing[:].tolist() == list(iterate_scores(nothing)) == []
