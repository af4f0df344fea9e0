"""Markdown: a title, what was found, and the turns under their speakers."""

from stenoflow.render.base import Rendering
from stenoflow.render.labels import LOW_ACCURACY
from stenoflow.render.links import moment, opens_in_browser
from stenoflow.render.markdown import link, text
from stenoflow.render.registry import renderer
from stenoflow.times import format_clock, format_length
from stenoflow.transcript.model import Finding
from stenoflow.transcript.speakers import SpeakerKey, speaker_names, speaker_turns
from stenoflow.transcript.text import clean_text, join_words

_HEADINGS = {"topic": "Topics", "intent": "Intents", "entity": "Entities"}


@renderer("md", file_name="transcript.md", content_type="text/markdown; charset=utf-8")
def render(rendering: Rendering) -> bytes:
    transcript = rendering.transcript
    blocks = [f"# {text(clean_text(rendering.recording.name))}", _facts(rendering)]
    if transcript.accuracy == "low":
        blocks.append(f"> **{LOW_ACCURACY}**")
    if transcript.summary:
        blocks += ["## Summary", text(transcript.summary)]
    for kind, heading in _HEADINGS.items():
        labels = _labels(transcript.findings, kind)
        if labels:
            blocks += [f"## {heading}", "\n".join(f"- {text(label)}" for label in labels)]
    blocks.append("## Transcript")
    if not transcript.words:
        blocks.append("No words were heard.")
    blocks += _turns(rendering)
    return ("\n\n".join(blocks) + "\n").encode()


def _facts(rendering: Rendering) -> str:
    transcript = rendering.transcript
    facts = [format_length(transcript.duration_s), f"{len(transcript.words)} words"]
    if transcript.language:
        facts.append(f"language {text(transcript.language)}")
    if transcript.engine:
        facts.append(f"by {text(transcript.engine)}")
    url = rendering.recording.playback_url
    if url and opens_in_browser(url):
        facts.append(link("listen", url))
    return " · ".join(facts)


def _labels(findings: tuple[Finding, ...], kind: str) -> list[str]:
    """The labels of one kind, each once, in the order in which they were found."""
    return list(dict.fromkeys(found.label for found in findings if found.kind == kind))


def _turns(rendering: Rendering) -> list[str]:
    transcript, url = rendering.transcript, rendering.recording.playback_url
    called = speaker_names(transcript)
    blocks: list[str] = []
    for turn in speaker_turns(transcript):
        words = transcript.words[turn.first : turn.last]
        time = format_clock(words[0].start_s)
        if url and opens_in_browser(url):
            time = link(time, moment(url, words[0].start_s, words[-1].end_s))
        name = called[SpeakerKey.of(words[0])]
        head = f"**{text(name)}** {time}" if name else time
        blocks.append(f"{head}  \n{text(join_words(word.text for word in words))}")
    return blocks
