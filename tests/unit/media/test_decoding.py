"""Decoding turns any recording into 16 kHz PCM, or says in one clear sentence why not."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest

from stenoflow.errors import BadMedia, NotFound, OverLimit, ProcessTimedOut, Stopped
from stenoflow.media.binaries import VARIABLE
from stenoflow.media.decoding import BLOCK_SAMPLES, MAX_CHANNELS, decode, probe
from stenoflow.media.options import Limits
from stenoflow.media.sandbox import launcher
from stenoflow.times import SAMPLE_RATE
from tests.support.children import children_with_argument
from tests.support.corpus import ROOT
from tests.support.decoded import assert_readable, decode_whole
from tests.support.media_files import PICTURE, make, pitches, tone, tones, write_wav
from tests.unit.media.test_binaries import both

GAPS = [("mkv", "pcm_s16le"), ("webm", "libopus"), ("mp4", "aac")]


class TestStreams:
    """The choice among the streams of a file."""

    def test_the_audio_of_a_video_is_decoded(self, tmp_path: Path) -> None:
        video = make(tmp_path / "talk.mp4", *PICTURE, *tone(440, 2))
        decoded = decode_whole(video)
        assert decoded.info.has_video
        assert decoded.duration_s == pytest.approx(2, abs=0.1)
        assert pitches(decoded.samples[:, 0]) == [pytest.approx(440, abs=1)]
        assert decoded.warnings == ()

    def test_a_video_without_audio_is_rejected(self, tmp_path: Path) -> None:
        video = make(tmp_path / "silent.mp4", *PICTURE)
        with pytest.raises(BadMedia, match=r"^The recording has no audio stream: only video"):
            decode_whole(video)

    def test_a_cover_picture_does_not_make_a_video(self, tmp_path: Path) -> None:
        cover = make(tmp_path / "cover.png", *PICTURE, "-frames:v", "1")
        song = make(
            tmp_path / "song.mp3", *tone(440, 1), "-i", cover, "-map", "0", "-map", "1",
            "-disposition:v", "attached_pic",
        )  # fmt: skip
        assert not decode_whole(song).info.has_video

    @pytest.fixture(scope="class")
    @staticmethod
    def bilingual(tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Two streams: English at 300 Hz, and, marked as the one to play, German at 500 Hz."""
        return make(
            tmp_path_factory.mktemp("bilingual") / "film.mkv", *tone(300, 1), *tone(500, 1),
            "-map", "0", "-map", "1", "-disposition:a:0", "0", "-disposition:a:1", "default",
            "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", "-c:a", "flac",
        )  # fmt: skip

    def test_the_default_stream_is_decoded_with_a_warning(self, bilingual: Path) -> None:
        decoded = decode_whole(bilingual)
        assert pitches(decoded.samples[:, 0]) == [pytest.approx(500, abs=1)]
        assert decoded.warnings == (
            "The file has 2 audio streams, of which number 1 was used: "
            "0: flac, 1 channel, eng; 1: flac, 1 channel, ger.",
        )

    @pytest.mark.parametrize(("stream", "hz"), [(0, 300), (1, 500)])
    def test_the_profile_chooses_another_stream(
        self, bilingual: Path, stream: int, hz: int
    ) -> None:
        decoded = decode_whole(bilingual, audio_stream=stream)
        assert pitches(decoded.samples[:, 0]) == [pytest.approx(hz, abs=1)]
        assert decoded.warnings == ()

    def test_a_missing_stream_is_rejected_with_a_list_of_streams(self, bilingual: Path) -> None:
        with pytest.raises(
            BadMedia, match="asks for audio stream 2, but the recording has 2 audio"
        ):
            decode_whole(bilingual, audio_stream=2)

    def test_probing_lists_the_streams_without_decoding(self, bilingual: Path) -> None:
        info = probe(bilingual)
        assert [stream.language for stream in info.audio] == ["eng", "ger"]
        assert info.default_stream == 1
        assert info.claimed_s == pytest.approx(1, abs=0.01)

    def test_probing_rejects_what_is_not_a_recording(self, tmp_path: Path) -> None:
        (tmp_path / "notes.mp3").write_text("Not a recording at all.\n" * 100)
        with pytest.raises(BadMedia, match="not a recording but a text file"):
            probe(tmp_path / "notes.mp3")


class TestChannels:
    """One, or all."""

    @pytest.mark.parametrize("channel", [0, 1, 5])
    def test_one_channel_is_decoded_exactly_as_recorded(self, tmp_path: Path, channel: int) -> None:
        written = tones([300 + 100 * index for index in range(6)], 1)
        decoded = decode_whole(
            write_wav(tmp_path / "six.wav", written), channels="one", channel=channel
        )
        assert np.array_equal(decoded.samples[:, 0], written[:, channel])

    def test_a_missing_channel_is_rejected(self, tmp_path: Path) -> None:
        stereo = write_wav(tmp_path / "stereo.wav", tones([300, 500], 1))
        with pytest.raises(BadMedia, match="asks for channel 2, but the recording has 2 channels"):
            decode_whole(stereo, channels="one", channel=2)

    @pytest.mark.parametrize("channels", ["mix", "apart"])
    @pytest.mark.parametrize("count", [1, 2, 3, 6, 8, 9, 32])
    def test_all_channels_are_exactly_as_recorded(
        self, tmp_path: Path, count: int, channels: str
    ) -> None:
        written = tones([300 + 100 * index for index in range(count)], 1)
        decoded = decode_whole(write_wav(tmp_path / "some.wav", written), channels=channels)
        assert np.array_equal(decoded.samples, written)

    @pytest.mark.parametrize("channels", ["mix", "one", "apart"])
    def test_more_channels_than_the_limit_are_rejected(self, tmp_path: Path, channels: str) -> None:
        many = write_wav(tmp_path / "many.wav", tones([300] * (MAX_CHANNELS + 1), 0.1))
        with pytest.raises(OverLimit, match="33 channels, and at most 32"):
            decode_whole(many, channels=channels)


class TestDuration:
    """What was decoded, whatever a header claims."""

    @both
    @pytest.mark.parametrize("samples", [1, 2, 3, 10, 11, 15, 40])
    @pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
    def test_a_whole_recording_of_few_samples_is_decoded(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decoder: str, samples: int, rate: int
    ) -> None:
        monkeypatch.setenv(VARIABLE, decoder)
        few = np.resize(np.array([900, -900], np.int16), (samples, 1))
        for path in (
            write_wav(tmp_path / "few.wav", few, rate),
            make(tmp_path / "few.aiff", "-i", tmp_path / "few.wav"),
        ):
            decoded = decode_whole(path)
            assert len(decoded.samples) == pytest.approx(samples * SAMPLE_RATE / rate, abs=1)
            assert decoded.warnings == ()

    @pytest.mark.parametrize("samples", [1, 511, 16_000, BLOCK_SAMPLES, 2 * BLOCK_SAMPLES + 1])
    def test_duration_is_counted_to_the_sample(self, tmp_path: Path, samples: int) -> None:
        written = tones([440], samples / SAMPLE_RATE)
        decoded = decode_whole(write_wav(tmp_path / "exact.wav", written))
        assert np.array_equal(decoded.samples, written)

    @pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 48_000, 96_000])
    def test_every_rate_becomes_16_khz(self, tmp_path: Path, rate: int) -> None:
        decoded = decode_whole(write_wav(tmp_path / "rate.wav", tones([440], 2, rate), rate))
        assert len(decoded.samples) == pytest.approx(2 * SAMPLE_RATE, abs=1)
        assert pitches(decoded.samples[:, 0]) == [pytest.approx(440, abs=1)]

    @pytest.mark.parametrize("suffix", ["mp3", "m4a", "flac", "wav", "mkv", "ogg"])
    def test_a_truncated_file_is_decoded_as_far_as_it_goes(
        self, tmp_path: Path, suffix: str
    ) -> None:
        front = ("-movflags", "+faststart") if suffix == "m4a" else ()
        whole = make(tmp_path / f"whole.{suffix}", *tone(440, 20), *front)
        cut = tmp_path / f"cut.{suffix}"
        cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        decoded = decode_whole(cut)
        assert 5 < decoded.duration_s < 15
        assert pitches(decoded.samples[:, 0]) == [pytest.approx(440, abs=1)]
        if suffix == "ogg":
            assert decoded.info.claimed_s == pytest.approx(decoded.duration_s, abs=1)
        else:
            assert any("cut off" in warning or "damaged" in warning for warning in decoded.warnings)

    def test_a_header_that_claims_too_little_is_ignored_with_a_warning(
        self, tmp_path: Path
    ) -> None:
        whole = make(tmp_path / "whole.flac", *tone(440, 10))
        lying = bytearray(whole.read_bytes())
        lying[22:26] = (20_000).to_bytes(
            4, "big"
        )  # the lower 32 bits of STREAMINFO's total samples
        (tmp_path / "lying.flac").write_bytes(lying)
        decoded = decode_whole(tmp_path / "lying.flac")
        assert decoded.duration_s == 10
        assert decoded.warnings == ("The header claims 1.2 s, but 10.0 s were decoded.",)

    @pytest.mark.parametrize("channels", ["mix", "one", "apart"])
    @pytest.mark.parametrize("suffix", ["mkv", "mp4"])
    def test_audio_that_begins_after_the_picture_keeps_its_time(
        self, tmp_path: Path, suffix: str, channels: str
    ) -> None:
        late = make(
            tmp_path / f"late.{suffix}", *PICTURE, "-itsoffset", "1.25", *tone(440, 2),
            "-map", "0:v", "-map", "1:a", "-c:a", "flac", "-strict", "-2",
        )  # fmt: skip
        decoded = decode_whole(late, channels=channels)
        assert np.flatnonzero(np.abs(decoded.samples[:, 0]) > 50)[0] == pytest.approx(
            20_000, abs=10
        )
        assert decoded.duration_s == 3.25
        assert decoded.warnings == ()

    def test_leading_silence_counts_towards_the_longest_duration(self, tmp_path: Path) -> None:
        late = make(
            tmp_path / "late.mkv", *PICTURE, "-itsoffset", "30", *tone(440, 2),
            "-map", "0:v", "-map", "1:a", "-c:a", "flac",
        )  # fmt: skip
        decoded = decode_whole(late)
        assert decoded.duration_s == 32
        assert not decoded.samples[: 30 * SAMPLE_RATE].any()
        assert pitches(decoded.samples[30 * SAMPLE_RATE :, 0]) == [pytest.approx(440, abs=1)]
        with pytest.raises(OverLimit):
            decode_whole(late, Limits(max_duration_s=29))

    @both
    @pytest.mark.parametrize("channels", ["mix", "one", "apart"])
    @pytest.mark.parametrize(("suffix", "codec"), GAPS)
    def test_after_a_gap_in_the_time_stamps_audio_has_the_time_at_which_it_plays(
        self,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        decoder: str,
        suffix: str,
        codec: str,
        channels: str,
    ) -> None:
        """As a browser records a call in which nobody sent anything from 2 to 5 s, and 6 to 7.5 s."""
        monkeypatch.setenv(VARIABLE, decoder)
        pauses = "aselect='lt(t,2)+between(t,5,6)+gte(t,7.5)'"
        gapped = make(
            tmp_path / f"gapped.{suffix}", *tone(440, 9, 48_000), "-af", pauses, "-c:a", codec,
            "-strict", "-2",
        )  # fmt: skip
        decoded = decode_whole(gapped, channels=channels)
        assert decoded.duration_s == pytest.approx(9, abs=0.05)
        loud = [
            int(np.abs(decoded.samples[at : at + 1600, 0].astype(int)).max()) > 500
            for at in range(0, int(8.9 * SAMPLE_RATE), 1600)
        ]
        changes = [at / 10 for at in range(1, len(loud)) if loud[at] != loud[at - 1]]
        assert changes == [pytest.approx(at, abs=0.11) for at in (2, 5, 6, 7.5)]

    @both
    @pytest.mark.parametrize(("suffix", "length_s"), [("mkv", 32), ("ts", 4), ("ogg", 4)])
    def test_a_long_jump_is_a_gap_unless_files_of_its_format_jump_where_they_were_joined(
        self,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        decoder: str,
        suffix: str,
        length_s: int,
    ) -> None:
        monkeypatch.setenv(VARIABLE, decoder)
        pause = ("-af", "aselect='lt(t,2)+gte(t,30)'", "-c:a", "libopus")
        jumping = make(tmp_path / f"jumping.{suffix}", *tone(440, 32, 48_000), *pause)
        assert decode_whole(jumping).duration_s == pytest.approx(length_s, abs=0.1)

    @both
    def test_time_stamps_that_go_back_lose_no_audio(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, decoder: str
    ) -> None:
        monkeypatch.setenv(VARIABLE, decoder)
        back = "asetpts='if(gt(T,4),PTS-1*SR,PTS)'"
        made = make(tmp_path / "back.mkv", *tone(440, 8, 48_000), "-af", back, "-c:a", "pcm_s16le")
        assert decode_whole(made).samples.shape == (8 * SAMPLE_RATE, 1)

    def test_recordings_joined_end_to_end_are_decoded_one_after_the_other(
        self, tmp_path: Path
    ) -> None:
        """The second has another rate and other channels, and its own clock."""
        bare = ("-write_xing", "0", "-id3v2_version", "0")
        first = make(tmp_path / "first.mp3", *tone(300, 10, 44_100), "-ac", "1", *bare)
        second = make(tmp_path / "second.mp3", *tone(500, 10, 48_000), "-ac", "2", *bare)
        joined = tmp_path / "joined.mp3"
        joined.write_bytes(first.read_bytes() + second.read_bytes())
        decoded = decode_whole(joined)
        assert decoded.duration_s == pytest.approx(20, abs=0.2)
        assert pitches(decoded.samples[:, 0], 2) == [pytest.approx(hz, abs=1) for hz in (300, 500)]
        assert not any("damaged" in warning for warning in decoded.warnings)

    def test_an_audiobook_of_two_thousand_chapters_is_decoded(self, tmp_path: Path) -> None:
        script = ";FFMETADATA1\n" + "".join(
            f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={at}\nEND={at + 1}\ntitle=Chapter {at} {'x' * 60}\n"
            for at in range(2000)
        )
        (tmp_path / "chapters.txt").write_text(script)
        book = make(
            tmp_path / "book.mka", *tone(440, 2), "-f", "ffmetadata", "-i",
            tmp_path / "chapters.txt", "-map_chapters", "1", "-c:a", "flac",
        )  # fmt: skip
        decoded = decode_whole(book)
        assert decoded.duration_s == 2
        assert [stream.codec for stream in decoded.info.audio] == ["flac"]


class TestLimits:
    """Time, length and memory."""

    def test_a_decompression_bomb_stops_at_the_longest_duration(self, tmp_path: Path) -> None:
        bomb = silence(tmp_path / "bomb.flac", hours=1)
        assert bomb.stat().st_size < 20_000
        decoded = 0
        with (
            pytest.raises(OverLimit, match="longer than 60 s, the limit"),
            decode(bomb, limits=Limits(max_duration_s=60)) as decoding,
        ):
            for block in decoding:
                decoded += len(block)
        assert 50 * SAMPLE_RATE < decoded <= 60 * SAMPLE_RATE
        assert not children_with_argument(str(tmp_path))

    def test_exactly_the_longest_duration_is_decoded(self, tmp_path: Path) -> None:
        path = write_wav(tmp_path / "minute.wav", tones([440], 3))
        assert decode_whole(path, Limits(max_duration_s=3)).duration_s == 3
        with pytest.raises(OverLimit):
            decode_whole(path, Limits(max_duration_s=3 - 1 / SAMPLE_RATE))

    def test_a_decoder_at_its_deadline_is_stopped(self, tmp_path: Path) -> None:
        long = silence(tmp_path / "long.flac", hours=1)
        # On a busy machine it may hardly have begun.
        with pytest.raises((OverLimit, ProcessTimedOut), match=r"after 0\.05 s, the deadline"):
            decode_whole(long, Limits(decode_deadline_s=0.05))
        assert not children_with_argument(str(tmp_path))

    def test_decoding_stops_when_asked_to(self, tmp_path: Path) -> None:
        stop = threading.Event()
        path = write_wav(tmp_path / "long.wav", tones([440], 60))
        with pytest.raises(Stopped), decode(path, stop=stop) as decoding:
            for _ in decoding:
                stop.set()

    def test_no_child_is_left_when_reading_ends_early(self, tmp_path: Path) -> None:
        path = write_wav(tmp_path / "long.wav", tones([440], 60))
        with decode(path) as decoding:
            next(iter(decoding))
            assert children_with_argument(str(tmp_path))
        assert not children_with_argument(str(tmp_path))

    @pytest.mark.skipif(launcher() is None, reason="needs package util-linux: prlimit")
    def test_no_child_is_left_when_its_parent_is_killed(self, tmp_path: Path) -> None:
        recording = write_wav(tmp_path / "long.wav", tones([440], 60))
        program = (
            "import sys; from pathlib import Path; from stenoflow.media.decoding import decode\n"
            "with decode(Path(sys.argv[1])) as decoding:\n"
            "    next(iter(decoding)); print('decoded', flush=True); sys.stdin.read()\n"
        )
        environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            [sys.executable, "-c", program, recording],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=tmp_path,
            env=environment,
        ) as parent:
            assert parent.stdout
            assert parent.stdout.readline() == b"decoded\n"
            decoders = psutil.Process(parent.pid).children(recursive=True)
            assert [decoder.name()[:6] for decoder in decoders] == ["ffmpeg"]
            parent.kill()
        assert psutil.wait_procs(decoders, timeout=60)[1] == []
        assert list(tmp_path.iterdir()) == [recording]


class TestNotARecording:
    """Each is rejected with one clear sentence."""

    def test_a_missing_file_is_not_found(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound), decode(tmp_path / "missing.mp3"):
            pass

    def test_a_folder_is_not_found(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound), decode(tmp_path):
            pass

    def test_an_empty_file_is_rejected(self, tmp_path: Path) -> None:
        (tmp_path / "empty.wav").touch()
        with pytest.raises(BadMedia, match=r"^The recording is empty: it has 0 bytes"):
            decode_whole(tmp_path / "empty.wav")

    @pytest.mark.parametrize(
        "content",
        [
            b"Dear diary,\n" * 500,
            b"\0" * 100_000,
            b"%PDF-1.7\n" * 99,
            b"PK\3\4" * 999,
            b"<html>" * 99,
        ],
        ids=["text", "zeros", "pdf", "zip", "html"],
    )
    def test_another_kind_of_file_is_rejected(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "recording").write_bytes(content)
        with pytest.raises(BadMedia) as refused:
            decode_whole(tmp_path / "recording")
        assert_readable(str(refused.value))

    @pytest.mark.parametrize(
        "name", ["%03d.wav", "a|b.wav", "concat:a.wav", "-y.wav", "ünï 'c\node.wav"]
    )
    def test_the_name_of_a_file_does_not_matter(self, tmp_path: Path, name: str) -> None:
        written = tones([440], 0.5)
        decoded = decode_whole(write_wav(tmp_path / name, written))
        assert np.array_equal(decoded.samples, written)


def silence(path: Path, hours: float) -> Path:
    """Digital silence as a FLAC file: 14 kB an hour."""
    source = ("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", str(3600 * hours))
    return make(path, *source, "-frame_size", "65535")
