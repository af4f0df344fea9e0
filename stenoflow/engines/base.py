"""Speech engines behind one small protocol: a body of audio in, the engine's raw reply out.

Buying (:meth:`Engine.transcribe`) and reading (:meth:`Engine.parse`) are apart, so that a reply is stored
the moment it arrives and can be read again, for nothing, whenever the reading improves.
"""

import threading
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from stenoflow.audio.encoding import Encoding, RequestAudio
from stenoflow.transcript.model import Reply


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

    def transcribe(self, body: RequestAudio, *, stop: threading.Event) -> bytes:
        """The engine's raw reply to one request: JSON, exactly as received.

        One attempt, never retried inside. Raises EngineRefused, EngineAccountError, EngineError and its
        kinds, or Stopped.
        """
        ...

    def parse(self, raw: bytes) -> Reply:
        """Read a raw reply strictly. Raises EngineError where it is no transcript."""
        ...
