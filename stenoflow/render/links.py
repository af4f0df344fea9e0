"""Where a transcript's links play the recording.

A link to a moment is a media fragment, ``#t=START,END`` in seconds (W3C Media Fragments URI 1.0,
section 4.2.1), which browsers understand for audio and video.
"""

from collections.abc import Callable
from urllib.parse import quote, urldefrag, urlsplit

from stenoflow.render.options import PlaybackOptions


def playback_url(
    playback: PlaybackOptions,
    *,
    key: str,
    source_url: str,
    presign: Callable[[int], str | None],
) -> str | None:
    """Where the recording can be played, as the profile says; None: nowhere.

    ``presign`` is asked, only where it is needed, for a URL that lives that many seconds; it gives
    None where the store has no such thing, and then there is no link.
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


def moment(url: str, start_s: float, end_s: float | None = None) -> str:
    """The URL of a moment, or of a passage, of the recording."""
    place, _ = urldefrag(url)
    return f"{place}#t={start_s:.3f}" + ("" if end_s is None else f",{end_s:.3f}")


def opens_in_browser(url: str) -> bool:
    """Whether a page may offer this URL as a link: a scheme that browsers play and none that acts."""
    return urlsplit(url).scheme.lower() in ("http", "https", "file")
