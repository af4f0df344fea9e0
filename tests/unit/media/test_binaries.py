"""The system's FFmpeg decodes if there is one, else the wheel's; both can do all that is needed."""

import shutil
import stat
import subprocess
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import pytest

from stenoflow.errors import (
    BadMedia,
    ConfigurationError,
    MissingDependency,
    ProcessKilled,
    ProcessTimedOut,
)
from stenoflow.media.binaries import VARIABLE, chosen_decoder, second_decoder
from stenoflow.media.decoding import decode, probe
from stenoflow.media.options import Limits, MediaOptions
from tests.support.corpus import needs_corpus, recordings
from tests.support.media_files import make, pitches, tone, tones, write_wav

SYSTEM = shutil.which("ffmpeg")
WHEEL = imageio_ffmpeg.get_ffmpeg_exe()

both = pytest.mark.parametrize(
    "decoder",
    [
        pytest.param(
            SYSTEM, marks=pytest.mark.skipif(SYSTEM is None, reason="needs package ffmpeg")
        ),
        WHEEL,
    ],
    ids=["system", "wheel"],
)


@pytest.fixture(autouse=True)
def unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def script(path: Path, text: str) -> Path:
    """Write a shell script as a program; return its path."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class TestChosenDecoder:
    """The FFmpeg that is used, and why."""

    @pytest.mark.skipif(SYSTEM is None, reason="needs package ffmpeg")
    def test_the_systems_ffmpeg_comes_first(self) -> None:
        assert chosen_decoder().path == str(Path(SYSTEM or "").resolve())
        assert "the system's" in chosen_decoder().why

    def test_the_wheels_ffmpeg_is_next(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert chosen_decoder().path == WHEEL
        assert chosen_decoder().packaged

    def test_a_missing_ffmpeg_is_an_error_with_a_remedy(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        def none() -> str:
            raise RuntimeError("No ffmpeg exe could be found.")

        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", none)
        with pytest.raises(MissingDependency, match="install it with: apt-get install ffmpeg"):
            chosen_decoder()

    def test_a_named_ffmpeg_comes_before_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, WHEEL)
        decoder = chosen_decoder()
        assert (decoder.path, decoder.why) == (str(Path(WHEEL).resolve()), f"named by {VARIABLE}")

    @pytest.mark.parametrize("named", ["/nowhere/ffmpeg", "/etc/passwd", "/tmp"])
    def test_a_name_that_is_not_a_program_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, named: str
    ) -> None:
        monkeypatch.setenv(VARIABLE, named)
        with pytest.raises(
            ConfigurationError, match=f"^{VARIABLE} is '{named}', which is not a program"
        ):
            chosen_decoder()

    @both
    def test_the_version_is_the_one_that_the_binary_prints(
        self, monkeypatch: pytest.MonkeyPatch, decoder: str
    ) -> None:
        monkeypatch.setenv(VARIABLE, decoder)
        banner = subprocess.run([decoder, "-version"], capture_output=True, text=True, check=True)
        assert f"version {chosen_decoder().version} " in banner.stdout


class TestBothDecoders:
    """Both are understood, and can do all that is needed."""

    @pytest.fixture(autouse=True)
    @staticmethod
    def in_use(monkeypatch: pytest.MonkeyPatch, decoder: str) -> None:
        monkeypatch.setenv(VARIABLE, decoder)

    @both
    @pytest.mark.parametrize(
        ("suffix", "codec"),
        [
            ("mp3", "mp3"),
            ("m4a", "aac"),
            ("opus", "opus"),
            ("flac", "flac"),
            ("ogg", "vorbis"),
            ("wav", "pcm_s16le"),
            ("aiff", "pcm_s16be"),
            ("wma", "wmav2"),
            ("ac3", "ac3"),
            ("webm", "opus"),
            ("mov", "aac"),
            ("ts", "mp2"),
        ],
    )
    def test_common_formats_are_decoded(self, tmp_path: Path, suffix: str, codec: str) -> None:
        named = ("-c:a", {"vorbis": "libvorbis", "opus": "libopus"}.get(codec, codec))
        path = make(tmp_path / f"tone.{suffix}", *tone(440, 2, 48_000), "-ac", "2", *named)
        with decode(path) as decoding:
            samples = np.concatenate(list(decoding))
        assert [stream.codec for stream in decoding.info.audio] == [codec]
        assert decoding.info.audio[0].channels == 2
        assert decoding.info.audio[0].sample_rate == 48_000
        assert decoding.duration_s == pytest.approx(2, abs=0.1)
        assert pitches(samples[:, 0]) == [pytest.approx(440, abs=1)]

    @both
    def test_samples_are_those_of_the_file(self, tmp_path: Path) -> None:
        written = tones([300, 500], 1)
        path = write_wav(tmp_path / "stereo.wav", written)
        with decode(path, choice=MediaOptions(channels="apart")) as decoding:
            assert np.array_equal(np.concatenate(list(decoding)), written)

    @both
    def test_the_least_memory_that_a_profile_allows_is_enough(self, tmp_path: Path) -> None:
        field = Limits.model_json_schema()["properties"]["decode_memory_bytes"]
        least = Limits(decode_memory_bytes=field["minimum"])
        path = make(tmp_path / "tone.m4a", *tone(440, 2, 48_000), "-ac", "2")
        with decode(path, limits=least) as decoding:
            assert sum(len(block) for block in decoding) == pytest.approx(32_000, abs=1600)

    @both
    def test_a_refused_container_is_named_if_ffmpeg_names_it(self, tmp_path: Path) -> None:
        (tmp_path / "list.mp3").write_text("ffconcat version 1.0\nfile other.wav\n")
        with pytest.raises(
            BadMedia, match=r"^This is not a recording but something else( \(concat\))?:"
        ):
            probe(tmp_path / "list.mp3")


class TestSecondDecoder:
    """What the system's FFmpeg is too old for is decoded by the wheel's."""

    def test_it_is_the_wheels_if_the_systems_is_used(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(script(tmp_path / "ffmpeg", "exit 1").parent))
        second = second_decoder()
        assert second
        assert second.path == WHEEL

    def test_there_is_none_if_the_wheels_is_the_first(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert second_decoder() is None

    def test_there_is_none_if_one_was_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, "/bin/true")
        assert second_decoder() is None

    def test_it_decodes_what_the_first_cannot_with_a_warning(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        written = tones([440], 1)
        recording = write_wav(tmp_path / "recording", written)
        too_old = (
            "echo \"[info] Input #0, wav, from 'file:x':\" >&2\n"
            "echo '[info]   Stream #0:0: Audio: aac, 16000 Hz, mono, s16' >&2\n"
            "echo '[error] Error while opening decoder: Function not implemented' >&2; exit 1"
        )
        monkeypatch.setenv("PATH", str(script(tmp_path / "ffmpeg", too_old).parent))
        with decode(recording) as decoding:
            assert np.array_equal(np.concatenate(list(decoding)), written)
        assert decoding.info.audio[0].codec == "pcm_s16le"
        assert len(decoding.warnings) == 1
        assert decoding.warnings[0].endswith("as older ones lose sound of this kind.")

    @needs_corpus
    @pytest.mark.skipif(SYSTEM is None, reason="needs package ffmpeg")
    @pytest.mark.parametrize(
        ("name", "seconds"),
        [
            ("containers/PHP-FFMpeg__sample.3gp", 5.0),
            ("containers/mp4parse-rust__sine-3s-xhe-aac-44khz-mono.mp4", 3.0),
        ],
    )
    def test_it_decodes_all_of_what_older_ones_decode_in_part(
        self, name: str, seconds: float
    ) -> None:
        [path] = [entry["path"] for entry in recordings() if entry["name"] == name]
        with decode(path) as decoding:
            list(decoding)
        assert decoding.duration_s == pytest.approx(seconds, abs=0.1)


class TestBrokenDecoder:
    """An FFmpeg that does not work is not the recording's fault: nothing is rejected for it."""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("exit 0", "it prints nothing"),
            ("echo 'ffmpeg: error while loading shared libraries: libx.so' >&2; exit 127", "libx"),
            (
                "echo \"[error] Unrecognized option 'format_whitelist'.\" >&2\n"
                "echo '[fatal] Error splitting the argument list: Option not found' >&2; exit 1",
                "Unrecognized option",
            ),
        ],
        ids=["silent", "unlinked", "too old"],
    )
    def test_it_is_distinguished_from_a_broken_recording(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, said: str
    ) -> None:
        monkeypatch.setenv(VARIABLE, str(script(tmp_path / "ffmpeg", text)))
        recording = write_wav(tmp_path / "fine.wav", tones([440], 1))
        with pytest.raises(MissingDependency, match=rf"^FFmpeg does not work \(.*{said}"):
            probe(recording)
        with pytest.raises(MissingDependency), decode(recording) as decoding:
            list(decoding)

    def test_one_that_is_killed_in_the_middle_is_no_verdict_on_the_recording(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """As the kernel does where memory runs out."""
        cut = f'"{chosen_decoder().path}" "$@" | head -c 2000000\nkill -KILL $$'
        monkeypatch.setenv(VARIABLE, str(script(tmp_path / "ffmpeg", cut)))
        recording = write_wav(tmp_path / "fine.wav", tones([440], 120))
        with (
            pytest.raises(ProcessKilled, match="if memory ran out, work on fewer recordings"),
            decode(recording) as decoding,
        ):
            for _ in decoding:
                pass
        assert decoding.samples > 0

    def test_one_that_hangs_is_no_verdict_on_the_recording(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv(VARIABLE, str(script(tmp_path / "ffmpeg", "exec sleep 600")))
        recording = write_wav(tmp_path / "fine.wav", tones([440], 1))
        limits = Limits(decode_deadline_s=0.5)
        with pytest.raises(ProcessTimedOut), decode(recording, limits=limits) as decoding:
            list(decoding)

    def test_a_binary_without_a_version_is_a_configuration_error(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv(VARIABLE, str(script(tmp_path / "ffmpeg", "echo Hello")))
        with pytest.raises(ConfigurationError, match="is not a working FFmpeg"):
            chosen_decoder().version  # noqa: B018 - asking is what fails
