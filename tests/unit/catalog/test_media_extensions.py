"""The extensions that a sweep takes are those of what the decoders read, and stay so."""

import re
import subprocess

import pytest

from stenoflow.catalog.media_extensions import EXTENSIONS, MEDIA_EXTENSIONS
from stenoflow.errors import MissingDependency
from stenoflow.media.binaries import chosen_decoder
from stenoflow.media.ffmpeg import CONTAINERS

NOT_RECORDINGS = {"avif", "mks"}
"""Pictures and subtitles, which FFmpeg reads by the demuxers of MP4 and Matroska."""
REPORTED = (
    "3gp 3g2 m2ts spx mpc dss rm vob sph aifc dts tak aac ac3 aif aiff amr ape asf au avi caf eac3 flac "
    "flv gsm m4a m4b m4v mka mkv mov mp2 mp3 mp4 mpeg mpg mts oga ogg ogv opus ra ts tta voc w64 wav weba "
    "webm wma wmv wv"
)
"""Those that 0.1.0 took, and those that people missed."""


def test_each_container_that_is_read_has_its_extensions() -> None:
    assert list(EXTENSIONS) == sorted(CONTAINERS.split(","))
    assert all(re.fullmatch(r"[a-z0-9+]+( [a-z0-9+]+)*", each) for each in EXTENSIONS.values())
    assert set(MEDIA_EXTENSIONS.split()) >= set(REPORTED.split())


@pytest.mark.parametrize("demuxer", CONTAINERS.split(","))
def test_every_extension_that_ffmpeg_names_is_taken(demuxer: str) -> None:
    try:
        decoder = chosen_decoder()
    except MissingDependency as error:
        pytest.skip(f"needs package ffmpeg: {error}")
    command = [decoder.path, "-hide_banner", "-h", f"demuxer={demuxer}"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    named = re.search(r"Common extensions: (.*)\.", told)
    extensions = set(named[1].split(",")) - NOT_RECORDINGS if named else set[str]()
    assert extensions <= set(EXTENSIONS[demuxer].split())
