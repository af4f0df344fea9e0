"""Markdown: a title, what was found, and the turns under their speakers."""

from collections.abc import Iterator

from stenoflow.rendering.base import Renderer, Rendering
from stenoflow.rendering.facts import LOW_ACCURACY, NO_WORDS, finding_lists, turns
from stenoflow.rendering.markdown import bullets, escape, link
from stenoflow.rendering.playback import media_fragment, opens_in_browser
from stenoflow.times import format_clock, format_length
from stenoflow.transcript.text import clean_text


def render(rendering: Rendering) -> bytes:
    """Return the transcript as Markdown in UTF-8."""
    transcript = rendering.transcript
    blocks = [f"# {escape(clean_text(rendering.recording.name))}", _facts(rendering)]
    if transcript.accuracy == "low":
        blocks.append(f"> **{LOW_ACCURACY}**")
    if transcript.summary:
        blocks += ["## Summary", escape(transcript.summary)]
    for heading, labels in finding_lists(transcript):
        blocks += [f"## {heading}", bullets(map(escape, labels))]
    blocks.append("## Transcript")
    if not transcript.words:
        blocks.append(NO_WORDS)
    blocks += _turns(rendering)
    return ("\n\n".join(blocks) + "\n").encode()


def _facts(rendering: Rendering) -> str:
    transcript = rendering.transcript
    facts = [format_length(transcript.duration_s), f"{len(transcript.words)} words"]
    if transcript.language:
        facts.append(f"language {escape(transcript.language)}")
    if transcript.engine:
        facts.append(f"by {escape(transcript.engine)}")
    url = rendering.recording.playback_url
    if url and opens_in_browser(url):
        facts.append(link("listen", url))
    return " · ".join(facts)


def _turns(rendering: Rendering) -> Iterator[str]:
    url = rendering.recording.playback_url
    for turn in turns(rendering.transcript):
        time = format_clock(turn.start_s)
        if url and opens_in_browser(url):
            time = link(time, media_fragment(url, turn.start_s, turn.end_s))
        head = f"**{escape(turn.name)}** {time}" if turn.name else time
        yield f"{head}  \n{escape(turn.text)}"


RENDERER = Renderer(
    name="md",
    file_name="transcript.md",
    content_type="text/markdown; charset=utf-8",
    render=render,
    description="Markdown, with findings and a playback link for each speaker turn",
)
