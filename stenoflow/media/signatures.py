"""Kinds of files that FFmpeg refuses without a helpful message, recognized by their first bytes."""

from pathlib import Path

HEAD_BYTES = 1024

_NAMED = (
    (b"version https://git-lfs", "a Git LFS pointer; fetch the recording with `git lfs pull`"),
    (b"tBaK", "a TAK file that FFmpeg cannot decode; convert it to FLAC"),
    (b"\x03ds2", "a DS2 dictation (DSS Pro), which FFmpeg does not decode; export it as WAV"),
    (b"\x02dss", "a DSS dictation that FFmpeg cannot decode; export it as WAV"),
    (b"\x03dss", "a DSS dictation that FFmpeg cannot decode; export it as WAV"),
    (b"\0\x05\x16\x07", "a macOS resource fork (AppleDouble); the recording is beside it"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive, or a document in one; unpack it"),
    (b"\x1f\x8b", "a gzip archive; unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
)  # fmt: skip


def kind_of_file(path: Path) -> str | None:
    """Return what a file is that is not a recording, with its article: ``a text file``; None if unknown."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for signature, kind in _NAMED:
        if head.startswith(signature):
            return kind
    if head[4:8] == b"ds2" or head[1:4] == b"ds2":
        return _NAMED[2][1]
    return _kind_of_text(head)


def _kind_of_text(head: bytes) -> str | None:
    # A character may be cut in two at the end.
    text = head.decode("utf-8-sig", errors="replace").rstrip("\ufffd")
    if not text.strip() or "\ufffd" in text or any(c < " " and c not in "\t\n\r\f" for c in text):
        return None
    beginning = text.lstrip().lower()
    if beginning.startswith(("<!doctype html", "<html")):
        return "a web page (HTML), such as a server's error or log-in page"
    return "an XML or JSON document" if beginning[0] in "<{[" else "a text file"
