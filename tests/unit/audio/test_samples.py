"""Samples in a file: whole numbers of 16 bits exactly, all others with 16 significant bits."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stenoflow.audio.samples import SampleWriter, exponents_path, read_16_bits, read_samples
from stenoflow.times import Span
from stenoflow.vad.scores import WINDOW


def stored(path: Path, samples: NDArray[np.float32], cuts: list[int] | None = None) -> Path:
    """Write samples in blocks that end at ``cuts``."""
    with ExitStack() as stack:
        writer = SampleWriter(path, stack)
        for block in np.split(samples, sorted(cuts or [])):
            writer.write(block)
        writer.flush()
    return path


def noise(length: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 3000, length).astype(np.float32)


def test_whole_numbers_of_16_bits_are_raw_pcm(tmp_path: Path) -> None:
    samples = np.array([0, 1, -1, 32767, -32768, *range(2000)], np.float32)
    path = stored(tmp_path / "x.pcm", samples)
    assert np.array_equal(np.fromfile(path, "<i2"), samples)
    assert np.array_equal(read_samples(path, Span(0, len(samples))), samples)
    assert not exponents_path(path).exists()


@given(
    lengths=st.lists(st.integers(0, 1500), min_size=1, max_size=6),
    exponents=st.lists(st.integers(-40, 30), min_size=6, max_size=6),
    start=st.integers(0, 500),
)
@settings(deadline=None)
def test_each_window_keeps_16_bits_of_its_loudest_sample(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], exponents: list[int], start: int
) -> None:
    parts = [
        noise(length, at) * np.float32(2.0**exponent)
        for at, (length, exponent) in enumerate(zip(lengths, exponents, strict=False))
    ]
    samples = np.concatenate(parts)
    cuts = np.cumsum(lengths)[:-1].tolist()
    path = stored(tmp_path_factory.mktemp("samples") / "x.pcm", samples, cuts)
    start = min(start, len(samples))
    found = read_samples(path, Span(start, len(samples)))
    padded = np.pad(np.abs(samples), (0, -len(samples) % WINDOW)).reshape(-1, WINDOW)
    allowed = np.repeat(padded.max(axis=1, initial=0) * 2**-15, WINDOW)[start : len(samples)]
    assert (np.abs(found - samples[start:]) <= allowed).all()


def test_what_is_sent_is_rounded_and_clipped_to_16_bits(tmp_path: Path) -> None:
    samples = np.zeros(WINDOW + 2, np.float32)
    samples[:2], samples[WINDOW:] = [0.25, -0.75], [40_000, -90_000]
    path = stored(tmp_path / "x.pcm", samples)
    assert read_16_bits(path, Span(0, 2)).tolist() == [0, -1]
    loud = Span(WINDOW, WINDOW + 2)
    assert read_16_bits(path, loud).tolist() == [32767, -32768]
    assert read_16_bits(path, loud, gain=0.25).tolist() == [10_000, -22_500]


def test_a_copy_goes_on_by_itself(tmp_path: Path) -> None:
    common, one, other = noise(1000, 0), noise(700, 1), noise(900, 2)
    with ExitStack() as stack:
        writer = SampleWriter(tmp_path / "one.pcm", stack)
        writer.write(common)
        copy = writer.copy_to(tmp_path / "other.pcm")
        writer.write(one)
        copy.write(other)
        writer.flush()
        copy.flush()
    for name, last in (("one.pcm", one), ("other.pcm", other)):
        samples = np.concatenate([common, last])
        found = read_samples(tmp_path / name, Span(0, len(samples)))
        np.testing.assert_allclose(found, samples, atol=1)


def test_silence_at_the_beginning_takes_no_disk(tmp_path: Path) -> None:
    samples = noise(2000)
    with ExitStack() as stack:
        writer = SampleWriter(tmp_path / "late.pcm", stack)
        writer.skip(10_000)
        writer.write(samples)
        writer.flush()
    start = 10_000 * WINDOW
    assert not read_samples(tmp_path / "late.pcm", Span(0, start)).any()
    found = read_samples(tmp_path / "late.pcm", Span(start, start + 2000))
    np.testing.assert_allclose(found, samples, atol=0.5)
    assert (tmp_path / "late.pcm").stat().st_blocks * 512 < start


def test_a_span_past_the_end_is_an_error(tmp_path: Path) -> None:
    path = stored(tmp_path / "x.pcm", noise(100))
    with pytest.raises(ValueError, match="holds fewer than 101 samples"):
        read_samples(path, Span(50, 101))
