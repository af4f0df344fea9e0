"""References: correct transcripts, as plain text, as subtitles, or as a `transcript.json`."""

import html
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ValidationError

from stenoflow.comparison.words import ComparedWord, words_in
from stenoflow.errors import ConfigurationError, NotFound
from stenoflow.options import validation_message
from stenoflow.storage import Store, locate, open_store

SUFFIXES = (".txt", ".json", ".srt", ".vtt")

_TIME = r"(?:(\d+):)?(\d+):(\d+)[.,](\d+)"
_CUE = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}")
_MARKUP = re.compile(r"<[^>]*>|\{\\[^}]*\}")


class _Word(BaseModel):
    text: str
    start_s: float
    end_s: float


class _Document(BaseModel):
    words: list[_Word]


def is_reference_file(where: str) -> bool:
    """Return True if a path or URL names one file, and not a folder of them."""
    return PurePosixPath(where).suffix.lower() in SUFFIXES and not Path(where).is_dir()


def find_reference(where: str, key: str) -> tuple[ComparedWord, ...] | None:
    """Return the reference of a recording; None if there is none.

    ``where`` is a file, or a folder in which it has the name of the recording's key, with or without its
    folders and its suffix. Both may be ``s3://`` URLs. Raises ConfigurationError if it cannot be read as
    what its suffix says; StoreRefused, StoreUnavailable.
    """
    if is_reference_file(where):
        folder, name = locate(where)
        return _read(open_store(folder), name)
    store = open_store(where if "://" in where else str(Path(where).absolute()))
    for name in _names(PurePosixPath(key)):
        try:
            return _read(store, name)
        except NotFound:
            continue
    return None


def parse_reference(name: str, raw: bytes) -> tuple[ComparedWord, ...]:
    """Return the words of a reference, of the kind that its name's suffix says.

    Raises ConfigurationError if it is not of that kind.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"The reference {name} is not a text in UTF-8: save it as one."
        ) from error
    match PurePosixPath(name).suffix.lower():
        case ".json":
            return tuple(_of_document(name, text))
        case ".srt" | ".vtt":
            return tuple(_of_captions(text))
        case _:
            return tuple(words_in(" ".join(text.split())))


def _names(key: PurePosixPath) -> Iterator[str]:
    for path in dict.fromkeys((str(key), key.name, str(key.with_suffix("")), key.stem)):
        for suffix in SUFFIXES:
            yield f"{path}{suffix}"
    for path in dict.fromkeys((str(key), key.name)):
        yield f"{path}/transcript.json"


def _read(store: Store, name: str) -> tuple[ComparedWord, ...]:
    return parse_reference(name, store.read(name))


def _of_document(name: str, text: str) -> Iterator[ComparedWord]:
    try:
        document = _Document.model_validate_json(text)
    except ValidationError as error:
        raise ConfigurationError(
            f"The reference {name} is not a transcript.json: {validation_message(error, _Document)}."
        ) from error
    for word in document.words:
        yield from words_in(word.text, word.start_s, word.end_s)


def _of_captions(text: str) -> Iterator[ComparedWord]:
    """Yield the words of the cues, each with its cue's times; comments, styles and numbers are skipped."""
    times: tuple[float, float] | None = None
    for line in text.splitlines():
        if cue := _CUE.match(line):
            times = _seconds(cue.groups()[:4]), _seconds(cue.groups()[4:])
        elif not line.strip():
            times = None
        elif times:
            yield from words_in(html.unescape(_MARKUP.sub("", line)), *times)


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + float(f"{seconds}.{fraction}")
