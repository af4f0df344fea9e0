"""SubRip subtitles.

SubRip has no way to escape: players read ``<...>`` and ``{...}`` as styling and drop it. Those
characters are written as the quotation marks and parentheses that look most like them. Lines that
begin in a right-to-left script stand between right-to-left marks, so that their punctuation falls on
the proper side in players that know nothing of direction.

There is no place for a remark either. Where the engine's accuracy is low, a cue of its own says so in
the first silence that has room for it, at the latest after the last word: no spoken cue is touched.
"""

from collections.abc import Iterator, Sequence

from stenoflow.render.base import Rendering
from stenoflow.render.captions.cues import Cue, cues
from stenoflow.render.labels import LOW_ACCURACY_CUE
from stenoflow.render.registry import renderer
from stenoflow.times import format_timestamp
from stenoflow.transcript.speakers import SpeakerKey
from stenoflow.transcript.text import is_right_to_left

_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")"})
_RIGHT_TO_LEFT_MARK = "\u200f"
_REMARK_MS = 2000


@renderer("srt", file_name="transcript.srt", content_type="application/x-subrip; charset=utf-8")
def render(rendering: Rendering) -> bytes:
    transcript = rendering.transcript
    found: Sequence[Cue] = cues(transcript, rendering.captions, labelled=True)
    if transcript.accuracy == "low":
        found = _remarked(found, gap_ms=round(rendering.captions.gap_s * 1000))
    blocks = (
        f"{number}\n{format_timestamp(cue.start_ms, ',')} --> {format_timestamp(cue.end_ms, ',')}\n"
        + "".join(f"{line}\n" for line in _lines(cue))
        for number, cue in enumerate(found, 1)
    )
    return "\n".join(blocks).encode()


def _lines(cue: Cue) -> Iterator[str]:
    for at, line in enumerate(cue.lines):
        said = line if at else line.removeprefix(cue.label)
        mark = _RIGHT_TO_LEFT_MARK if is_right_to_left(said) else ""
        yield f"{mark}{line.translate(_LOOKALIKES)}{mark}"


def _remarked(found: Sequence[Cue], gap_ms: int) -> list[Cue]:
    """The cues with one more that says how far they are to be trusted."""
    ends = [0, *(cue.end_ms + gap_ms for cue in found)]
    starts = [cue.start_ms - gap_ms for cue in found]
    room = next(
        (
            at
            for at, (end, start) in enumerate(zip(ends, starts, strict=False))
            if start - end >= _REMARK_MS
        ),
        len(found),
    )
    start = ends[room]
    remark = Cue(start, start + _REMARK_MS, (LOW_ACCURACY_CUE,), "", SpeakerKey(0, None), None)
    return [*found[:room], remark, *found[room:]]
