"""What FFmpeg does not tell of a file is found, and all sound in it is decoded at its time."""

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from stenoflow.media.binaries import VARIABLE
from stenoflow.media.file_layout import (
    READ_BYTES,
    FileLayout,
    count_joins,
    read_file_layout,
)
from stenoflow.times import SAMPLE_RATE
from tests.support.corpus import case
from tests.support.decoded import Decoded, decode_whole
from tests.support.media_files import make, pitches, tone, tones, write_wav
from tests.unit.media.test_binaries import both

OPUSENC, LAME, FLAC, SOX = map(shutil.which, ("opusenc", "lame", "flac", "sox"))
OTHERS = [(OPUSENC, "opus", ()), (LAME, "mp3", ("--add-id3v2", "--tt", "part"))]
"""Encoders of other makers: program, suffix, options."""


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def onset_s(decoded: Decoded) -> float:
    """Return when the first sound begins."""
    return int(np.flatnonzero(np.abs(decoded.samples[:, 0].astype(int)) > 300)[0]) / SAMPLE_RATE


@pytest.fixture(autouse=True)
def in_use(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "decoder" in request.fixturenames:
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("decoder"))


class TestWavHeaders:
    """A header that counts less than the file holds."""

    @staticmethod
    def claiming(path: Path, size: int, behind: bytes = b"", seconds: float = 6) -> Path:
        """Write 6 s of a tone whose header counts ``size`` bytes of samples."""
        content = bytearray(write_wav(path, tones([440], seconds)).read_bytes() + behind)
        content[40:44] = struct.pack("<I", size)
        path.write_bytes(content)
        return path

    @both
    @pytest.mark.parametrize("size", [32_000, 2, 0, 0xFFFFFFFF])
    def test_all_sound_in_the_file_is_decoded(
        self, tmp_path: Path, decoder: str, size: int
    ) -> None:
        decoded = decode_whole(self.claiming(tmp_path / "crashed.wav", size))
        assert len(decoded.samples) == 6 * SAMPLE_RATE
        assert np.array_equal(decoded.samples, tones([440], 6))

    def test_a_size_that_wrapped_at_4_gib_is_not_believed(self, tmp_path: Path) -> None:
        path = tmp_path / "wrapped.wav"
        beyond = SAMPLE_RATE
        with write_wav(path, tones([440], 1)).open("r+b") as file:
            file.seek(40)
            file.write(struct.pack("<I", beyond))
            file.truncate(44 + 2**32 + beyond)
        found = read_file_layout(path).uncounted
        assert found
        assert (found.size, found.readable) == (2**32, True)

    @pytest.mark.parametrize("padding", [b"", b"\0" * 300])
    def test_chunks_behind_the_samples_are_not_sound(self, tmp_path: Path, padding: bytes) -> None:
        path = tmp_path / "tagged.wav"
        chunk = b"LIST" + struct.pack("<I", 12) + b"INFOISFT\0\0\0\0"
        self.claiming(path, 32_000, chunk + padding, seconds=1)
        assert read_file_layout(path).uncounted is None
        assert len(decode_whole(path).samples) == SAMPLE_RATE

    @both
    def test_recordings_joined_end_to_end_are_both_decoded(
        self, tmp_path: Path, decoder: str
    ) -> None:
        parts = [write_wav(tmp_path / f"{hz}.wav", tones([hz], 2)) for hz in (300, 500)]
        decoded = decode_whole(joined(tmp_path / "joined.wav", *parts))
        assert decoded.duration_s == pytest.approx(4, abs=0.01)
        assert pitches(decoded.samples[:, 0], 2) == [pytest.approx(hz, abs=1) for hz in (300, 500)]

    def test_a_second_recording_of_another_format_causes_a_warning(self, tmp_path: Path) -> None:
        first = write_wav(tmp_path / "first.wav", tones([300], 2))
        second = write_wav(tmp_path / "second.wav", tones([500, 500], 2, 8000), 8000)
        decoded = decode_whole(joined(tmp_path / "joined.wav", first, second))
        assert decoded.duration_s == 2
        [warning] = decoded.warnings
        assert warning.startswith(
            f"The file goes on for {second.stat().st_size} bytes behind the sound that its header"
        )


class TestTime:
    """When sound plays, where FFmpeg computes it wrongly."""

    @both
    @pytest.mark.parametrize("rates", [(22_050, 44_100), (44_100, 48_000), (48_000, 16_000)])
    def test_a_sample_rate_that_changes_neither_stretches_nor_cuts(
        self, tmp_path: Path, decoder: str, rates: tuple[int, int]
    ) -> None:
        parts = [
            make(tmp_path / f"{rate}.aac", *tone(hz, 5, rate), "-c:a", "aac")
            for hz, rate in zip((300, 500), rates, strict=True)
        ]
        decoded = decode_whole(joined(tmp_path / "changing.aac", *parts))
        assert decoded.duration_s == pytest.approx(10, abs=0.2)
        assert decoded.warnings == ()
        loud = np.abs(decoded.samples[: 10 * SAMPLE_RATE, 0].astype(int)).reshape(-1, 1600).max(1)
        assert (loud[2:-2] > 500).all()
        for part, hz in zip(np.array_split(decoded.samples[:, 0], 2), (300, 500), strict=True):
            assert pitches(part[8000:-8000]) == [pytest.approx(hz, abs=1)]

    @both
    @pytest.mark.parametrize("late_s", [0.4, 1, 2.5, 5])
    @pytest.mark.parametrize("container", ["mpegts", "mpeg"])
    def test_audio_of_an_mpeg_stream_that_is_later_than_its_picture_keeps_its_time(
        self, tmp_path: Path, decoder: str, container: str, late_s: float
    ) -> None:
        picture = ("-f", "lavfi", "-i", "testsrc=d=8:s=64x64:r=25")
        late = make(
            tmp_path / "late", *picture, "-itsoffset", str(late_s), *tone(440, 3, 48_000),
            "-c:v", "mpeg2video", "-c:a", "mp2", "-f", container,
        )  # fmt: skip
        assert onset_s(decode_whole(late)) == pytest.approx(late_s, abs=0.06)

    @both
    def test_audio_that_an_edit_list_delays_keeps_its_time(
        self, tmp_path: Path, decoder: str
    ) -> None:
        late = make(tmp_path / "late.m4a", "-itsoffset", "20", *tone(440, 3, 48_000), "-c:a", "aac")
        decoded = decode_whole(late)
        assert onset_s(decoded) == pytest.approx(20, abs=0.06)
        assert decoded.duration_s == pytest.approx(23, abs=0.06)
        assert decoded.warnings == ()

    def test_the_clock_of_a_fragment_is_not_a_delay(self, tmp_path: Path) -> None:
        """As in a segment of a live stream, whose time began a day ago."""
        fragment = make(
            tmp_path / "segment.mp4", *tone(440, 3, 48_000), "-c:a", "aac",
            "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-output_ts_offset", "86000",
        )  # fmt: skip
        assert decode_whole(fragment).duration_s == pytest.approx(3, abs=0.1)

    @both
    @pytest.mark.parametrize(("program", "suffix", "options"), OTHERS, ids=["opusenc", "lame"])
    def test_joined_recordings_follow_one_another_without_a_false_alarm(
        self,
        tmp_path: Path,
        decoder: str,
        program: str | None,
        suffix: str,
        options: tuple[str, ...],
    ) -> None:
        if program is None:
            pytest.skip(f"needs the encoder of {suffix} files")
        parts: list[Path] = []
        for hz in (300, 500, 700):
            wav = write_wav(tmp_path / f"{hz}.wav", tones([hz], 3))
            parts.append(tmp_path / f"{hz}.{suffix}")
            subprocess.run([program, "--quiet", *options, wav, parts[-1]], check=True)
        decoded = decode_whole(joined(tmp_path / f"joined.{suffix}", *parts))
        assert decoded.duration_s == pytest.approx(9, abs=0.15)
        assert decoded.warnings == ()
        for second, hz in ((1, 300), (4, 500), (7, 700)):
            part = decoded.samples[second * SAMPLE_RATE : (second + 1) * SAMPLE_RATE, 0]
            assert pitches(part) == [pytest.approx(hz, abs=1)]

    @pytest.mark.parametrize("at", [READ_BYTES - 2, READ_BYTES - 1, READ_BYTES, 3 * READ_BYTES + 7])
    def test_each_join_is_counted_once(self, tmp_path: Path, at: int) -> None:
        """Wherever the parts that are read meet."""
        path = tmp_path / "joined.mp3"
        path.write_bytes(b"\xff\xfb" + bytes(at - 2) + b"ID3\x04" + bytes(500))
        assert count_joins(path, FileLayout(bare_frames=True)) == 1
        path.write_bytes(b"\xff\xfb" + bytes(at - 2) + b"TAG" + bytes(125) + b"\xff\xfb\x90")
        assert count_joins(path, FileLayout(bare_frames=True)) == 1

    @both
    def test_damage_in_a_joined_recording_still_causes_a_warning(
        self, tmp_path: Path, decoder: str
    ) -> None:
        parts = [make(tmp_path / f"{hz}.opus", *tone(hz, 3, 48_000)) for hz in (300, 500)]
        content = bytearray(joined(tmp_path / "joined.opus", *parts).read_bytes())
        middle = len(content) // 4
        for at in range(middle, middle + 600):
            content[at] ^= 0xFF
        (tmp_path / "damaged.opus").write_bytes(content)
        assert any(
            "damaged" in warning for warning in decode_whole(tmp_path / "damaged.opus").warnings
        )


class TestCases:
    """Files on which 0.1.0 failed."""

    @pytest.mark.parametrize(
        ("name", "seconds"),
        [
            ("adts-22-44-speech.aac", 12.1),
            ("chained-shortpages.opus", 12.0),
            ("wav-header-says-1s-of-6s.wav", 6.0),
        ],
    )
    def test_all_of_it_is_decoded(self, name: str, seconds: float) -> None:
        decoded = decode_whole(case(name))
        assert decoded.duration_s == pytest.approx(seconds, abs=0.05)
        assert not any("damaged" in warning for warning in decoded.warnings)

    def test_late_audio_is_where_it_plays(self) -> None:
        samples = decode_whole(case("late5-speech.ts")).samples[:, 0]
        first_word = int(np.flatnonzero(np.abs(samples.astype(int)) > 1000)[0])
        assert first_word / SAMPLE_RATE == pytest.approx(5.3, abs=0.1)

    def test_a_resource_fork_is_called_by_its_name(self) -> None:
        with pytest.raises(Exception, match="resource fork"):
            decode_whole(case("appledouble-call.wav"))


@pytest.mark.skipif(FLAC is None or SOX is None, reason="needs packages flac and sox")
def test_flac_of_32_bits_is_decoded(tmp_path: Path) -> None:
    """FFmpeg 5 refuses it: the other decoder is asked."""
    wav = write_wav(tmp_path / "16.wav", tones([440], 2))
    subprocess.run([SOX or "", wav, "-b", "32", tmp_path / "32.wav"], check=True)
    subprocess.run([FLAC or "", "-s", tmp_path / "32.wav", "-o", tmp_path / "32.flac"], check=True)
    decoded = decode_whole(tmp_path / "32.flac")
    assert np.abs(decoded.samples.astype(int) - tones([440], 2)).max() <= 1


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "flac", "mkv"])
def test_an_ordinary_file_has_no_peculiar_layout(tmp_path: Path, suffix: str) -> None:
    layout = read_file_layout(make(tmp_path / f"plain.{suffix}", *tone(440, 1)))
    assert layout == FileLayout(bare_frames=suffix == "mp3")
