"""Whisper as an engine: what its child is asked, and what makes two replies differ.

A child process loads the model and transcribes one block of the body after the other, so that memory
stays flat in its length.
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

from stenoflow.audio.encoding import Encoding, RequestAudio
from stenoflow.engines.languages import whisper_code
from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.engines.whisper.reply import UnusableModel, parsed, read_reply
from stenoflow.engines.whisper.weights import find_weights
from stenoflow.engines.worker import WorkerSpec, ask_worker
from stenoflow.errors import EngineAccountError
from stenoflow.times import Span, to_samples, to_seconds
from stenoflow.transcript.model import Reply

CHUNK = to_samples(600)
"""Longest piece of audio transcribed at once: memory grows with it, 50 MB a minute."""

WINDOW = to_samples(30)
"""Length that Whisper decodes at once."""

MEMORY_BYTES = 1 << 46
"""CUDA maps far more addresses than there is memory, so this bounds nothing."""

DEADLINE_S = 600
DEADLINE_PER_SECOND_S = 100
"""A large model on a few slow cores takes ten times the audio's length, times the cores."""

WORKER = Path(__file__).with_name("worker.py")

NOT_IN_IDENTITY = {"model", "download", "threads"}
"""Options that do not change a reply; the weights' digest stands for the model."""


class WhisperEngine:
    """Whisper as an :class:`~stenoflow.engines.base.Engine`, in children of this process.

    Raises ConfigurationError where the model is none; MissingDependency where it is not on this machine.
    What a model cannot do is refused before, see :mod:`stenoflow.engines.capabilities`.
    """

    name = "whisper"
    encoding: Encoding = "wav"
    max_request_bytes = None

    def __init__(self, options: WhisperOptions) -> None:
        self._options = options
        self._weights = find_weights(options.model, download=options.download)
        self._transcription = transcription_arguments(options)

    def identity(self) -> Mapping[str, Any]:
        """Return the options and the digest of the weights; where these are does not matter."""
        defaults = WhisperOptions()
        return {
            "engine": self.name,
            "version": version("faster-whisper"),
            "weights": self._weights.digest(),
            "options": {
                name: value
                for name, value in self._options.model_dump(mode="json").items()
                if name not in NOT_IN_IDENTITY
                and getattr(self._options, name) != getattr(defaults, name)
            },
            "chunk": CHUNK,
        }

    def transcribe(self, body: RequestAudio, *, stop: threading.Event) -> bytes:
        """Transcribe a WAV body.

        Raises EngineAccountError where the model cannot be loaded or does not know an option,
        EngineError, ProcessKilled, Stopped.
        """
        if body.path is None:
            raise ValueError("Whisper takes files, not URLs")
        raw = ask_worker(
            self._worker(),
            self._request(body, body.path),
            deadline_s=DEADLINE_S + DEADLINE_PER_SECOND_S * to_seconds(body.samples),
            stop=stop,
        )
        if isinstance(reply := read_reply(raw), UnusableModel):
            raise EngineAccountError(
                f"Whisper cannot use the model {self._weights.name} as the profile says: {reply.unusable}"
            )
        return raw

    def parse(self, raw: bytes) -> Reply:
        """Read a raw reply. Raises EngineError where it is not one."""
        return parsed(raw, self._options)

    def _worker(self) -> WorkerSpec:
        return WorkerSpec(
            name="Whisper",
            script=WORKER,
            loads=json.dumps(
                {
                    "model_size_or_path": str(self._weights.folder),
                    "device": self._options.device,
                    "compute_type": self._options.compute_type,
                    # CTranslate2's default is 4 threads, whatever else the machine does.
                    "cpu_threads": self._options.threads,
                    "local_files_only": True,
                }
            ),
            memory_bytes=MEMORY_BYTES,
        )

    def _request(self, body: RequestAudio, path: Path) -> dict[str, Any]:
        """Return what the child is asked to do."""
        options = self._options
        return {
            "audio": str(path),
            "batch_size": options.batch_size,
            "transcription": self._transcription,
            "chunks": [
                {
                    "start": chunk.start,
                    "end": chunk.end,
                    "windows": [(each.start, each.end) for each in windows(body.speech, chunk)],
                }
                for chunk in chunked(body.speech, body.samples)
            ],
            "reply": {
                "engine": self.name,
                "version": version("faster-whisper"),
                "model": self._weights.name,
                "sha256": body.sha256,
                "samples": body.samples,
            },
        }


def transcription_arguments(options: WhisperOptions) -> dict[str, Any]:
    """Return the keyword arguments of faster-whisper's ``transcribe``."""
    return {
        "language": whisper_code(options.language) if options.language else None,
        "task": options.task,
        "multilingual": options.multilingual,
        "beam_size": options.beam_size,
        "initial_prompt": options.prompt,
        "hotwords": options.hotwords,
        "temperature": options.temperatures,
        "compression_ratio_threshold": options.compression_ratio_threshold,
        "log_prob_threshold": options.log_prob_threshold,
        "no_speech_threshold": options.no_speech_threshold,
        "word_timestamps": True,
        # With it, one mistake may be repeated to the end.
        "condition_on_previous_text": False,
    }


def chunked(speech: Sequence[Span], samples: int, longest: int = CHUNK) -> tuple[Span, ...]:
    """Return the body in spans of at most ``longest``, parted in the middle of pauses if possible."""
    return tuple(_parts(speech, Span(0, samples), longest))


def windows(speech: Sequence[Span], chunk: Span) -> tuple[Span, ...]:
    """Return a chunk in spans that Whisper can decode at once, counted from the start of the chunk."""
    return tuple(
        Span(each.start - chunk.start, each.end - chunk.start)
        for each in _parts(speech, chunk, WINDOW)
    )


def _parts(speech: Sequence[Span], whole: Span, longest: int) -> Iterator[Span]:
    pauses = [(before.end + after.start) // 2 for before, after in pairwise(speech)]
    edges = [whole.start]
    while whole.end - edges[-1] > longest:
        limit = edges[-1] + longest
        edges.append(max((at for at in pauses if edges[-1] < at <= limit), default=limit))
    return (Span(start, end) for start, end in pairwise([*edges, whole.end]) if end > start)
