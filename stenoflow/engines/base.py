"""The protocol of speech engines, and the declaration that registers one.

An :class:`Engine` takes one chunk of audio and returns the engine's raw reply. Sending
(:meth:`Engine.transcribe`) and reading (:meth:`Engine.parse`) are apart, so that a reply is stored the
moment it arrives and can be read again, for nothing, whenever the reading improves.

An :class:`EngineSpec` holds all that can be known about an engine without opening it. Packages
register one by an entry point of the group ``stenoflow.engines``, see
:mod:`stenoflow.engines.registry`.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Generic, Protocol, TypeVar

from stenoflow.audio.encoding import Encoding, RequestAudio
from stenoflow.billing.pricing import EnginePrices
from stenoflow.engines.capabilities import Asked, Capabilities
from stenoflow.engines.credentials import Credential, CredentialSpec
from stenoflow.engines.vocabulary import FittedVocabulary
from stenoflow.media.options import MediaOptions
from stenoflow.options import Options
from stenoflow.transcript.model import Reply

O = TypeVar("O", bound=Options)  # noqa: E741 - the options model


class Engine(Protocol):
    """A speech engine, ready for requests from any number of threads."""

    @property
    def name(self) -> str:
        """Name of the engine, as in ``Profile.engine``."""
        ...

    @property
    def encoding(self) -> Encoding:
        """Encoding of audio for this engine."""
        ...

    @property
    def max_request_bytes(self) -> int | None:
        """Largest body that one request may have, in bytes; None where there is no limit."""
        ...

    def identity(self) -> Mapping[str, Any]:
        """Return every option, besides the audio, that changes the reply, as JSON values.

        It is part of the content address under which a reply is kept, and holds no secrets.
        """
        ...

    def transcribe(self, body: RequestAudio, *, stop: threading.Event) -> bytes:
        """Send one request and return the raw reply to it, exactly as received, whatever it is.

        Makes one attempt and never repeats it. Raises EngineRefused, EngineAccountError, EngineError
        and its kinds, or Stopped once ``stop`` is set. What has arrived of a reply that was paid for
        is in the BrokenReply.
        """
        ...

    def parse(self, raw: bytes) -> Reply:
        """Read a raw reply, whose words are worth more than its form.

        Raises EngineError where it is not a transcript, ErrorReply where it reports an error.
        """
        ...


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """Limits of an account, shared by all machines that use it."""

    open_requests: int
    """Requests open at once."""
    requests_per_s: float
    """Requests started each second."""


@dataclass(frozen=True, slots=True)
class Library:
    """An optional package that an engine needs."""

    module: str
    """Name that it is imported by."""
    install: str
    """Command that installs it."""

    @property
    def installed(self) -> bool:
        """True if the package can be imported; it is not imported to find out."""
        return find_spec(self.module) is not None


@dataclass(frozen=True, slots=True)
class EngineSetup:
    """Arguments that an engine is opened with, besides its own options."""

    media: MediaOptions = field(default_factory=MediaOptions)
    """Which channels of a recording are transcribed."""
    credential: Credential | None = None
    """The account's key; None for engines without one, and where no request will be sent."""
    credential_named: bool = False
    """True if a person has named the credential for this very run: not using it would be an error."""


@dataclass(frozen=True, slots=True)
class OriginalUpload:
    """Sending of a recording as it is, in one request, rather than its speech in chunks."""

    by_url: bool
    """True where the engine fetches it from a presigned URL; false where the file is sent."""
    deadline_s: float
    """Seconds after which the engine no longer reads it."""
    remedy: str
    """Option that makes chunks be sent instead, as the end of a message."""


def _never(_: Any) -> None:
    return None


def _not_redacting(_: Any) -> bool:
    return False


def _nothing(_: Any) -> tuple[Asked, ...]:
    return ()


def _one(_: Any) -> int:
    return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec(Generic[O]):
    """The declaration of an engine: what it is, needs, can do and costs, in one place."""

    name: str
    """As in ``Profile.engine``: small letters, digits and hyphens."""
    title: str
    """For people, in forms and tables."""
    options: type[O]
    """Model of its section in a profile. Every field has a default."""
    open: Callable[[O, EngineSetup], Engine]
    """Returns the engine; imports its libraries only then, and connects to nothing.

    Raises ConfigurationError where the options contradict one another.
    """
    capabilities: Capabilities
    """At best, with whatever options."""
    prices: EnginePrices = field(default_factory=EnginePrices)
    """List prices, for estimates."""
    limits: EngineLimits | None = None
    """None for engines that run on this machine: those share its cores."""
    credentials: CredentialSpec | None = None
    """None for engines without an account."""
    library: Library | None = None
    """None where nothing but Stenoflow's own dependencies is needed."""
    audio_s_per_s: float | None = None
    """Seconds of audio transcribed in a second by one request, for estimates; None where unknown."""
    original_upload: Callable[[O], OriginalUpload | None] = _never
    """Returns how these options send the recording as it is; None where they send chunks."""
    redacts: Callable[[O], bool] = _not_redacting
    """Returns True if these options remove what was spoken from the transcript, such as card numbers."""
    capabilities_with: Callable[[O], Capabilities] | None = None
    """Returns what it can do with these options, where these matter; None where they never do. Raises as
    ``open``."""
    asked: Callable[[O], tuple[Asked, ...]] = _nothing
    """Returns what these options ask for that not every engine can do."""
    with_vocabulary: Callable[[O, tuple[str, ...]], FittedVocabulary[O]] | None = None
    """Returns these options with names and terms to expect, as many as the engine takes; None where it
    takes none. Raises as ``open``."""
    cores: Callable[[O], int] = _one
    """Returns how many of this machine's cores a request holds; of no matter for engines with limits."""

    @property
    def section(self) -> str:
        """Name of its section in a profile."""
        return self.name.replace("-", "_")

    def capabilities_for(self, options: O) -> Capabilities:
        """Return what it can do with these options. Raises as ``open``."""
        return self.capabilities_with(options) if self.capabilities_with else self.capabilities
