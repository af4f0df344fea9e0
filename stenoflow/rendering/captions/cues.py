"""Captions: the words of a transcript as cues that people have time to read.

The words of one speaker are divided into cues where that costs least (``cue_breaks.py``), each cue is
broken into lines (``layout.py``), and all are given their time (``timing.py``).

The options can contradict each other (one speaker says "No." just before another goes on). Where they
do, the earlier in this list wins:

1. no text is lost, and a cue holds words of one speaker in their order;
2. cues never overlap, and ``gap_s`` is between them;
3. no cue shows before its first word begins;
4. at most ``lines`` lines of ``line_chars`` columns, at most ``max_s``;
5. no cue shows more than ``timing.LAG_MS`` after its first word begins;
6. at least ``min_s``: the next cue is delayed for that, as far as 5 allows;
7. at most ``chars_per_s``: speech that is faster than reading is not shortened.

Times are whole milliseconds, which is what caption files hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from stenoflow.rendering.captions.cue_breaks import cue_ends
from stenoflow.rendering.captions.layout import break_lines
from stenoflow.rendering.captions.options import CaptionOptions
from stenoflow.rendering.captions.passages import Passage, passages, simultaneous
from stenoflow.rendering.captions.timing import Draft, Limits, cue_times
from stenoflow.transcript.model import Transcript
from stenoflow.transcript.speakers import SpeakerKey, speaker_names
from stenoflow.transcript.text import display_width


@dataclass(frozen=True, slots=True)
class Cue:
    """Some lines of text, and when they show."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    """Text as it should be read, not escaped; the label, if any, begins the first."""
    label: str
    """"Speaker 2: ", "- " or nothing."""
    speaker: SpeakerKey
    name: str | None
    """The speaker's name; None where there is only one speaker."""


def cues(
    transcript: Transcript, options: CaptionOptions, *, labelled: bool = False
) -> tuple[Cue, ...]:
    """Return the captions of a normalized transcript.

    ``labelled`` writes who speaks into the text wherever the speaker changes, for formats that have no
    other place for it: "Speaker 2: ", or a dash where a name would fill half a line.
    """
    names = speaker_names(transcript)
    limits = Limits.of(options)
    labels = {key: _label(name, options) if labelled else "" for key, name in names.items()}
    room = limits.line - max(map(len, labels.values()), default=0)
    drafts = sorted(
        _drafts(passages(transcript, room), limits, labels), key=lambda draft: draft.start_ms
    )
    end_ms = round(transcript.duration_s * 1000)
    return tuple(
        Cue(start, end, draft.lines, draft.label, draft.speaker, names[draft.speaker])
        for draft, (start, end) in zip(drafts, cue_times(drafts, limits, end_ms), strict=True)
    )


def _label(name: str | None, options: CaptionOptions) -> str:
    if name is None:
        return ""
    label = f"{name}: "
    return label if 2 * len(label) <= options.line_chars else "- "


def _drafts(found: list[Passage], limits: Limits, labels: dict[SpeakerKey, str]) -> Iterator[Draft]:
    """Yield the cues of all passages without their times.

    A passage's first cue is labelled if the speaker changes; if others speak meanwhile, all are.
    """
    shared = simultaneous(found)
    for at, passage in enumerate(found):
        following_ms = found[at + 1].pieces[0].start_ms if at + 1 < len(found) else None
        changed = at == 0 or found[at - 1].speaker != passage.speaker
        label = labels[passage.speaker]
        first_label = label if changed or shared[at] else ""
        other_label = label if shared[at] else ""
        first = 0
        for last in cue_ends(
            passage.pieces, limits, following_ms, len(first_label), len(other_label)
        ):
            run = passage.pieces[first:last]
            mark = other_label if first else first_label
            lines = break_lines(run, limits.line, mark)
            yield Draft(
                start_ms=run[0].start_ms,
                end_ms=max(piece.end_ms for piece in run),
                columns=sum(map(display_width, lines)),
                lines=lines,
                label=mark,
                speaker=passage.speaker,
            )
            first = last
