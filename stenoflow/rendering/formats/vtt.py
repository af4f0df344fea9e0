"""WebVTT subtitles (W3C WebVTT 1), with a voice span for each speaker."""

import re
from html import escape

from stenoflow.rendering.base import Renderer, Rendering
from stenoflow.rendering.captions.cues import Cue, cues
from stenoflow.rendering.facts import LOW_ACCURACY
from stenoflow.times import format_timestamp

# Some readers (docling-core's) take a line that begins like a comment block for one and drop it.
_BLOCK_WORD = re.compile(r"^(NOTE|STYLE|REGION)\b")


def render(rendering: Rendering) -> bytes:
    """Return the captions as WebVTT in UTF-8."""
    transcript = rendering.transcript
    blocks = ["WEBVTT\n"]
    if transcript.accuracy == "low":
        blocks.append(f"NOTE {LOW_ACCURACY}\n")
    blocks += (
        f"{number}\n{format_timestamp(cue.start_ms, '.')} --> {format_timestamp(cue.end_ms, '.')}\n"
        f"{_text(cue)}\n"
        for number, cue in enumerate(cues(transcript, rendering.captions), 1)
    )
    return "\n".join(blocks).encode()


def _text(cue: Cue) -> str:
    lines = [_BLOCK_WORD.sub(r"<c>\1</c>", escape(line, quote=False)) for line in cue.lines]
    text = "\n".join(lines)
    return text if cue.name is None else f"<v {escape(cue.name, quote=False)}>{text}</v>"


RENDERER = Renderer(
    name="vtt",
    file_name="transcript.vtt",
    content_type="text/vtt; charset=utf-8",
    render=render,
    description="WebVTT subtitles, with a voice span for each speaker",
)
