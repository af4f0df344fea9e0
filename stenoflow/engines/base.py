"""Speech engines behind one small protocol: a body of audio in, the engine's raw reply out.

Buying (:meth:`Engine.listen`) and reading (:meth:`Engine.parse`) are apart, so that a reply is stored
the moment it arrives and can be read again, for nothing, whenever the reading improves.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from stenoflow.times import Span
from stenoflow.transcript.model import Reply

Encoding = Literal["flac", "wav"]
"""Both lossless; WAV where a body never leaves the machine and need not be small."""


@dataclass(frozen=True, slots=True)
class Body:
    """The audio of one request: a local file, or a URL that the engine fetches by itself."""

    path: Path | None
    url: str | None
    """Set, with ``path`` None, where the engine fetches a presigned URL."""
    size: int
    """Bytes."""
    sha256: str
    content_type: str
    samples: int
    """Length of the audio in samples at 16 kHz."""
    stretches: tuple[Span, ...]
    """The stretches of speech inside this body, for engines that do better one stretch at a time."""
    audio_sha256: str | None = None
    """Digest of the samples themselves (s16le), where they are known: unlike ``sha256`` it does not
    change with the version of an encoder, so audio that was bought is found again."""


class Engine(Protocol):
    """A way to turn audio into words."""

    @property
    def name(self) -> str:
        """As in ``Profile.engine``."""
        ...

    @property
    def accuracy(self) -> Literal["low", "standard"]:
        """ "low" for engines meant for trying out: every output says so."""
        ...

    @property
    def encoding(self) -> Encoding:
        """How audio is packed for this engine."""
        ...

    @property
    def max_request_bytes(self) -> int | None:
        """The engine's own limit on one body; None where it has none."""
        ...

    def identity(self) -> Mapping[str, Any]:
        """Every option, beside the audio, that changes the answer, as JSON values; no secrets.

        Part of the content address under which a reply is kept.
        """
        ...

    def listen(self, body: Body, *, stop: threading.Event) -> bytes:
        """The engine's raw reply to one request: JSON, exactly as received.

        One attempt, never retried inside. Raises EngineRefused, EngineClosed, EngineTrouble and its
        kinds, or Stopped.
        """
        ...

    def parse(self, raw: bytes) -> Reply:
        """Read a raw reply strictly. Raises EngineTrouble where it is no transcript."""
        ...
