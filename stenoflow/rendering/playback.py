"""Playback links of a transcript.

A link to a moment is a media fragment, ``#t=START,END`` in seconds (W3C Media Fragments URI 1.0,
section 4.2.1), which browsers understand for audio and video.
"""

from collections.abc import Callable
from typing import Literal, Self
from urllib.parse import quote, urldefrag, urlsplit

from pydantic import Field, model_validator

from stenoflow.options import Options


class PlaybackOptions(Options):
    """Target of the playback links in a transcript."""

    link: Literal["source", "base_url", "presigned", "none"] = Field(
        default="source", title="Playback links"
    )
    """If the engine redacts, nothing links or embeds the recording, whatever is chosen here."""

    base_url: str | None = Field(
        default=None, title="Base URL", description="the key is appended to it"
    )
    presigned_s: int = Field(
        default=7 * 24 * 3600, title="Lifetime of presigned links, seconds", ge=60, le=604_800
    )
    embed_max_bytes: int = Field(default=8_000_000, title="Largest embedded recording, bytes", ge=0)
    """The page contains recordings up to this size; 0: never."""

    @model_validator(mode="after")
    def _base_url_given(self) -> Self:
        if self.link == "base_url" and not self.base_url:
            raise ValueError("links that point to a base URL need one: set base_url")
        return self


def playback_url(
    playback: PlaybackOptions,
    *,
    key: str,
    source_url: str,
    presign: Callable[[int], str | None],
) -> str | None:
    """Return the address that plays a recording, as the options say; None: there is none.

    ``presign`` is called only if it is needed. It returns a URL that is valid for that many seconds, or
    None where the store has no presigned URLs; then there is no link.
    """
    match playback.link:
        case "none":
            return None
        case "source":
            return source_url
        case "presigned":
            return presign(playback.presigned_s)
        case "base_url":
            base = playback.base_url or ""
            return base + ("" if base.endswith(("/", "=")) else "/") + quote(key, safe="/")


def media_fragment(url: str, start_s: float, end_s: float | None = None) -> str:
    """Return the URL of a moment, or of a passage, of the recording at ``url``."""
    base, _ = urldefrag(url)
    return f"{base}#t={start_s:.3f}" + ("" if end_s is None else f",{end_s:.3f}")


def opens_in_browser(url: str) -> bool:
    """Return True if a page may link to this URL: its scheme can play, and cannot run a script."""
    return urlsplit(url).scheme.lower() in ("http", "https", "file")
