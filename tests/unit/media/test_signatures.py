"""What is not a recording is called by its name."""

from pathlib import Path

import pytest

from stenoflow.errors import BadMedia
from stenoflow.media.decoding import probe
from stenoflow.media.signatures import kind_of_file
from tests.support.decoded import assert_readable, decode_whole

LFS_POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
NOISE = bytes(range(256)) * 8


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (LFS_POINTER, "a Git LFS pointer"),
        (b"Dear diary,\n" * 500, "a text file"),
        ("Grüße aus Köln\n".encode() * 100, "a text file"),
        (b"\n <!DOCTYPE html><title>Log in</title>", "a web page"),
        (b"<Error><Code>AccessDenied</Code></Error>", "an XML or JSON document"),
        (b'{"error": "expired"}', "an XML or JSON document"),
        (b"\x03ds2" + NOISE, "a DS2 dictation"),
        (b"\x02dss" + NOISE, "a DSS dictation"),
        (b"\0\x05\x16\x07\0\x02\0\0Mac OS X" + NOISE, "a macOS resource fork"),
        (b"%PDF-1.7\n" + NOISE, "a PDF document"),
        (b"PK\3\4" + NOISE, "a ZIP archive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_not_a_recording_is_called_by_its_name(
    tmp_path: Path, content: bytes, name: str
) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    for read in (decode_whole, probe):
        with pytest.raises(BadMedia, match=f"^This is not a recording but {name}") as refused:
            read(path)
        assert_readable(str(refused.value))


def test_damaged_tak_is_called_by_its_name(tmp_path: Path) -> None:
    """Where FFmpeg opens it, it names the codec itself."""
    (tmp_path / "call.tak").write_bytes(b"tBaK" + NOISE)
    with pytest.raises(BadMedia, match=r"(?i)TAK"):
        decode_whole(tmp_path / "call.tak")


@pytest.mark.parametrize("content", [b"\0" * 4096, NOISE, b"RIFF\x10\0\0\0WAVE"])
def test_an_unknown_kind_of_file_has_no_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    assert kind_of_file(path) is None
