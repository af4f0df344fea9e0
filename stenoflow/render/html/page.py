"""``page.html``: one file to listen, read and search in, which asks the network for nothing but sound.

Text from audio is hostile. The template escapes all of it; times travel as numbers in a block of data
that no browser runs; and a policy inside the page names the digests of its own script and style, so that
nothing else would run even if it got in.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from urllib.parse import urlsplit

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from stenoflow.audio.quality import Quality
from stenoflow.render.base import Recording, Rendering
from stenoflow.render.labels import LOW_ACCURACY
from stenoflow.render.links import opens_in_browser
from stenoflow.render.registry import renderer
from stenoflow.times import Span, format_clock, format_length, to_seconds
from stenoflow.transcript.model import Finding, Transcript, Utterance, Word
from stenoflow.transcript.speakers import Speaker, SpeakerKey, speaker_turns, speakers
from stenoflow.transcript.text import clean_text, join_words, separator

UNSURE = 0.6
"""Words of less confidence are marked: this project's choice."""

LONGEST_BLOCK = 120
"""Words: longer turns are broken, at the end of a sentence where there is one after half as many."""

_FINDINGS = {"topic": "Topics", "intent": "Intents", "entity": "Entities"}
_SENTENCE_END = (".", "?", "!", "。", "？", "！", "؟", "।", "…")
_ORIGIN = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of the page: a turn, or a part of a long one."""

    speaker: int
    name: str | None
    head: bool
    """Whether the voice and the time stand above it."""
    start: str
    clock: str
    text: str


@dataclass(frozen=True, slots=True)
class Player:
    """The element that plays the recording."""

    tag: str
    src: str | None
    preload: str
    source: str
    """What the page's policy lets it load."""


@renderer("page", file_name="page.html", content_type="text/html; charset=utf-8")
def render(rendering: Rendering) -> bytes:
    transcript = rendering.transcript
    heard = speakers(transcript)
    runs = list(_runs(transcript))
    player = _player(rendering)
    css, js = _asset("page.css"), _asset("page.js")
    unsure = sum(
        word.confidence is not None and word.confidence < UNSURE for word in transcript.words
    )
    page = _template().render(
        title=clean_text(rendering.recording.name),
        policy=_policy(css, js, player),
        css=Markup(css),  # noqa: S704 -- this project's own file
        js=Markup(js),  # noqa: S704 -- this project's own file
        data=_data(rendering, heard, runs),
        player=player,
        facts=_facts(transcript),
        duration=round(transcript.duration_s),
        length=format_clock(transcript.duration_s),
        speakers=list(_speakers(heard)),
        removed=bool(rendering.removed),
        uncertain=f"{unsure:,}" if unsure else "",
        qualities=[_quality(quality, number) for number, quality in enumerate(rendering.quality)],
        rows=list(_rows(rendering)),
        warnings=_warnings(rendering),
        language=_language(transcript.language),
        low_accuracy=LOW_ACCURACY if transcript.accuracy == "low" else None,
        summary=transcript.summary,
        labels=list(_labels(transcript.findings)),
        blocks=list(_blocks(transcript, heard, runs)),
    )
    return page.encode()


@cache
def _asset(name: str) -> str:
    return (files("stenoflow.render.html") / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(_asset("page.html"))


def _policy(css: str, js: str, player: Player) -> str:
    """A Content-Security-Policy (W3C CSP 3) under which only this page's own script and style run."""

    def digest(text: str) -> str:
        return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {digest(js)}; style-src {digest(css)}; "
        f"media-src {player.source}; base-uri 'none'; form-action 'none'"
    )


def _player(rendering: Rendering) -> Player:
    """The recording itself where it is small, else its address; files opened by hand always play."""
    recording = rendering.recording
    tag = "video" if rendering.media and rendering.media.has_video else "audio"
    embedded = _embedded(recording, rendering.playback.embed_max_bytes)
    if embedded:
        return Player(tag, embedded, "auto", "data: blob:")
    url = recording.playback_url
    if url and opens_in_browser(url):
        return Player(tag, url, "none", f"{_origin(url)} blob:")
    return Player(tag, None, "none", "blob:")


def _embedded(recording: Recording, max_bytes: int) -> str | None:
    if recording.path is None or not 0 < recording.path.stat().st_size <= max_bytes:
        return None
    body = b64encode(recording.path.read_bytes()).decode()
    return f"data:{recording.media_type};base64,{body}"


def _origin(url: str) -> str:
    """What a policy calls the place of a URL: its origin, or its scheme where that is unusual."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{place}" if _ORIGIN.fullmatch(place) else f"{parts.scheme}:"


def _runs(transcript: Transcript) -> Iterator[tuple[bool, Utterance]]:
    """What becomes a paragraph, and whether a turn begins with it."""
    words = transcript.words
    for turn in speaker_turns(transcript):
        first, begins = turn.first, True
        for at in range(turn.first, turn.last):
            size = at + 1 - first
            ended = words[at].text.endswith(_SENTENCE_END)
            if size >= LONGEST_BLOCK or (ended and size >= LONGEST_BLOCK // 2):
                yield begins, Utterance(first, at + 1)
                first, begins = at + 1, False
        if first < turn.last:
            yield begins, Utterance(first, turn.last)


def _blocks(
    transcript: Transcript, heard: Sequence[Speaker], runs: Sequence[tuple[bool, Utterance]]
) -> Iterator[Block]:
    ids = {speaker.key: number for number, speaker in enumerate(heard)}
    for begins, run in runs:
        words = transcript.words[run.first : run.last]
        speaker = ids[SpeakerKey.of(words[0])]
        yield Block(
            speaker=speaker,
            name=heard[speaker].name,
            head=begins,
            start=f"{words[0].start_s:.3f}",
            clock=format_clock(words[0].start_s),
            text=join_words(word.text for word in words),
        )


def _data(
    rendering: Rendering, heard: Sequence[Speaker], runs: Sequence[tuple[bool, Utterance]]
) -> Markup:
    """Numbers for the script, as JSON that cannot end its element: it has no ``<`` in it.

    A turn is (speaker, start, end); its words are five numbers each: characters (UTF-16 units, as
    browsers count), characters before it, milliseconds from the word before, length, certainty in
    percent or -1.
    """
    ids = {speaker.key: number for number, speaker in enumerate(heard)}
    spoken = rendering.transcript.words
    blocks = [spoken[run.first : run.last] for _, run in runs]
    peaks = rendering.waveform.peaks if rendering.waveform else ()
    value = {
        "duration": round(rendering.transcript.duration_s, 3),
        "unsure": round(UNSURE * 100),
        "speakers": len(heard),
        "turns": [
            (ids[SpeakerKey.of(words[0])], _ms(words[0].start_s), _ms(max(w.end_s for w in words)))
            for words in blocks
        ],
        "words": [list(_numbers(words)) for words in blocks],
        "peaks": [round(peak * 255) for peak in peaks],
        "speech": _spans(rendering.speech),
        "removed": _spans(rendering.removed),
    }
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 -- numbers only


def _numbers(words: Sequence[Word]) -> Iterator[int]:
    before, clock_ms = "", _ms(words[0].start_s)
    for word in words:
        start_ms = _ms(word.start_s)
        yield _units(word.text)
        yield len(separator(before, word.text)) if before else 0
        yield start_ms - clock_ms
        yield _ms(word.end_s) - start_ms
        yield -1 if word.confidence is None else int(word.confidence * 100)
        before, clock_ms = word.text, start_ms


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _spans(spans: Sequence[Span]) -> list[tuple[float, float]]:
    return [(round(span.start_s, 2), round(span.end_s, 2)) for span in spans]


def _facts(transcript: Transcript) -> str:
    facts = [format_length(transcript.duration_s), f"{len(transcript.words):,} words"]
    if transcript.language:
        facts.append(transcript.language)
    return " · ".join(facts)


def _speakers(heard: Sequence[Speaker]) -> Iterator[dict[str, str | None]]:
    total = sum(speaker.talk_s for speaker in heard) or 1.0
    for speaker in heard:
        part = speaker.talk_s / total
        yield {
            "name": speaker.name,
            "talk": format_clock(speaker.talk_s),
            "share": f"{part:.0%}",
            "part": f"{part:.3f}",
        }


def _quality(quality: Quality, number: int) -> dict[str, object]:
    measures = (
        ("Signal to noise", quality.snr_db, "dB"),
        ("Level of speech", quality.speech_dbfs, "dBFS"),
        ("Peak", quality.peak_dbfs, "dBFS"),
    )
    rows = [(name, f"{value:.0f} {unit}") for name, value, unit in measures if value is not None]
    rows += [
        ("Clipped", f"{quality.clipping_ratio:.2%}"),
        ("Silent", f"{quality.silence_ratio:.0%}"),
    ]
    return {
        "level": quality.level,
        "score": f"{quality.score * 100:.0f}",
        "title": f"of 100, {quality.level}" + (f" (channel {number + 1})" if number else ""),
        "rows": rows,
    }


def _rows(rendering: Rendering) -> Iterator[tuple[str, str]]:
    transcript, costs = rendering.transcript, rendering.costs
    speech_s = to_seconds(sum(span.samples for span in rendering.speech))
    if speech_s and transcript.duration_s:
        yield "Speech", f"{format_length(speech_s)} ({speech_s / transcript.duration_s:.0%})"
    if costs:
        paid = "" if costs.estimate_usd is None else f", ${costs.estimate_usd:.4f}"
        saved = "" if costs.saved_usd is None else f", ${costs.saved_usd:.4f}"
        yield "Sent to the engine", f"{format_length(costs.paid_s)}{paid}"
        yield "Not sent", f"{format_length(costs.saved_s)}{saved}"
    if transcript.engine:
        yield "Engine", transcript.engine
    if transcript.model:
        yield "Model", transcript.model
    yield "Recording", clean_text(rendering.recording.key)
    if rendering.recording.sha256:
        yield "SHA-256", rendering.recording.sha256[:16] + "…"


def _warnings(rendering: Rendering) -> list[str]:
    said = [warning for quality in rendering.quality for warning in quality.warnings]
    return list(dict.fromkeys([*said, *rendering.transcript.warnings]))


def _labels(findings: Sequence[Finding]) -> Iterator[tuple[str, list[str]]]:
    for kind, heading in _FINDINGS.items():
        labels = dict.fromkeys(found.label for found in findings if found.kind == kind)
        if labels:
            yield heading, list(labels)


def _language(tag: str | None) -> str | None:
    return tag if tag and _LANGUAGE.fullmatch(tag) else None
