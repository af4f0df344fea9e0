"""faster-whisper: Whisper on this machine, from a folder of CTranslate2 weights.

A child process loads the model and transcribes one block of the body after the other, so that memory
stays flat in its length. Nothing is ever downloaded. The raw reply is JSON that the child writes::

    {"engine": "faster-whisper", "version": "1.2.1", "model": "small", "sha256": "...",
     "samples": 160000, "chunks": [{"start": 0, "end": 160000, "language": "en",
     "probability": 0.98, "segments": [[[" Ten", 0.0, 0.56, 0.98], ...], ...]}]}

``sha256`` and ``samples`` are those of the body; a chunk's edges are samples of the body; a segment is
a list of words, each with its text, its start and end in seconds from the start of its chunk, and its
probability.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from stenoflow.audio.encoding import Encoding, RequestAudio
from stenoflow.engines.faster_whisper.options import FasterWhisperOptions
from stenoflow.engines.languages import language_tag, whisper_code
from stenoflow.engines.worker import run_worker
from stenoflow.errors import ConfigurationError, EngineAccountError, EngineError
from stenoflow.media.sandbox import Bounds
from stenoflow.options import validation_message
from stenoflow.times import Span, to_samples, to_seconds
from stenoflow.transcript.model import Reply, Word
from stenoflow.transcript.text import is_unspaced

CHUNK = to_samples(600)
"""Longest piece of audio transcribed at once: memory grows with it, 50 MB a minute."""

MEMORY_BYTES = 1 << 46
"""CUDA maps far more addresses than there is memory, so this bounds nothing."""

DEADLINE_S = 600
DEADLINE_PER_SECOND_S = 100
"""A large model on a few slow cores takes ten times the audio's length, times the cores."""

WORKER = Path(__file__).with_name("worker.py")

FILES = ("config.json", "model.bin", "tokenizer.json")
"""Files that a folder must hold besides its vocabulary; a missing tokenizer would be downloaded."""

SPECIFICATION = b"WhisperSpec\0"
"""Name of a model's kind, as CTranslate2 writes it at the beginning of the weights."""

_Timed = tuple[str, float, float, float]


class _Chunk(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    start: int = Field(ge=0)
    end: int
    language: str
    probability: float
    segments: list[list[_Timed]]


class _WorkerReply(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    engine: Literal["faster-whisper"]
    version: str
    model: str
    sha256: str
    samples: int = Field(ge=0)
    chunks: list[_Chunk]


class _Unusable(BaseModel):
    """The child's reply where the model cannot be loaded, or refuses an option."""

    unusable: str


_replies: TypeAdapter[_WorkerReply | _Unusable] = TypeAdapter(_WorkerReply | _Unusable)


class FasterWhisperEngine:
    """faster-whisper as an :class:`~stenoflow.engines.base.Engine`: each request has its own child.

    Raises ConfigurationError where the profile names no folder with a Whisper model for CTranslate2,
    or a language that Whisper does not know.
    """

    name = "faster-whisper"
    encoding: Encoding = "wav"
    max_request_bytes = None

    def __init__(self, options: FasterWhisperOptions) -> None:
        self._options = options
        self._folder = _checked(options.model_dir)
        self._language = whisper_code(options.language) if options.language else None
        if options.language and not self._language:
            raise ConfigurationError(
                f"Whisper knows no language {options.language!r}: set faster_whisper.language to a tag "
                "such as en, or leave it empty."
            )

    def identity(self) -> Mapping[str, Any]:
        """Return the options and the digest of the weights; their folder does not matter."""
        return {
            "engine": self.name,
            "version": version("faster-whisper"),
            "weights": _digest(self._folder / "model.bin"),
            "options": self._options.model_dump(mode="json", exclude={"model_dir"}),
            "chunk": CHUNK,
        }

    def transcribe(self, body: RequestAudio, *, stop: threading.Event) -> bytes:
        """Transcribe a WAV body.

        Raises EngineAccountError where the model cannot be loaded or does not know an option,
        EngineError, ProcessKilled, Stopped.
        """
        if body.path is None:
            raise ValueError("faster-whisper takes files, not URLs")
        deadline_s = DEADLINE_S + DEADLINE_PER_SECOND_S * to_seconds(body.samples)
        raw = run_worker(
            WORKER,
            self._request(body),
            body.path,
            Bounds(MEMORY_BYTES, deadline_s, open_files=1024),
            called="faster-whisper",
            stop=stop,
        )
        if isinstance(reply := _read(raw), _Unusable):
            raise EngineAccountError(
                f"faster-whisper cannot use the model in {self._folder} as the profile says: "
                f"{reply.unusable}"
            )
        return raw

    def _request(self, body: RequestAudio) -> dict[str, Any]:
        """Return what the child is asked to do."""
        return {
            "model": {
                "model_size_or_path": str(self._folder),
                "device": self._options.device,
                "compute_type": self._options.compute_type,
                "local_files_only": True,
            },
            "transcription": {
                "language": self._language,
                "beam_size": self._options.beam_size,
                "word_timestamps": True,
                # With it, one mistake may be repeated to the end.
                "condition_on_previous_text": False,
            },
            "chunks": [(chunk.start, chunk.end) for chunk in chunked(body.speech, body.samples)],
            "reply": {
                "engine": self.name,
                "version": version("faster-whisper"),
                "model": self._folder.name,
                "sha256": body.sha256,
                "samples": body.samples,
            },
        }

    def parse(self, raw: bytes) -> Reply:
        """Read a raw reply. Raises EngineError where it is not one."""
        reply = _read(raw)
        if isinstance(reply, _Unusable):
            raise EngineError("faster-whisper's reply holds no words: its model was unusable.")
        segments = [
            [_word(chunk, timed) for timed in _spaced(segment)]
            for chunk in reply.chunks
            for segment in chunk.segments
        ]
        segments = [words for words in segments if words]
        language, probability = _language(reply.chunks)
        return Reply(
            words=tuple(word for words in segments for word in words),
            utterance_starts=tuple(accumulate((len(words) for words in segments[:-1]), initial=0))
            if segments
            else (),
            language=language,
            language_confidence=probability,
            model=f"faster-whisper {reply.version}, {reply.model}",
            duration_s=to_seconds(reply.samples),
            sha256=reply.sha256,
        )


def chunked(speech: Sequence[Span], samples: int) -> tuple[Span, ...]:
    """Return the body in spans of at most :data:`CHUNK`, parted in the middle of pauses if possible."""
    pauses = [(before.end + after.start) // 2 for before, after in pairwise(speech)]
    edges = [0]
    while samples - edges[-1] > CHUNK:
        limit = edges[-1] + CHUNK
        edges.append(max((at for at in pauses if edges[-1] < at <= limit), default=limit))
    return tuple(Span(start, end) for start, end in pairwise([*edges, samples]) if end > start)


def _read(raw: bytes) -> _WorkerReply | _Unusable:
    try:
        return _replies.validate_json(raw)
    except ValidationError as error:
        raise EngineError(
            f"faster-whisper's reply is not what its child writes: {validation_message(error, most=1)}."
        ) from error


def _spaced(segment: Sequence[_Timed]) -> Iterator[_Timed]:
    """Yield the words of a segment with the spacing that Whisper gives them.

    faster-whisper ends a word at each punctuation mark, also inside a word: `` 22`` and ``,050``, `` ma`` and
    ``'am``. What begins without a space goes on with the word before it, except in scripts that set no
    spaces. A joined word is as probable as its least probable part.
    """
    pending: _Timed | None = None
    for timed in segment:
        text, start_s, end_s, probability = timed
        if not text:
            continue
        if pending and _continues(pending[0], text):
            before, first_s, last_s, least = pending
            pending = (before + text, first_s, max(last_s, end_s), min(least, probability))
            continue
        if pending:
            yield pending
        pending = (text, start_s, end_s, probability) if text.strip() else None
    if pending:
        yield pending


def _continues(before: str, text: str) -> bool:
    """Return True if a text is the rest of the word before it."""
    if text[0].isspace() or before[-1].isspace():
        return False
    return not is_unspaced(before[-1]) and not is_unspaced(text[0])


def _word(chunk: _Chunk, timed: _Timed) -> Word:
    text, start_s, end_s, probability = timed
    start = _place(chunk, start_s)
    return Word(
        text=text.strip(),
        start_s=to_seconds(start),
        end_s=to_seconds(max(start, _place(chunk, end_s))),
        confidence=min(max(probability, 0.0), 1.0),
    )


def _place(chunk: _Chunk, seconds: float) -> int:
    """Return a time of a chunk in samples of the body; no word is outside its chunk."""
    return chunk.start + min(max(to_samples(seconds), 0), chunk.end - chunk.start)


def _language(chunks: Sequence[_Chunk]) -> tuple[str | None, float | None]:
    """Return the language of most words, with its mean probability."""
    words: Counter[str] = Counter()
    for chunk in chunks:
        words[chunk.language] += sum(len(segment) for segment in chunk.segments)
    if not words:
        return None, None
    language = words.most_common(1)[0][0]
    probabilities = [chunk.probability for chunk in chunks if chunk.language == language]
    return language_tag(language), sum(probabilities) / len(probabilities)


def _checked(model_dir: str) -> Path:
    """Return the folder of a Whisper model for CTranslate2; raise ConfigurationError for any other."""
    how = (
        "one is made with ct2-transformers-converter, or is a download of Systran/faster-whisper-*"
    )
    if not model_dir:
        raise ConfigurationError(
            f"The engine faster-whisper needs a model: set faster_whisper.model_dir to its folder; {how}."
        )
    folder = Path(model_dir).expanduser().absolute()
    missing = [name for name in FILES if not (folder / name).is_file()]
    if not any(folder.glob("vocabulary.*")):
        missing.append("vocabulary.json")
    if missing:
        raise ConfigurationError(
            f"{folder} is not a folder of a Whisper model for CTranslate2: it has no "
            f"{', '.join(missing)}; {how}."
        )
    with (folder / "model.bin").open("rb") as file:
        head = file.read(6 + len(SPECIFICATION))
    if len(head) < 6 or head[6:] != SPECIFICATION:
        raise ConfigurationError(
            f"{folder / 'model.bin'} does not hold a Whisper model for CTranslate2; {how}."
        )
    return folder


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex; computed again only where the file has changed."""
    stat = path.stat()
    return _digest_of(path, stat.st_size, stat.st_mtime_ns)


@cache
def _digest_of(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
