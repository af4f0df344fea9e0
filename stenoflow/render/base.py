"""All that a renderer may use, as one immutable value."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from stenoflow.audio.quality import Quality
from stenoflow.media.stream_info import MediaInfo
from stenoflow.render.captions.options import CaptionOptions
from stenoflow.render.options import PlaybackOptions
from stenoflow.render.waveform import Waveform
from stenoflow.times import Seconds, Span
from stenoflow.transcript.model import Transcript


@dataclass(frozen=True, slots=True)
class Recording:
    """The recording that was transcribed."""

    key: str
    """As it is called in its store: data, whatever characters it has."""
    url: str
    """Where it lies, without credentials."""
    version: str = ""
    size: int = 0
    """Bytes."""
    sha256: str = ""
    """Hex digest of the file."""
    media_type: str = "application/octet-stream"
    """MIME type of the file."""
    path: Path | None = None
    """A local copy, for formats that carry the recording inside themselves."""
    playback_url: str | None = None
    """Where it can be played (:func:`stenoflow.render.links.playback_url`); None: nowhere."""

    @property
    def name(self) -> str:
        """The last part of the key, fit to be shown."""
        return self.key.rstrip("/").rpartition("/")[2] or self.key


@dataclass(frozen=True, slots=True)
class Costs:
    """What the engine was paid for, and what it was not. Amounts are estimates."""

    paid_s: Seconds = Seconds(0.0)
    """Seconds of audio sent to the engine for this transcript, whenever they were bought."""
    saved_s: Seconds = Seconds(0.0)
    """Seconds that did not have to be sent."""
    estimate_usd: Decimal | None = None
    saved_usd: Decimal | None = None
    may_have_been_paid: int = 0
    """Requests beside these that may have been paid without a usable reply."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """A transcript and everything known about how it came to be."""

    recording: Recording
    transcript: Transcript
    """Normalized (:func:`stenoflow.transcript.normalize.normalize`)."""
    captions: CaptionOptions = CaptionOptions()
    playback: PlaybackOptions = PlaybackOptions()
    media: MediaInfo | None = None
    quality: Sequence[Quality] = ()
    """One for each channel that was heard."""
    speech: Sequence[Span] = ()
    """Where anybody speaks, in order."""
    removed: Sequence[Span] = ()
    """The pauses that were not sent to the engine, in order."""
    waveform: Waveform | None = None
    costs: Costs | None = None
