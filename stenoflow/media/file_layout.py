"""The layout of a file, as far as FFmpeg does not report it or gets it wrong.

FFmpeg believes a WAV header that counts too little, joins the parts of a chained Ogg file by time stamps
that belong to single parts, and computes times for streams that carry none. The few bytes that show it are
read here first. Nothing here decides whether a file can be decoded.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEAD_BYTES = 64
MAX_RIFF_CHUNKS = 64
"""A WAV file with more chunks than this before its samples is left to FFmpeg."""

MAX_BOXES = 64
"""In how many of an MP4's boxes a fragment is looked for; it is among the first where there is any."""

READ_BYTES = 2**20
"""Bytes of a file that are searched at once."""

PADDING_BYTES = 4096
"""Zeros up to here behind the last chunk fill up a sector."""

_BARE_FRAMES = (b"ID3", b"\x0b\x77", b"#!AMR", b"ADIF")
"""Beginnings of streams of bare frames besides MPEG audio's: tagged MP3 and AAC, AC-3, AMR, ADIF."""

_TIMED = frozenset(
    {"mov", "matroska", "ogg", "mpegts", "mpeg", "flv", "asf", "avi", "mxf", "flac", "caf"}
)
"""FFmpeg's names of containers whose packets carry their own time or number."""

_BARE = frozenset({"aac", "mp3", "ac3", "eac3", "dts", "amr", "amrnb", "amrwb"})
"""FFmpeg's names of streams of bare frames."""

_ID3V2 = (b"ID3\x02", b"ID3\x03", b"ID3\x04")
_ID3V1_BYTES = 128

_OGG_PAGE = struct.Struct("<4sBBqIIIB")
_OGG_FIRST_PAGE = 0x02

_UNCOUNTED = (0, 0xFFFFFFFF)
"""Sizes that a WAV header has where its writer could not know better; FFmpeg then reads to the end."""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """The bytes of a WAV file behind what its header counts."""

    size: int
    readable: bool
    """True if they are samples like those before, False if they begin another file of another format."""


@dataclass(frozen=True, slots=True)
class FileLayout:
    """Layout of a file that must be known before FFmpeg reads it."""

    bare_frames: bool = False
    """It looks like a stream of bare frames: no packet carries a time."""
    ogg_parts: int = 1
    """Number of streams that follow one another in an Ogg file; more than one if it is chained."""
    uncounted: Uncounted | None = None
    """Bytes that its WAV header leaves out."""
    fragmented: bool = False
    """An MP4 of fragments: its time may begin anywhere, as in what was taken out of a live stream."""


def read_file_layout(path: Path) -> FileLayout:
    """Return the layout of the file at ``path``; of an unknown kind of file, the default."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        size = os.fstat(file.fileno()).st_size
        descriptor = file.fileno()
        if head[:4] == b"OggS":
            return FileLayout(ogg_parts=_ogg_parts(descriptor, size))
        if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
            return FileLayout(uncounted=_uncounted(descriptor, size))
        if head[4:8] == b"ftyp":
            return FileLayout(fragmented=_is_fragmented(descriptor, size))
    mpeg_audio = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return FileLayout(bare_frames=mpeg_audio or head.startswith(_BARE_FRAMES))


def count_joins(path: Path, layout: FileLayout) -> int:
    """Return at how many places of a chained Ogg file, or of MP3 files joined end to end, one part ends.

    MP3 files are recognized by their tags, ID3 before and after the sound.
    """
    if not layout.bare_frames:
        return layout.ogg_parts - 1
    joins, begin = 0, 0
    with path.open("rb") as file:
        while content := os.pread(file.fileno(), READ_BYTES + _ID3V1_BYTES + 3, begin):
            tags = [at for tag in _ID3V2 for at in _positions(content, tag)]
            joins += sum(begin + at > 0 for at in tags)
            joins += sum(_is_id3v1(content, at) for at in _positions(content, b"TAG"))
            begin += READ_BYTES
    return joins


def _positions(content: bytes, wanted: bytes) -> Iterator[int]:
    """Yield where something begins within the first :data:`READ_BYTES`."""
    at = content.find(wanted)
    while 0 <= at < READ_BYTES:
        yield at
        at = content.find(wanted, at + 1)


def _is_id3v1(content: bytes, at: int) -> bool:
    """Return True if another file begins where a tag of ID3v1 at this place would end."""
    next_file = content[at + _ID3V1_BYTES : at + _ID3V1_BYTES + 3]
    return next_file == b"ID3" or (next_file[:1] == b"\xff" and next_file[1:2] >= b"\xe0")


def carries_time(container: str) -> bool | None:
    """Return whether packets of this container, by FFmpeg's name, carry their own time.

    None if it makes no difference, as the sample rate never changes within it.
    """
    name = container.split(",", maxsplit=1)[0]
    return True if name in _TIMED else False if name in _BARE else None


def _is_fragmented(file: int, size: int) -> bool:
    """Return True if there is a ``moof`` among the boxes of an MP4 file."""
    at = 0
    for _ in range(MAX_BOXES):
        head = os.pread(file, 16, at)
        if len(head) < 16 or at >= size:
            return False
        length, name, long_length = struct.unpack(">I4sQ", head)
        if name == b"moof":
            return True
        at += long_length if length == 1 else length
        if length < 8 and length != 1:
            return False
    return False


def _ogg_parts(file: int, size: int) -> int:
    """Count the streams that follow one another: a first page after one that is not a first page.

    Pages contain their own length, so that only their headers are read. The count ends where a page does
    not follow another, as in a damaged file.
    """
    parts, at, begins = 0, 0, False
    while at < size:
        page = os.pread(file, _OGG_PAGE.size + 255, at)
        if len(page) < _OGG_PAGE.size or page[:4] != b"OggS":
            break
        began, begins = begins, bool(page[5] & _OGG_FIRST_PAGE)
        parts += begins and not began
        segments = page[26]
        at += 27 + segments + sum(page[27 : 27 + segments])
    return max(parts, 1)


def _uncounted(file: int, size: int) -> Uncounted | None:
    """Return what follows the chunk of samples of a WAV file and is not a chunk itself."""
    at, file_format = 12, b""
    for _ in range(MAX_RIFF_CHUNKS):
        name, length = _chunk(file, at)
        if name == b"fmt ":
            file_format = os.pread(file, min(length, HEAD_BYTES), at + 8)
        if name == b"data":
            end = at + 8 + length
            if length in _UNCOUNTED or end >= size:
                return None
            return _behind_samples(file, end + length % 2, size, file_format)
        if not name:
            return None
        at += 8 + length + length % 2
    return None


def _behind_samples(file: int, at: int, size: int, file_format: bytes) -> Uncounted | None:
    begin = at
    for _ in range(MAX_RIFF_CHUNKS):
        name, length = _chunk(file, at)
        if name == b"RIFF":
            return Uncounted(size - at, readable=_format_of(file, at) == file_format)
        if not (name and all(32 <= byte < 127 for byte in name) and at + 8 + length <= size + 1):
            break
        at += 8 + length + length % 2
        if at >= size:
            return None
    blocks = struct.unpack_from("<H", file_format, 12)[0] if len(file_format) >= 14 else 1
    # Less than a frame of samples, or zeros as padding, is not worth a word.
    rest = os.pread(file, PADDING_BYTES, at)
    if size - at < max(blocks, 8) or (size - at <= len(rest) and not any(rest)):
        return None
    return Uncounted(size - begin, readable=True)


def _format_of(file: int, at: int) -> bytes:
    """Return the format chunk of a WAV file that begins at ``at`` and whose first chunk it is."""
    head = os.pread(file, 20, at)
    if len(head) < 20 or head[8:16] != b"WAVEfmt ":
        return b""
    return os.pread(file, min(struct.unpack_from("<I", head, 16)[0], HEAD_BYTES), at + 20)


def _chunk(file: int, at: int) -> tuple[bytes, int]:
    """Return the name and length of the RIFF chunk at ``at``; no name if the file ends before it."""
    head = os.pread(file, 8, at)
    return (head[:4], struct.unpack_from("<I", head, 4)[0]) if len(head) == 8 else (b"", 0)
