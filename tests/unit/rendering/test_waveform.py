"""The waveform of a recording."""

import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.rendering import compute_waveform


def _pcm(folder: Path, samples: list[int]) -> Path:
    path = folder / "sound.pcm"
    np.array(samples, dtype="<i2").tofile(path)
    return path


def test_each_bucket_holds_its_loudest_sample(tmp_path: Path) -> None:
    path = _pcm(tmp_path, [0, 16384, -32768, 1, 0, 0])
    drawn = compute_waveform(path, samples=6, buckets=3)
    assert drawn.peaks == (0.5, 1.0, 0.0)
    assert drawn.duration_s == 6 / 16_000


def test_buckets_share_all_samples(tmp_path: Path) -> None:
    path = _pcm(tmp_path, [*[0] * 9, 16384])
    assert compute_waveform(path, samples=10, buckets=4).peaks == (0, 0, 0, 0.5)


@given(
    values=st.lists(st.integers(-32768, 32767), min_size=3, max_size=90),
    buckets=st.integers(1, 70),
    block=st.integers(1, 40),
)
def test_the_waveform_does_not_depend_on_the_block_size(
    values: list[int], buckets: int, block: int
) -> None:
    samples = len(values)
    count = min(buckets, samples)
    edges = [samples * edge // count for edge in range(count + 1)]
    loudest = tuple(
        round(max(abs(value) for value in values[start:end]) / 32768, 4)
        for start, end in pairwise(edges)
    )
    with tempfile.TemporaryDirectory() as folder:
        drawn = compute_waveform(
            _pcm(Path(folder), values), samples=samples, buckets=buckets, block_samples=block
        )
    assert drawn.peaks == loudest


def test_there_are_no_more_buckets_than_samples(tmp_path: Path) -> None:
    assert len(compute_waveform(_pcm(tmp_path, [1, 2, 3]), samples=3).peaks) == 3
    assert compute_waveform(_pcm(tmp_path, []), samples=0).peaks == ()


def test_a_file_that_is_too_short_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="fewer than 9 samples"):
        compute_waveform(_pcm(tmp_path, [1, 2, 3]), samples=9)
