"""The values that renderers work with: what they are given, what they are, and what they make."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stenoflow.audio.quality import Quality
from stenoflow.billing.costs import Costs
from stenoflow.media.stream_info import MediaInfo
from stenoflow.rendering.captions.options import CaptionOptions
from stenoflow.rendering.playback import PlaybackOptions
from stenoflow.rendering.waveform import Waveform
from stenoflow.times import Span
from stenoflow.transcript.model import Transcript

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Recording:
    """The recording that was transcribed."""

    key: str
    """Its key in its store: data, with whatever characters it has."""
    url: str
    """Its address, without credentials."""
    version: str = ""
    size: int = 0
    """Bytes."""
    sha256: str = ""
    """Hex digest of the file."""
    media_type: str = "application/octet-stream"
    """MIME type of the file."""
    path: Path | None = None
    """A local copy, for formats that embed the recording; None where the transcript is redacted."""
    playback_url: str | None = None
    """An address that plays it (:func:`stenoflow.rendering.playback.playback_url`); None: there is none."""

    @property
    def name(self) -> str:
        """The last part of the key, for display."""
        return self.key.rstrip("/").rpartition("/")[2] or self.key


@dataclass(frozen=True, slots=True)
class Rendering:
    """A transcript and everything known about how it was made."""

    recording: Recording
    transcript: Transcript
    """Normalized (:func:`stenoflow.transcript.normalize.normalize`)."""
    captions: CaptionOptions = CaptionOptions()
    playback: PlaybackOptions = PlaybackOptions()
    media: MediaInfo | None = None
    quality: Sequence[Quality] = ()
    """One for each channel that was analyzed."""
    speech: Sequence[Span] = ()
    """Speech segments of all channels, in order."""
    removed: Sequence[Span] = ()
    """The pauses that were not sent to the engine, in order."""
    waveform: Waveform | None = None
    costs: Costs | None = None
    redacted: bool = False
    """True if spoken words were removed from the transcript: the recording must not give them away."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """An output format. A package offers one as an entry point of the group ``stenoflow.renderers``.

    Raises ValueError if ``file_name`` is not a plain name of letters, digits, ``.``, ``_`` and ``-``.
    """

    name: str
    """The name in ``Profile.artifacts``, and of the entry point."""
    file_name: str
    """The name under which the artifact is published."""
    content_type: str
    render: Callable[[Rendering], bytes]
    """Returns the artifact. Raises errors of :mod:`stenoflow.errors`, MissingDependency among them."""
    description: str
    """One line for people who choose formats."""

    def __post_init__(self) -> None:
        if not _FILE_NAME.fullmatch(self.file_name):
            raise ValueError(
                f"The renderer {self.name!r} has the file name {self.file_name!r}: choose one of "
                "letters, digits, '.', '_' and '-'."
            )


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that is ready to be published."""

    name: str
    file_name: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """A format that could not be rendered, and why; it does not affect the others."""

    name: str
    file_name: str
    error: str
    """One sentence or two, for display."""
