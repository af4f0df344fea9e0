"""WebVTT subtitles (W3C WebVTT 1), with a voice for each speaker."""

import re
from html import escape

from stenoflow.durations import timestamp
from stenoflow.render.base import Rendering
from stenoflow.render.captions.cues import Cue, cues
from stenoflow.render.labels import LOW_ACCURACY
from stenoflow.render.registry import renderer

# Some readers (docling-core's) take a line that begins like a comment block for one and drop it.
_BLOCK_WORD = re.compile(r"^(NOTE|STYLE|REGION)\b")


@renderer("vtt", file_name="transcript.vtt", content_type="text/vtt; charset=utf-8")
def render(rendering: Rendering) -> bytes:
    transcript = rendering.transcript
    blocks = ["WEBVTT\n"]
    if transcript.accuracy == "low":
        blocks.append(f"NOTE {LOW_ACCURACY}\n")
    blocks += (
        f"{number}\n{timestamp(cue.start_ms, '.')} --> {timestamp(cue.end_ms, '.')}\n{_text(cue)}\n"
        for number, cue in enumerate(cues(transcript, rendering.profile.captions), 1)
    )
    return "\n".join(blocks).encode()


def _text(cue: Cue) -> str:
    lines = [_BLOCK_WORD.sub(r"<c>\1</c>", escape(line, quote=False)) for line in cue.lines]
    text = "\n".join(lines)
    return text if cue.name is None else f"<v {cue.name}>{text}</v>"
