"""The MIME type of a recording, from what its decoder found: names and headers of servers err."""

from stenoflow.media.stream_info import MediaInfo

ANY = "application/octet-stream"

_TYPES = {
    "mp3": "mpeg", "wav": "wav", "w64": "wav", "flac": "flac", "ogg": "ogg", "aac": "aac",
    "mov": "mp4", "matroska": "webm", "aiff": "aiff", "amr": "amr", "mpegts": "mp2t", "avi": "x-msvideo",
}  # fmt: skip
"""Subtypes by the first of FFmpeg's names of a container (IANA's registry of media types)."""


def media_type(media: MediaInfo) -> str:
    """``audio/mpeg``, ``video/mp4``; octets where no browser would know the container."""
    subtype = _TYPES.get(media.container.split(",")[0])
    if subtype is None:
        return ANY
    return f"{'video' if media.has_video else 'audio'}/{subtype}"
