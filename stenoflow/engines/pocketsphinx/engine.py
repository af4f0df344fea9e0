"""PocketSphinx: needs no account and no network, knows English only, and gets every third word wrong.

It decodes one stretch of speech at a time in a child process. Its raw reply is JSON that the child
writes::

    {"engine": "pocketsphinx", "version": "5.1.1", "sha256": "...", "samples": 48000,
     "stretches": [{"start": 1600, "end": 40000, "words": [["ten(2)", 15, 33, 0.275], ...]}]}

``sha256`` and ``samples`` are those of the body; a stretch's edges are samples of the body; a word is
its dictionary entry, its first and last frame (10 ms each, counted from the start of the stretch) and
its posterior probability. Fillers such as ``<sil>`` are among the words.
"""

import re
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from stenoflow.audio.encoding import Encoding, RequestAudio
from stenoflow.engines.pocketsphinx.options import PocketSphinxOptions
from stenoflow.engines.worker import run_worker
from stenoflow.errors import EngineError
from stenoflow.media.sandbox import Bounds
from stenoflow.options import validation_message
from stenoflow.times import SAMPLE_RATE, Seconds, Span, to_samples, to_seconds
from stenoflow.transcript.model import Reply, Word

FRAME = SAMPLE_RATE // 100
"""Samples of a frame."""

PAUSE = to_samples(0.5)
"""Speech is decoded together where its pauses are shorter than this."""

LONGEST = to_samples(20)
"""Stretches are not put together beyond this length: decoding is slower on long ones."""

MARGIN = to_samples(0.1)
"""Samples decoded on either side of a stretch, so that its first and last sounds are whole."""

MEMORY_BYTES = 1 << 30

DEADLINE_S = 60
DEADLINE_PER_SECOND_S = 20
"""Decoding takes about a quarter of the audio's length on a core of its own."""

WORKER = Path(__file__).with_name("worker.py")

_FILLER = re.compile(r"[<\[+]")
_PRONUNCIATION = re.compile(r"\(\d+\)$")


_Frame = Annotated[int, Field(ge=0)]
_Probability = Annotated[float, Field(ge=0, le=1)]


class _Stretch(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    start: int = Field(ge=0)
    end: int
    words: list[tuple[str, _Frame, _Frame, _Probability]]


class _WorkerReply(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    engine: Literal["pocketsphinx"]
    version: str
    sha256: str
    samples: int = Field(ge=0)
    stretches: list[_Stretch]


_replies = TypeAdapter(_WorkerReply)


class PocketSphinxEngine:
    """PocketSphinx as an :class:`~stenoflow.engines.base.Engine`: each request has its own child."""

    name = "pocketsphinx"
    encoding: Encoding = "wav"
    max_request_bytes = None

    def __init__(self, options: PocketSphinxOptions | None = None) -> None:
        self._options = options or PocketSphinxOptions()

    def identity(self) -> Mapping[str, Any]:
        """Return the options, and how stretches of speech are decoded together."""
        return {
            "engine": self.name,
            "version": version("pocketsphinx"),
            "options": self._options.model_dump(mode="json"),
            "grouping": [PAUSE, LONGEST, MARGIN],
        }

    def transcribe(self, body: RequestAudio, *, stop: threading.Event) -> bytes:
        """Decode a WAV body, stretch by stretch. Raises EngineError, ProcessKilled, Stopped."""
        if body.path is None:
            raise ValueError("PocketSphinx takes files, not URLs")
        request = {
            "decoder": {"samprate": SAMPLE_RATE, "cmn": "live", **self._options.model_dump()},
            "stretches": [(g.start, g.end) for g in grouped(body.speech, body.samples)],
            "reply": {
                "engine": self.name,
                "version": version("pocketsphinx"),
                "sha256": body.sha256,
                "samples": body.samples,
            },
        }
        length_s = to_seconds(body.samples)
        bounds = Bounds(MEMORY_BYTES, DEADLINE_S + DEADLINE_PER_SECOND_S * length_s)
        return run_worker(WORKER, request, body.path, bounds, called="PocketSphinx", stop=stop)

    def parse(self, raw: bytes) -> Reply:
        """Read a raw reply. Raises EngineError where it is not one."""
        try:
            reply = _replies.validate_json(raw)
        except ValidationError as error:
            raise EngineError(
                f"PocketSphinx's reply is not what its child writes: {validation_message(error, most=1)}."
            ) from error
        words = [word for stretch in reply.stretches for word in _words(stretch)]
        return Reply(
            words=tuple(words),
            language="en",
            model=f"PocketSphinx {reply.version}, en-us",
            duration_s=to_seconds(reply.samples),
            sha256=reply.sha256,
        )


def grouped(speech: Sequence[Span], samples: int) -> tuple[Span, ...]:
    """Return the spans that are decoded together: neighbouring stretches, with a margin if possible."""
    groups: list[Span] = []
    for span in speech:
        if groups and _together(groups[-1], span):
            groups[-1] = Span(groups[-1].start, span.end)
        else:
            groups.append(span)
    bounds = [
        0,
        *((before.end + after.start) // 2 for before, after in pairwise(groups)),
        samples,
    ]
    return tuple(
        Span(max(group.start - MARGIN, earliest), min(group.end + MARGIN, latest))
        for group, (earliest, latest) in zip(groups, pairwise(bounds), strict=False)
    )


def _together(group: Span, span: Span) -> bool:
    return span.start - group.end < PAUSE and span.end - group.start <= LONGEST


def _words(stretch: _Stretch) -> list[Word]:
    return [
        Word(
            text=_PRONUNCIATION.sub("", text),
            start_s=_time(stretch, first),
            end_s=_time(stretch, last + 1),
            # Its logarithms are rounded, so that a certain word may come out a little above 1.
            confidence=min(probability, 1.0),
        )
        for text, first, last, probability in stretch.words
        if not _FILLER.match(text)
    ]


def _time(stretch: _Stretch, frame: int) -> Seconds:
    """Return the beginning of a frame in seconds of the body; none is later than its stretch."""
    return to_seconds(min(stretch.start + frame * FRAME, stretch.end))
