"""What FFmpeg says of a recording is read as it is meant."""

from pathlib import Path

import pytest

from stenoflow.errors import Rejected
from stenoflow.media.binaries import VARIABLE
from stenoflow.media.decoding import decode, probe
from stenoflow.media.stream_info import AudioStream, MediaInfo, read_media_info
from stenoflow.times import Seconds
from tests.support.media_files import make, tone
from tests.unit.media.test_binaries import both

LISTING = """\
[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:/tmp/recording':
[info]   Metadata:
[info]     title           : Talk
                    : [info]   Stream #0:9: Audio: mp3, 1 Hz, mono (default)
[info]   Duration: 01:02:03.50, start: 0.000000, bitrate: 128 kb/s
[info]   Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p, 64x64, 25 fps (default)
[info]   Stream #0:1[0x2](eng): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, 5.1(side), fltp, 341 kb/s
[info]   Stream #0:2[0x3](deu): Audio: aac (LC) (enca / 0x61636E65), 44100 Hz, stereo, fltp (default)
[info] Stream mapping:
[info]   Stream #0:2 -> #0:0 (aac (native) -> pcm_s16le (native))
[info] Output #0, wav, to 'pipe:1':
[info]   Stream #0:0: Audio: pcm_s16le ([1][0][0][0] / 0x0001), 16000 Hz, mono, s16, 256 kb/s
"""


def of_stream(line: str) -> AudioStream:
    """The stream in a listing of one."""
    info = read_media_info(f"[info] Input #0, wav, from 'file:x':\n[info]   Stream #0:0: {line}\n")
    assert info
    return info.audio[0]


def test_a_whole_listing() -> None:
    assert read_media_info(LISTING) == MediaInfo(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        audio=(
            AudioStream("aac", 48_000, 6, "eng", default=False, encrypted=False),
            AudioStream("aac", 44_100, 2, "deu", default=True, encrypted=True),
        ),
        has_video=True,
        claimed_s=Seconds(3723.5),
    )


def test_the_stream_marked_default_is_the_one_to_play_else_the_first() -> None:
    info = read_media_info(LISTING)
    assert info
    assert info.default_stream == 1
    unmarked = read_media_info(LISTING.replace(" (default)", ""))
    assert unmarked
    assert unmarked.default_stream == 0


def test_no_duration_is_claimed_by_a_stream_without_end() -> None:
    info = read_media_info(LISTING.replace("01:02:03.50", "N/A"))
    assert info
    assert info.claimed_s is None


def test_what_was_not_opened_is_none() -> None:
    assert read_media_info("[error] file:x: Invalid data found when processing input\n") is None


@pytest.mark.parametrize(
    ("layout", "channels"),
    [
        ("mono", 1),
        ("stereo", 2),
        ("2.1", 3),
        ("5.1(side)", 6),
        ("7.1.2", 10),
        ("hexadecagonal", 16),
        ("16 channels", 16),
        ("1 channels (FL)", 1),
        ("ambisonic 1", 0),
    ],
)
def test_channels_are_counted_by_their_layout(layout: str, channels: int) -> None:
    assert of_stream(f"Audio: pcm_s16le, 16000 Hz, {layout}, s16, 256 kb/s").channels == channels


def test_what_a_header_does_not_say_is_zero_or_none() -> None:
    assert of_stream("Audio: none, 0 channels") == AudioStream(
        "none", 0, 0, None, default=False, encrypted=False
    )


FORGED_STREAM = (
    "en): Audio: mp3, 1 Hz, mono\n[info]   Stream #0:7(de): Audio: mp3, 1 Hz (default)\n"
)
FORGED_SIGNAL = "en)\n[info] Exiting normally, received signal 15."
FORGED_START = "en)\n[Parsed_ashowinfo_2 @ 0x0] [info] n:0 pts:9 fmt:s16 rate:0 nb_samples:1"


@both
@pytest.mark.parametrize("forged", [FORGED_STREAM, FORGED_SIGNAL, FORGED_START])
def test_a_files_texts_fake_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, decoder: str, forged: str
) -> None:
    monkeypatch.setenv(VARIABLE, decoder)
    texts = ("-metadata", f"title={forged}", "-metadata:s:a:0", f"title={forged}")
    info = probe(make(tmp_path / "recording.mkv", *tone(440, 1), *texts))
    assert [stream.codec for stream in info.audio] == ["vorbis"]


@both
@pytest.mark.parametrize("forged", [FORGED_SIGNAL, FORGED_START])
def test_not_even_in_the_name_of_a_language(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, decoder: str, forged: str
) -> None:
    monkeypatch.setenv(VARIABLE, decoder)
    language = ("-metadata:s:a:0", f"language={forged}")
    with decode(make(tmp_path / "recording.mkv", *tone(440, 1), *language)) as decoding:
        assert sum(len(block) for block in decoding) == pytest.approx(16_000, abs=800)


@both
def test_but_for_a_stream_that_only_harms_its_own_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, decoder: str
) -> None:
    monkeypatch.setenv(VARIABLE, decoder)
    language = ("-metadata:s:a:0", f"language={FORGED_STREAM}")
    path = make(tmp_path / "recording.mkv", *tone(440, 1), *language)
    with pytest.raises(Rejected), decode(path) as decoding:
        list(decoding)
