"""One recording at a glance, in Markdown: what the Prefect UI shows of it."""

from collections.abc import Iterator, Mapping, Sequence

from stenoflow.audio.quality import Quality
from stenoflow.render.base import Rendering
from stenoflow.render.labels import LOW_ACCURACY
from stenoflow.render.links import opens_in_browser
from stenoflow.render.markdown import link, text
from stenoflow.times import SAMPLE_RATE, Seconds, Span, format_clock, format_length, to_seconds
from stenoflow.transcript.speakers import SpeakerKey, speaker_names, speaker_turns, speakers
from stenoflow.transcript.text import clean_text, graphemes, join_words

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
    """A recording's outcome, figures, speech, first lines and links as CommonMark with tables.

    ``links`` are addresses by the name of what lies there. The transcript is whole (mended); it is
    empty where nothing was transcribed.
    """
    transcript = rendering.transcript
    blocks = [f"# {text(clean_text(rendering.recording.name))}"]
    if reason:
        blocks.append(f"> {text(clean_text(reason))}")
    if transcript.accuracy == "low":
        blocks.append(f"> **{LOW_ACCURACY}**")
    blocks.append(
        _table(("Recording", text(clean_text(rendering.recording.key))), _facts(rendering, outcome))
    )
    if transcript.duration_s > 0:
        blocks += ["## Speech", speech_bar(rendering.speech, transcript.duration_s)]
    blocks += _speakers(rendering)
    if transcript.summary:
        blocks += ["## Summary", text(transcript.summary)]
    blocks += _first_lines(rendering)
    if transcript.warnings:
        blocks += ["## Warnings", "\n".join(f"- {text(each)}" for each in transcript.warnings)]
    if links:
        blocks += ["## Files", "\n".join(f"- {_address(name, links[name])}" for name in links)]
    return "\n\n".join(blocks) + "\n"


def speech_bar(speech: Sequence[Span], duration_s: Seconds, columns: int = COLUMNS) -> str:
    """Where somebody speaks, drawn as a fenced block: a column's height is its share of speech."""
    samples = max(1, round(duration_s * SAMPLE_RATE))
    filled = [0.0] * columns
    for span in speech:
        first, last = (edge * columns / samples for edge in (span.start, span.end))
        for column in range(int(first), min(columns, int(last) + 1)):
            filled[column] += max(0.0, min(last, column + 1) - max(first, column))
    # A little speech is drawn as a little: only a column without any is empty.
    bar = "".join(_BLOCKS[0 if not share else max(1, round(min(share, 1) * 8))] for share in filled)
    end = format_clock(duration_s)
    return f"```text\n|{bar}|\n 0:00{end:>{columns - 4}}\n```"


def _table(head: tuple[str, str], rows: Iterator[tuple[str, str]]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows)])


def _facts(rendering: Rendering, outcome: str) -> Iterator[tuple[str, str]]:
    transcript = rendering.transcript
    yield "Outcome", _OUTCOMES.get(outcome, text(outcome))
    if transcript.duration_s > 0:
        speech_s = to_seconds(sum(span.samples for span in rendering.speech))
        share = min(1.0, speech_s / transcript.duration_s)
        yield "Length", format_length(transcript.duration_s)
        yield "Speech", f"{format_length(speech_s)} ({share:.0%})"
    for number, quality in enumerate(rendering.quality, 1):
        name = "Quality" if len(rendering.quality) == 1 else f"Quality, channel {number}"
        yield name, _quality(quality)
    if transcript.words:
        yield "Words", f"{len(transcript.words):,}"
        yield "Speakers", str(len(speakers(transcript)))
    if transcript.language:
        yield "Language", text(transcript.language)
    if transcript.engine:
        by = transcript.engine + (f" ({transcript.model})" if transcript.model else "")
        yield "Engine", text(by)
    yield from _costs(rendering)


def _quality(quality: Quality) -> str:
    snr = "" if quality.snr_db is None else f", SNR {quality.snr_db:.0f} dB"
    return f"{quality.level} ({quality.score:.2f}{snr})"


def _costs(rendering: Rendering) -> Iterator[tuple[str, str]]:
    costs = rendering.costs
    if costs is None:
        return
    paid = "" if costs.estimate_usd is None else f", about ${costs.estimate_usd:.4f}"
    saved = "" if costs.saved_usd is None else f", about ${costs.saved_usd:.4f}"
    yield "Sent to the engine", f"{format_length(costs.paid_s)}{paid}"
    yield "Not sent", f"{format_length(costs.saved_s)}{saved}"
    if costs.may_have_been_paid:
        yield (
            "May have been paid, too",
            f"{costs.may_have_been_paid} requests without a usable reply",
        )


def _speakers(rendering: Rendering) -> list[str]:
    heard = speakers(rendering.transcript)
    if len(heard) < 2:
        return []
    total = sum(speaker.talk_s for speaker in heard) or 1.0
    lines = ["| Speaker | Talks | Share | Words |", "| --- | --- | --- | --- |"]
    for speaker in heard:
        share = speaker.talk_s / total
        lines.append(
            f"| {speaker.name} | {format_length(speaker.talk_s)} | {'█' * max(1, round(share * 20))} "
            f"{share:.0%} | {speaker.words:,} |"
        )
    return ["## Speakers", "\n".join(lines)]


def _first_lines(rendering: Rendering) -> list[str]:
    transcript = rendering.transcript
    if not transcript.words:
        return []
    called = speaker_names(transcript)
    found = speaker_turns(transcript)
    blocks = ["## First lines"]
    for turn in found[:FIRST_TURNS]:
        words = transcript.words[turn.first : turn.last]
        name = called[SpeakerKey.of(words[0])]
        head = f"`{format_clock(words[0].start_s)}`" + (f" **{name}:**" if name else "")
        blocks.append(f"{head} {text(_cut(join_words(word.text for word in words)))}")
    if len(found) > FIRST_TURNS:
        blocks.append("…")
    return blocks


def _cut(line: str) -> str:
    characters = graphemes(line)
    if len(characters) <= TURN_CHARACTERS:
        return line
    return "".join(characters[: TURN_CHARACTERS - 1]).rstrip() + "…"


def _address(name: str, url: str) -> str:
    return link(text(name), url) if opens_in_browser(url) else f"{text(name)}: {text(url)}"
