"""The streams of a recording as its header describes them, read from FFmpeg's messages.

FFmpeg lists a file's streams on standard error in a form that has not changed in ten years (the tests
check 5.1 and 9.0). Reading it there saves every recording a second child that only probes.

Texts from the file itself are indented in that list, except the name of a language, which could fake a
line. That only misdescribes the file's own recording: what FFmpeg may open and use is not decided here.
"""

import re
from dataclasses import dataclass

from stenoflow.times import Seconds


@dataclass(frozen=True, slots=True)
class AudioStream:
    """One audio stream of a file, as its header describes it."""

    codec: str
    """FFmpeg's name: ``mp3``, ``aac``, ``pcm_s16le``; ``none`` if it does not know the codec."""
    sample_rate: int
    """Hz; 0 if the header does not say."""
    channels: int
    """0 if the header does not say."""
    language: str | None
    default: bool
    """The file marks it as the one to play."""
    encrypted: bool


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A recording as its header describes it; headers err."""

    container: str
    """FFmpeg's name: ``wav``, ``matroska,webm``."""
    audio: tuple[AudioStream, ...]
    has_video: bool
    """True for moving pictures; a cover picture does not count."""
    claimed_s: Seconds | None
    """The duration that the header claims, or that was guessed from the bit rate."""

    @property
    def default_stream(self) -> int:
        """Index among the audio streams: the first marked default, else the first."""
        return next((i for i, stream in enumerate(self.audio) if stream.default), 0)


_CONTAINER = re.compile(r"^\[info\] Input #0, (\S+), from ", re.MULTILINE)
_DURATION = re.compile(r"^\[info\]   Duration: (\d+):(\d\d):(\d\d\.\d+)", re.MULTILINE)
_STREAM = re.compile(
    r"^\[info\] {3,7}Stream #0:(?P<index>\d+)(\[0x[0-9a-f]+\])?(\((?P<language>[^)]*)\))?: "
    r"(?P<kind>Audio|Video): (?P<codec>[^ ,]+)(?P<details>.*)$",
    re.MULTILINE,
)
_RATE_AND_LAYOUT = re.compile(r", (?P<rate>\d+) Hz, (?P<layout>[^,]+)")
_LIST_END = re.compile(r"^\[info\] (Stream mapping:|Output #0)", re.MULTILINE)

_CHANNELS = {
    "mono": 1,
    "stereo": 2,
    "downmix": 2,
    "binaural": 2,
    "quad": 4,
    "hexagonal": 6,
    "octagonal": 8,
    "cube": 8,
    "hexadecagonal": 16,
}
"""Channels of the layouts whose FFmpeg names do not contain their number."""

UNKNOWN_MEDIA_TYPE = "application/octet-stream"

_SUBTYPES = {
    "mp3": "mpeg", "wav": "wav", "w64": "wav", "flac": "flac", "ogg": "ogg", "aac": "aac",
    "mov": "mp4", "matroska": "webm", "aiff": "aiff", "amr": "amr", "mpegts": "mp2t", "avi": "x-msvideo",
}  # fmt: skip
"""Subtypes by the first of FFmpeg's names of a container (IANA's registry of media types)."""


def read_media_info(messages: str) -> MediaInfo | None:
    """Return what FFmpeg's messages (at ``-loglevel level+info``) say about its first input.

    None if the input was not opened.
    """
    container = _CONTAINER.search(messages)
    if container is None:
        return None
    end = _LIST_END.search(messages, container.end())
    listing = messages[container.start() : end.start() if end else None]
    audio: dict[int, AudioStream] = {}
    has_video = False
    for line in _STREAM.finditer(listing):
        details = line["details"]
        if line["kind"] == "Video":
            has_video = has_video or "(attached pic)" not in details
        else:
            audio[int(line["index"])] = _audio_stream(line["codec"], line["language"], details)
    duration = _DURATION.search(listing)
    return MediaInfo(
        container=container[1],
        audio=tuple(stream for _, stream in sorted(audio.items())),
        has_video=has_video,
        claimed_s=None if duration is None else _duration(*duration.groups()),
    )


def media_type(media: MediaInfo) -> str:
    """Return the MIME type of a recording by its container, as names and servers' headers err.

    ``audio/mpeg``, ``video/mp4``; :data:`UNKNOWN_MEDIA_TYPE` if no browser knows the container.
    """
    subtype = _SUBTYPES.get(media.container.split(",")[0])
    if subtype is None:
        return UNKNOWN_MEDIA_TYPE
    return f"{'video' if media.has_video else 'audio'}/{subtype}"


def _audio_stream(codec: str, language: str | None, details: str) -> AudioStream:
    sound = _RATE_AND_LAYOUT.search(details)
    return AudioStream(
        codec=codec,
        sample_rate=int(sound["rate"]) if sound else 0,
        channels=_channels(sound["layout"]) if sound else 0,
        language=language if language not in (None, "", "und") else None,
        default="(default)" in details,
        encrypted="(enca / " in details,
    )


def _channels(layout: str) -> int:
    """Return how many channels FFmpeg's name of a layout stands for; 0 for an unknown name."""
    if counted := re.match(r"(\d+) channels", layout):
        return int(counted[1])
    name = re.match(r"[\w.]+", layout)
    if name is None:
        return 0
    if re.fullmatch(r"\d+(\.\d+)+", name[0]):
        return sum(int(part) for part in name[0].split("."))
    return _CHANNELS.get(name[0], 0)


def _duration(hours: str, minutes: str, seconds: str) -> Seconds:
    return Seconds(int(hours) * 3600 + int(minutes) * 60 + float(seconds))
