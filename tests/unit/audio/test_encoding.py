"""Encoded audio decodes to exactly the samples that were selected."""

import hashlib
import subprocess
import threading
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stenoflow.audio.encoding import BLOCK_SAMPLES, Encoding, encode, samples_within
from stenoflow.errors import Stopped
from stenoflow.segmentation.timeline import Timeline
from stenoflow.times import Span

NOISE = np.random.default_rng(7).integers(-32768, 32768, 3 * BLOCK_SAMPLES + 77, dtype=np.int16)
GO_ON = threading.Event()


def decoded(path: Path) -> NDArray[np.int16]:
    with av.open(path) as file:
        blocks = [frame.to_ndarray() for frame in file.decode(audio=0)]
    return np.concatenate(blocks, axis=1)[0]


@pytest.fixture(scope="module")
def pcm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("channel") / "channel.pcm"
    NOISE.astype("<i2").tofile(path)
    return path


@pytest.mark.parametrize("encoding", ["flac", "wav"])
@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, len(NOISE)), min_size=2, max_size=8, unique=True).map(sorted),
)
def test_a_body_decodes_to_exactly_the_selected_samples(
    tmp_path_factory: pytest.TempPathFactory, pcm: Path, encoding: Encoding, edges: list[int]
) -> None:
    kept = [Span(*pair) for pair in zip(edges[::2], edges[1::2], strict=False)]
    path = tmp_path_factory.mktemp("body") / f"body.{encoding}"
    body = encode(pcm, kept, path, encoding=encoding, stop=GO_ON)
    selected = np.concatenate([NOISE[span.start : span.end] for span in kept])
    np.testing.assert_array_equal(decoded(path), selected)
    assert body.samples == len(selected)
    assert body.speech == Timeline(tuple(kept)).sent_spans()
    assert body.size == path.stat().st_size
    assert body.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_ffmpeg_reads_the_same_samples(tmp_path: Path, pcm: Path) -> None:
    encode(pcm, [Span(0, len(NOISE))], tmp_path / "x.flac", encoding="flac", stop=GO_ON)
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", tmp_path / "x.flac", "-f", "s16le", "-"],
        capture_output=True,
        check=True,
    ).stdout
    np.testing.assert_array_equal(np.frombuffer(raw, "<i2"), NOISE)


def test_a_wav_body_is_what_the_standard_library_reads(tmp_path: Path, pcm: Path) -> None:
    kept = [Span(5, 1000), Span(2000, 2500)]
    body = encode(pcm, kept, tmp_path / "x.wav", encoding="wav", stop=GO_ON)
    with wave.open(str(body.path)) as file:
        assert file.getparams()[:4] == (1, 2, 16_000, 1495)


def test_noise_never_takes_more_bytes_than_estimated(tmp_path: Path, pcm: Path) -> None:
    for encoding in ("flac", "wav"):
        for samples in (1, 5000, len(NOISE)):
            path = tmp_path / f"{samples}.{encoding}"
            body = encode(pcm, [Span(0, samples)], path, encoding=encoding, stop=GO_ON)
            assert samples_within(body.size) < samples


def test_a_gain_clips_loud_samples_at_the_limit(tmp_path: Path) -> None:
    quiet = np.array([0, 1, -1, 100, -100, 20_000, -20_000, 32_767, -32_768], "<i2")
    quiet.tofile(tmp_path / "quiet.pcm")
    body = encode(
        tmp_path / "quiet.pcm",
        [Span(0, len(quiet))],
        tmp_path / "loud.flac",
        encoding="flac",
        gain=2.5,
        stop=GO_ON,
    )
    assert body.path is not None
    assert decoded(body.path).tolist() == [0, 2, -2, 250, -250, 32_767, -32_768, 32_767, -32_768]


def test_the_same_audio_gives_the_same_bytes(tmp_path: Path, pcm: Path) -> None:
    kept = [Span(5, 100_000), Span(200_000, 300_000)]
    first = encode(pcm, kept, tmp_path / "a.flac", encoding="flac", stop=GO_ON)
    second = encode(pcm, kept, tmp_path / "b.flac", encoding="flac", stop=GO_ON)
    assert first.sha256 == second.sha256


def test_a_stop_leaves_no_file_behind(tmp_path: Path, pcm: Path) -> None:
    stop = threading.Event()
    stop.set()
    for encoding in ("flac", "wav"):
        path = tmp_path / f"body.{encoding}"
        with pytest.raises(Stopped):
            encode(pcm, [Span(0, len(NOISE))], path, encoding=encoding, stop=stop)
        assert not path.exists()


def test_a_span_past_the_end_of_the_samples_is_an_error(tmp_path: Path, pcm: Path) -> None:
    past = [Span(0, len(NOISE) + 1)]
    with pytest.raises(ValueError, match="holds fewer than"):
        encode(pcm, past, tmp_path / "body.flac", encoding="flac", stop=GO_ON)
    assert not (tmp_path / "body.flac").exists()
