"""The reply of Whisper's child process, and the words in it.

A raw reply is JSON::

    {"engine": "whisper", "version": "1.2.1", "model": "small", "sha256": "...", "samples": 160000,
     "multilingual": true, "chunks": [{"start": 0, "end": 160000, "language": "en",
     "probability": 0.98, "segments": [{"words": [[" Ten", 0.0, 0.56, 0.98], ...],
     "log_probability": -0.2, "compression_ratio": 1.3, "no_speech": 0.01, "temperature": 0.0}, ...]}]}

``version`` is that of faster-whisper; ``sha256`` and ``samples`` are those of the body; a chunk's edges are
samples of the body; a word has its text, its start and end in seconds from the start of its chunk, and its
probability.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from stenoflow.engines.languages import language_tag
from stenoflow.engines.whisper.hallucinations import Judged, judge
from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.errors import EngineError
from stenoflow.options import validation_message
from stenoflow.times import to_samples, to_seconds
from stenoflow.transcript.model import Reply, Word
from stenoflow.transcript.text import is_unspaced

UNSURE_WORDS = 8
UNSURE = 0.62
"""English weights give words of other languages a mean probability below this, and of English one above
it, as far as there are so many words: see ``docs/engines.md``."""

Timed = tuple[str, float, float, float]
"""Text, start and end in seconds from the start of the chunk, probability."""


class SegmentReply(BaseModel):
    """A segment as Whisper marks it."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    words: list[Timed]
    log_probability: float
    """Mean logarithm of the probability of its tokens."""
    compression_ratio: float
    no_speech: float
    """Probability of no speech."""
    temperature: float


class ChunkReply(BaseModel):
    """A passage that was transcribed at once."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    start: int = Field(ge=0)
    end: int
    language: str
    probability: float
    segments: list[SegmentReply]


class WorkerReply(BaseModel):
    """The whole reply."""

    model_config = ConfigDict(extra="forbid", strict=True)

    engine: Literal["whisper"]
    version: str
    model: str
    sha256: str
    samples: int = Field(ge=0)
    multilingual: bool
    chunks: list[ChunkReply]


class UnusableModel(BaseModel):
    """The child's reply where the model cannot be loaded, or refuses an option."""

    unusable: str


_replies: TypeAdapter[WorkerReply | UnusableModel] = TypeAdapter(WorkerReply | UnusableModel)


def read_reply(raw: bytes) -> WorkerReply | UnusableModel:
    """Return what the child wrote. Raises EngineError where it is something else."""
    try:
        return _replies.validate_json(raw)
    except ValidationError as error:
        raise EngineError(
            f"Whisper's reply is not what its child writes: {validation_message(error, most=1)}."
        ) from error


def parsed(raw: bytes, options: WhisperOptions) -> Reply:
    """Return the words of a raw reply. Raises EngineError where it is not one."""
    reply = read_reply(raw)
    if isinstance(reply, UnusableModel):
        raise EngineError("Whisper's reply holds no words: its model was unusable.")
    judged = [
        judge(_words(chunk, each), each, options)
        for chunk in reply.chunks
        for each in chunk.segments
    ]
    kept = [each.words for each in judged if each.words]
    language, probability = _language(reply, options)
    return Reply(
        words=tuple(word for words in kept for word in words),
        utterance_starts=tuple(accumulate((len(words) for words in kept[:-1]), initial=0))
        if kept
        else (),
        language=language,
        language_confidence=probability,
        model=f"faster-whisper {reply.version}, {reply.model}",
        duration_s=to_seconds(reply.samples),
        sha256=reply.sha256,
        warnings=tuple(_warnings(reply, judged)),
    )


def _warnings(reply: WorkerReply, judged: Sequence[Judged]) -> Iterator[str]:
    yield from (warning for each in judged for warning in each.warnings)
    if reply.multilingual:
        return
    words = [word for each in judged for word in each.words]
    if len(words) < UNSURE_WORDS:
        return
    if sum(word.confidence or 0.0 for word in words) < UNSURE * len(words):
        yield (
            f"The model {reply.model} knows English only, and is unsure of most of these words: if "
            "another language is spoken, the text is wrong. Use a multilingual model."
        )


def _words(chunk: ChunkReply, segment: SegmentReply) -> tuple[Word, ...]:
    return tuple(_word(chunk, timed) for timed in _spaced(segment.words))


def _spaced(segment: Sequence[Timed]) -> Iterator[Timed]:
    """Yield the words of a segment with the spacing that Whisper gives them.

    faster-whisper ends a word at each punctuation mark, also inside a word: `` 22`` and ``,050``, `` ma`` and
    ``'am``. What begins without a space goes on with the word before it, except in scripts that set no
    spaces. A joined word is as probable as its least probable part.
    """
    pending: Timed | None = None
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


def _word(chunk: ChunkReply, timed: Timed) -> Word:
    text, start_s, end_s, probability = timed
    start = _place(chunk, start_s)
    return Word(
        text=text.strip(),
        start_s=to_seconds(start),
        end_s=to_seconds(max(start, _place(chunk, end_s))),
        confidence=min(max(probability, 0.0), 1.0),
    )


def _place(chunk: ChunkReply, seconds: float) -> int:
    """Return a time of a chunk in samples of the body; no word is outside its chunk."""
    return chunk.start + min(max(to_samples(seconds), 0), chunk.end - chunk.start)


def _language(reply: WorkerReply, options: WhisperOptions) -> tuple[str | None, float | None]:
    """Return the language of most words, with its mean probability where the model has found it out."""
    words: Counter[str] = Counter()
    for chunk in reply.chunks:
        words[chunk.language] += sum(len(segment.words) for segment in chunk.segments)
    if not any(words.values()):
        return None, None
    language = words.most_common(1)[0][0]
    if options.task == "translate":
        return "en", None
    if not reply.multilingual or options.language:
        return language_tag(language), None
    probabilities = [chunk.probability for chunk in reply.chunks if chunk.language == language]
    return language_tag(language), sum(probabilities) / len(probabilities)
