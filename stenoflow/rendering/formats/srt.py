"""SubRip subtitles.

SubRip has no escapes: players read ``<...>`` and ``{...}`` as styling and drop it. Those characters are
written as the quotation marks and parentheses that look most like them. Lines that begin in a
right-to-left script are enclosed in right-to-left marks, so that their punctuation is on the proper side
in players that ignore direction.

SubRip has no comments either. Where the engine's accuracy is low, a cue of its own says so in the first
silence that has room for it, at the latest after the last word: no other cue is changed.
"""

from collections.abc import Iterator, Sequence

from stenoflow.rendering.base import Renderer, Rendering
from stenoflow.rendering.captions.cues import Cue, cues
from stenoflow.times import format_timestamp
from stenoflow.transcript.speakers import SpeakerKey
from stenoflow.transcript.text import is_right_to_left

_LOW_ACCURACY = "[Low-accuracy transcript]"
_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")"})
_RIGHT_TO_LEFT_MARK = "\u200f"
_NOTICE_MS = 2000


def render(rendering: Rendering) -> bytes:
    """Return the captions as SubRip in UTF-8."""
    transcript = rendering.transcript
    found: Sequence[Cue] = cues(transcript, rendering.captions, labelled=True)
    if transcript.accuracy == "low":
        found = _with_notice(found, gap_ms=round(rendering.captions.gap_s * 1000))
    blocks = (
        f"{number}\n{format_timestamp(cue.start_ms, ',')} --> {format_timestamp(cue.end_ms, ',')}\n"
        + "".join(f"{line}\n" for line in _lines(cue))
        for number, cue in enumerate(found, 1)
    )
    return "\n".join(blocks).encode()


def _lines(cue: Cue) -> Iterator[str]:
    for at, line in enumerate(cue.lines):
        spoken = line if at else line.removeprefix(cue.label)
        mark = _RIGHT_TO_LEFT_MARK if is_right_to_left(spoken) else ""
        yield f"{mark}{line.translate(_LOOKALIKES)}{mark}"


def _with_notice(found: Sequence[Cue], gap_ms: int) -> list[Cue]:
    """Return the cues with one more that warns of low accuracy."""
    ends = [0, *(cue.end_ms + gap_ms for cue in found)]
    starts = [cue.start_ms - gap_ms for cue in found]
    gaps = zip(ends, starts, strict=False)
    place = next(
        (at for at, (end, start) in enumerate(gaps) if start - end >= _NOTICE_MS), len(found)
    )
    start = ends[place]
    notice = Cue(start, start + _NOTICE_MS, (_LOW_ACCURACY,), "", SpeakerKey(0, None), None)
    return [*found[:place], notice, *found[place:]]


RENDERER = Renderer(
    name="srt",
    file_name="transcript.srt",
    content_type="application/x-subrip; charset=utf-8",
    render=render,
    description="SubRip subtitles, with the speaker's name wherever the speaker changes",
)
