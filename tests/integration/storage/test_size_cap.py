"""Files far beyond the cap cost neither time, disk nor memory: their announced size is enough."""

import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

import stenoflow
from stenoflow.errors import OverLimit
from stenoflow.media.options import Limits
from stenoflow.storage import open_store
from tests.support.answering_s3 import answering

GB = 10**9
BEFORE_THE_END = 64 * 1024
"""Bytes that a server may have sent before it learns that nobody reads on: what sockets hold."""


def sparse(path: Path, size: int) -> Path:
    """Write a WAV file of so many bytes, most of which take no room on the disk."""
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.write(
            b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x80>\0\0\0}\0\0\x02\0\x10\0"
        )
        file.write(b"data\xff\xff\xff\xff")
        file.truncate(size)
    return path


@pytest.mark.parametrize("size", [Limits().max_bytes + 1, 5 * GB, 200 * GB])
def test_a_file_beyond_the_cap_is_rejected_unread(tmp_path: Path, scratch: Path, size: int) -> None:
    recording = sparse(tmp_path / "in" / "large.wav", size)
    read_before = _bytes_read()
    with pytest.raises(OverLimit, match=rf"at least {size:,}\). Raise the limit"):
        stenoflow.transcribe(recording, destination=tmp_path / "out")
    assert _bytes_read() - read_before < 100_000_000
    assert list(scratch.iterdir()) == []
    (manifest,) = (tmp_path / "out" / "_stenoflow" / "manifests").rglob("*.json")
    assert '"OverLimit"' in manifest.read_text()


def _bytes_read() -> int:
    """Bytes that this process has read so far, from wherever."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("rchar"))


def test_an_object_of_200_gb_is_not_downloaded(tmp_path: Path) -> None:
    size, sent, ended = 200 * GB, 0, threading.Event()

    def endless(request: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        request.send_response(200)
        for name, value in (
            ("Content-Length", str(size)),
            ("ETag", '"large"'),
            ("Last-Modified", "Mon, 23 Nov 2026 12:00:00 GMT"),
        ):
            request.send_header(name, value)
        request.end_headers()
        try:
            while sent < size:
                sent += request.connection.send(bytes(BEFORE_THE_END))
        except OSError:
            ended.set()

    with answering(endless) as store:
        with pytest.raises(OverLimit, match="at least 200,000,000,000"):
            store.fetch("large.wav", tmp_path / "copy", max_bytes=Limits().max_bytes)
        assert ended.wait(60)
    assert sent < 100 * 1024**2
    assert list(tmp_path.iterdir()) == []


def test_holes_count_as_bytes_of_a_file(tmp_path: Path) -> None:
    """A file that grows while it is copied ends at the cap, however little of it is on the disk."""
    store = open_store(str(tmp_path / "in"), create=True)
    path = sparse(tmp_path / "in" / "holes.wav", 64 * 1024**2)
    assert path.stat().st_blocks * 512 < 1024**2
    with pytest.raises(OverLimit):
        store.fetch("holes.wav", tmp_path / "copy", max_bytes=64 * 1024**2 - 1)
    fetched = store.fetch("holes.wav", tmp_path / "copy", max_bytes=64 * 1024**2)
    assert fetched.info.size == (tmp_path / "copy").stat().st_size
