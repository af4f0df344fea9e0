"""One recording at a glance, in Markdown, for the Prefect UI."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from stenoflow.audio.quality import Quality
from stenoflow.rendering.base import Rendering
from stenoflow.rendering.facts import LOW_ACCURACY, cost_rows, speech_share, turns
from stenoflow.rendering.markdown import bullets, escape, link, table
from stenoflow.rendering.playback import opens_in_browser
from stenoflow.times import Seconds, Span, format_clock, format_length, to_samples
from stenoflow.transcript.speakers import speakers
from stenoflow.transcript.text import clean_text, graphemes

COLUMNS = 72
FIRST_TURNS = 6
TURN_CHARACTERS = 280

_BLOCKS = " ▁▂▃▄▅▆▇█"
_OUTCOMES = {
    "published": "✅ Published",
    "no_speech": "🔇 No speech",
    "rejected": "⛔ Rejected",
}


def summary_md(
    rendering: Rendering, outcome: str, reason: str | None, links: Mapping[str, str]
) -> str:
    """Return a recording's outcome, figures, speech, first lines and links as Markdown with tables.

    ``links`` are addresses by the name of what is there. The transcript is empty where nothing was
    transcribed.
    """
    transcript = rendering.transcript
    blocks = [f"# {escape(clean_text(rendering.recording.name))}"]
    if reason:
        blocks.append(f"> {escape(clean_text(reason))}")
    if transcript.accuracy == "low":
        blocks.append(f"> **{LOW_ACCURACY}**")
    head = ("Recording", escape(clean_text(rendering.recording.key)))
    blocks.append(table(head, _facts(rendering, outcome)))
    if transcript.duration_s > 0:
        blocks += ["## Speech", speech_bar(rendering.speech, transcript.duration_s)]
    blocks += _speakers(rendering)
    if transcript.summary:
        blocks += ["## Summary", escape(transcript.summary)]
    blocks += _first_lines(rendering)
    if transcript.warnings:
        blocks += ["## Warnings", bullets(map(escape, transcript.warnings))]
    if links:
        blocks += ["## Files", bullets(_file_link(name, links[name]) for name in links)]
    return "\n\n".join(blocks) + "\n"


def speech_bar(speech: Sequence[Span], duration_s: Seconds, columns: int = COLUMNS) -> str:
    """Return the speech of a recording as a fenced block: a column's height is its share of speech."""
    samples = max(1, to_samples(duration_s))
    filled = [0.0] * columns
    for span in speech:
        first, last = (edge * columns / samples for edge in (span.start, span.end))
        for column in range(int(first), min(columns, int(last) + 1)):
            filled[column] += max(0.0, min(last, column + 1) - max(first, column))
    # Only a column without any speech is empty: a little is drawn as a little.
    bar = "".join(_BLOCKS[0 if not share else max(1, round(min(share, 1) * 8))] for share in filled)
    end = format_clock(duration_s)
    return f"```text\n|{bar}|\n 0:00{end:>{columns - 4}}\n```"


def _facts(rendering: Rendering, outcome: str) -> Iterator[tuple[str, str]]:
    transcript = rendering.transcript
    yield "Outcome", _OUTCOMES.get(outcome, escape(outcome))
    if transcript.duration_s > 0:
        yield "Length", format_length(transcript.duration_s)
        yield "Speech", speech_share(rendering)
    for number, quality in enumerate(rendering.quality, 1):
        name = "Quality" if len(rendering.quality) == 1 else f"Quality, channel {number}"
        yield name, _quality(quality)
    if transcript.words:
        yield "Words", f"{len(transcript.words):,}"
        yield "Speakers", str(len(speakers(transcript)))
    if transcript.language:
        yield "Language", escape(transcript.language)
    if transcript.engine:
        model = f" ({transcript.model})" if transcript.model else ""
        yield "Engine", escape(transcript.engine + model)
    if rendering.costs:
        yield from cost_rows(rendering.costs)


def _quality(quality: Quality) -> str:
    snr = "" if quality.snr_db is None else f", SNR {quality.snr_db:.0f} dB"
    return f"{quality.level} ({quality.score:.2f}{snr})"


def _speakers(rendering: Rendering) -> list[str]:
    found = speakers(rendering.transcript)
    if len(found) < 2:
        return []
    total_s = sum(speaker.talk_s for speaker in found) or 1.0
    rows: list[tuple[str, ...]] = []
    for speaker in found:
        share = speaker.talk_s / total_s
        bar = "█" * max(1, round(share * 20))
        length = format_length(speaker.talk_s)
        rows.append(
            (escape(speaker.name or ""), length, f"{bar} {share:.0%}", f"{speaker.words:,}")
        )
    return ["## Speakers", table(("Speaker", "Talks", "Share", "Words"), rows)]


def _first_lines(rendering: Rendering) -> list[str]:
    blocks: list[str] = []
    for turn in islice(turns(rendering.transcript), FIRST_TURNS + 1):
        if len(blocks) == FIRST_TURNS:
            blocks.append("…")
            break
        name = f" **{turn.name}:**" if turn.name else ""
        blocks.append(f"`{format_clock(turn.start_s)}`{name} {escape(_shorten(turn.text))}")
    return ["## First lines", *blocks] if blocks else []


def _shorten(line: str) -> str:
    characters = graphemes(line)
    if len(characters) <= TURN_CHARACTERS:
        return line
    return "".join(characters[: TURN_CHARACTERS - 1]).rstrip() + "…"


def _file_link(name: str, url: str) -> str:
    return link(escape(name), url) if opens_in_browser(url) else f"{escape(name)}: {escape(url)}"
