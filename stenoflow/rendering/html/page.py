"""``page.html``: one file to listen, read and search in, which loads nothing but the recording.

Text from recordings is hostile. The template escapes all of it; times travel as numbers in a block of
data that no browser runs; and a policy inside the page names the digests of its own script and style, so
that nothing else would run even if it got in.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from markupsafe import Markup

from stenoflow.rendering.base import Recording, Renderer, Rendering
from stenoflow.rendering.facts import LOW_ACCURACY, NO_WORDS, finding_lists
from stenoflow.rendering.html.script_data import UNCERTAIN_BELOW, Paragraph, paragraphs, script_data
from stenoflow.rendering.html.sidebar import (
    fact_rows,
    headline,
    quality_entry,
    speaker_entries,
    warnings,
)
from stenoflow.rendering.playback import opens_in_browser
from stenoflow.times import format_clock
from stenoflow.transcript.model import Transcript
from stenoflow.transcript.speakers import Speaker, speakers
from stenoflow.transcript.text import clean_text, join_words

if TYPE_CHECKING:
    from jinja2 import Template

_SCRIPTS = ("words", "playback", "search", "waveform", "controls")
"""Files of the script, in the order in which they are joined."""

NO_ADDRESS = "The recording has no address that a browser can play."
NOT_LINKED = (
    "The transcript is redacted, so this page neither holds nor links the recording, in which the "
    "removed words can be heard."
)

_ORIGIN = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Player:
    """The element that plays the recording."""

    tag: str
    src: str | None
    preload: str
    source: str
    """The sources that the page's policy allows it."""


def render(rendering: Rendering) -> bytes:
    """Return the page in UTF-8."""
    transcript = rendering.transcript
    found = speakers(transcript)
    shown = list(paragraphs(transcript))
    ids = {speaker.key: number for number, speaker in enumerate(found)}
    player = _player(rendering)
    css, js = asset("palette.css") + asset("page.css"), _script()
    uncertain = _uncertain_words(transcript)
    page = _template().render(
        title=clean_text(rendering.recording.name),
        policy=_policy(css, js, player),
        css=Markup(css),  # noqa: S704 -- this project's own file
        js=Markup(js),  # noqa: S704 -- this project's own file
        data=Markup(script_data(rendering, shown, ids)),  # noqa: S704 -- numbers only
        player=player,
        no_player=NOT_LINKED if rendering.redacted else NO_ADDRESS,
        facts=headline(transcript),
        duration=round(transcript.duration_s),
        length=format_clock(transcript.duration_s),
        speakers=list(speaker_entries(found)),
        estimated=transcript.speaker_source == "estimate",
        known=bool(transcript.known_speakers),
        removed=bool(rendering.removed),
        uncertain=f"{uncertain:,}" if uncertain else "",
        qualities=[quality_entry(each, number) for number, each in enumerate(rendering.quality)],
        rows=list(fact_rows(rendering)),
        warnings=warnings(rendering),
        language=_language(transcript.language),
        low_accuracy=LOW_ACCURACY if transcript.accuracy == "low" else None,
        no_words=NO_WORDS,
        summary=transcript.summary,
        labels=list(finding_lists(transcript)),
        blocks=list(_blocks(shown, found)),
    )
    return page.encode()


@cache
def asset(name: str) -> str:
    """Return a file of the page: styles, a script, the template, or the colours that pages share."""
    return (files("stenoflow.rendering.html") / name).read_text(encoding="utf-8")


@cache
def _script() -> str:
    return "\n".join(asset(f"{name}.js") for name in _SCRIPTS)


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 -- slow to import

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(asset("page.html"))


def _policy(css: str, js: str, player: Player) -> str:
    """Return a Content-Security-Policy (W3C CSP 3) that allows only this page's script and style."""

    def digest(text: str) -> str:
        return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {digest(js)}; style-src {digest(css)}; "
        f"media-src {player.source}; base-uri 'none'; form-action 'none'"
    )


def _player(rendering: Rendering) -> Player:
    """Return a player of the recording itself if it is small, else of its address; of neither if redacted.

    Files that the reader opens from the device are always allowed.
    """
    recording = rendering.recording
    if rendering.redacted:
        recording = replace(recording, path=None, playback_url=None)
    tag = "video" if rendering.media and rendering.media.has_video else "audio"
    embedded = _embedded(recording, rendering.playback.embed_max_bytes)
    if embedded:
        return Player(tag, embedded, "auto", "data: blob:")
    url = recording.playback_url
    if url and opens_in_browser(url):
        return Player(tag, url, "none", f"{_policy_source(url)} blob:")
    return Player(tag, None, "none", "blob:")


def _embedded(recording: Recording, max_bytes: int) -> str | None:
    if recording.path is None or not 0 < recording.path.stat().st_size <= max_bytes:
        return None
    body = b64encode(recording.path.read_bytes()).decode()
    return f"data:{recording.media_type};base64,{body}"


def _policy_source(url: str) -> str:
    """Return a URL's origin for the policy, or its scheme if the origin has unusual characters."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if _ORIGIN.fullmatch(host) else f"{parts.scheme}:"


def _uncertain_words(transcript: Transcript) -> int:
    return sum(
        word.confidence is not None and word.confidence < UNCERTAIN_BELOW
        for word in transcript.words
    )


def _blocks(
    shown: Sequence[Paragraph], found: Sequence[Speaker]
) -> Iterator[dict[str, str | int | None]]:
    """Yield the paragraphs as the template shows them; a turn's first has a heading."""
    numbers = {speaker.key: number for number, speaker in enumerate(found)}
    for each in shown:
        number, start_s = numbers[each.speaker], each.words[0].start_s
        yield {
            "speaker": number,
            "name": found[number].name,
            "head": each.begins_turn,
            "start": f"{start_s:.3f}",
            "clock": format_clock(start_s),
            "text": join_words(word.text for word in each.words),
        }


def _language(tag: str | None) -> str | None:
    return tag if tag and _LANGUAGE.fullmatch(tag) else None


RENDERER = Renderer(
    name="page",
    file_name="page.html",
    content_type="text/html; charset=utf-8",
    render=render,
    description="A web page to play, read and search",
)
