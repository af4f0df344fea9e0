"""Captions: the words of a transcript as cues that people have time to read.

The words of one voice are cut into cues by the cheapest of all possible cuts: a break costs little
after a sentence and much after an article (``line_breaks.py``), a pause inside a cue, a cue too short
to be read or faster than people read all cost something, and so does every cue, so that there are not
more than needed. Then each cue is broken into lines and given its time.

The rules of the profile can contradict each other (somebody says "No." just before somebody else goes
on). Where they do, the earlier in this list wins:

1. no text is lost, and a cue holds words of one voice in their order;
2. cues never overlap, and ``gap_s`` lies between them;
3. no cue shows before its first word begins;
4. at most ``lines`` lines of ``line_chars`` columns, at most ``max_s``;
5. no cue shows more than :data:`LAG_MS` after its first word begins;
6. at least ``min_s``: the next cue is delayed for that, as far as 5 allows;
7. at most ``chars_per_s``: speech that is faster than reading is not shortened.

Times are whole milliseconds, which is what caption files hold.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stenoflow.render.captions.line_breaks import CLAUSE_END, INSIDE_WORD, Phrases
from stenoflow.render.captions.options import CaptionOptions
from stenoflow.transcript.model import Transcript, Word
from stenoflow.transcript.speakers import SpeakerKey, speaker_names
from stenoflow.transcript.text import display_width, graphemes, is_unspaced, separator

LAG_MS = 500
"""How long after its first word a cue may show, so that the one before it can be read."""

PAUSE_MS = 1500
"""A pause this long always ends a cue."""

CLOSED_MS = 500
"""Shorter gaps between cues are closed to the least gap: a flicker reads worse than no gap."""

SHORTEST_MS = 42
"""One frame: what a cue gets at the least, however many words share one instant."""

EASING_S = 0.6
EASED = 0.7
"""A pause of :data:`EASING_S` takes this share off the cost of a break there."""

_CUE = 1.0
_PAUSE_SECOND = 1.2
_TOO_SHORT = 8.0
_TOO_FAST = 3.0


@dataclass(frozen=True, slots=True)
class Cue:
    """Some lines, shown from one time up to another."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    """Text as it is to be read, not escaped; the label, if any, begins the first."""
    label: str
    """"Speaker 2: ", "- " or nothing."""
    voice: SpeakerKey
    name: str | None
    """How the voice is called; None where there is only one."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word, or so much of it as cannot be broken."""

    text: str
    columns: int
    before: str
    """What stands between the piece before and this one: a space, or nothing."""
    start_ms: int
    end_ms: int
    cost: float
    """Of a break after this piece."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Pieces of one voice without a long pause."""

    voice: SpeakerKey
    pieces: tuple[_Piece, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A cue that has its text and not yet its time."""

    start_ms: int
    end_ms: int
    columns: int
    lines: tuple[str, ...]
    label: str
    voice: SpeakerKey


@dataclass(frozen=True, slots=True)
class _Limits:
    """The rules in whole milliseconds, rounded to the careful side."""

    line: int
    lines: int
    least: int
    most: int
    gap: int
    ms_per_column: float

    @classmethod
    def of(cls, rules: CaptionOptions) -> "_Limits":
        return cls(
            line=rules.line_chars,
            lines=rules.lines,
            least=max(math.ceil(rules.min_s * 1000), SHORTEST_MS),
            most=math.floor(rules.max_s * 1000),
            gap=math.ceil(rules.gap_s * 1000),
            ms_per_column=1000 / rules.chars_per_s,
        )


def cues(
    transcript: Transcript, rules: CaptionOptions, *, labelled: bool = False
) -> tuple[Cue, ...]:
    """The captions of a transcript that is whole (:func:`stenoflow.transcript.normalize.normalize`).

    ``labelled`` writes who speaks into the text wherever the voice changes, for formats that have
    no other place for it: "Speaker 2: ", or a dash where a name would fill half a line.
    """
    called = speaker_names(transcript)
    limits = _Limits.of(rules)
    labels = {voice: _label(called[voice], rules) if labelled else "" for voice in called}
    room = limits.line - max(map(len, labels.values()), default=0)
    phrases = Phrases(transcript.language)
    stretches = list(_stretches(transcript, phrases, room))
    drafts: list[_Draft] = []
    shared = _shared(stretches)
    for at, stretch in enumerate(stretches):
        following = stretches[at + 1].pieces[0].start_ms if at + 1 < len(stretches) else None
        changed = at == 0 or stretches[at - 1].voice != stretch.voice
        label = labels[stretch.voice]
        drafts += _drafts(
            stretch,
            limits,
            following=following,
            first_label=label if changed or shared[at] else "",
            label=label if shared[at] else "",
        )
    drafts.sort(key=lambda draft: draft.start_ms)
    end_ms = round(transcript.duration_s * 1000)
    return tuple(
        Cue(start, end, draft.lines, draft.label, draft.voice, called[draft.voice])
        for draft, (start, end) in zip(drafts, _times(drafts, limits, end_ms), strict=True)
    )


def _label(name: str | None, rules: CaptionOptions) -> str:
    if name is None:
        return ""
    label = f"{name}: "
    return label if 2 * len(label) <= rules.line_chars else "- "


def _stretches(transcript: Transcript, phrases: Phrases, room: int) -> Iterator[_Stretch]:
    """The words of each voice, cut at long pauses, in order of their starts."""
    lanes: dict[int, list[Word]] = {}
    for word in transcript.words:
        lanes.setdefault(word.channel, []).append(word)
    found: list[_Stretch] = []
    for lane in lanes.values():
        run: list[Word] = []
        for word in lane:
            if run and (
                word.speaker != run[-1].speaker or (word.start_s - run[-1].end_s) * 1000 >= PAUSE_MS
            ):
                found.append(_stretch(run, phrases, room, until_s=word.start_s))
                run = []
            run.append(word)
        found.append(_stretch(run, phrases, room, until_s=math.inf))
    found.sort(key=lambda stretch: stretch.pieces[0].start_ms)
    yield from found


def _stretch(run: Sequence[Word], phrases: Phrases, room: int, *, until_s: float) -> _Stretch:
    """The pieces of some words, of which none begins later than the word after it, or ``until_s``."""
    pieces: list[_Piece] = []
    glue = ""
    for word, following in zip(run, [*run[1:], None], strict=True):
        start, end = round(word.start_s * 1000), round(word.end_s * 1000)
        onset_s = until_s if following is None else following.start_s
        shared = round(min(word.end_s, max(onset_s, word.start_s)) * 1000) - start
        text = _without_arrows(word.text)
        parts = _parts(text, room)
        for number, part in enumerate(parts):
            if number + 1 < len(parts):
                inner, ahead = parts[number + 1]
                cost = phrases.cost(part[1], ahead)
                cost = max(cost, INSIDE_WORD) if not inner and cost > CLAUSE_END else cost
            elif following is not None:
                # A pause makes any place a better one to break at.
                pause = min(max(following.start_s - word.end_s, 0.0), EASING_S) / EASING_S
                cost = phrases.cost(part[1], following.text) * (1 - EASED * pause)
            else:
                cost = 0.0
            pieces.append(
                _Piece(
                    text=part[1],
                    columns=display_width(part[1]),
                    before=part[0] if number else glue,
                    start_ms=start + shared * number // len(parts),
                    end_ms=end
                    if number + 1 == len(parts)
                    else start + shared * (number + 1) // len(parts),
                    cost=cost,
                )
            )
        if following is not None:
            glue = separator(text, following.text)
    return _Stretch(SpeakerKey.of(run[0]), tuple(pieces))


def _without_arrows(text: str) -> str:
    """Caption files keep ``-->`` for times, and not every reader knows it escaped."""
    return text.replace("-->", "→") if "-->" in text else text


def _parts(text: str, room: int) -> list[tuple[str, str]]:
    """What a word can be broken into, each with what stands before it (a space, or nothing).

    Words may be broken at spaces, where a script sets no spaces between any two characters, and
    anywhere if they are wider than a line.
    """
    if text.isascii() and " " not in text and len(text) <= room:
        return [("", text)]
    parts: list[tuple[str, str]] = []
    for chunk in text.split(" "):
        glue = " " if parts else ""
        if display_width(chunk) <= room and not any(map(is_unspaced, chunk)):
            parts.append((glue, chunk))
            continue
        part, columns = "", 0
        for cluster in graphemes(chunk):
            wide = display_width(cluster)
            if part and (columns + wide > room or is_unspaced(cluster[0]) or is_unspaced(part[-1])):
                parts.append((glue, part))
                part, columns, glue = "", 0, ""
            part, columns = part + cluster, columns + wide
        parts.append((glue, part))
    return parts


def _shared(stretches: Sequence[_Stretch]) -> list[bool]:
    """Which stretches are spoken while somebody else speaks: all their cues say who it is."""
    shared = [False] * len(stretches)
    latest: dict[SpeakerKey, tuple[int, int]] = {}
    for at, stretch in enumerate(stretches):
        start = stretch.pieces[0].start_ms
        for voice, (end, other) in latest.items():
            if voice != stretch.voice and end > start:
                shared[at] = shared[other] = True
        end = stretch.pieces[-1].end_ms
        if end >= latest.get(stretch.voice, (0, 0))[0]:
            latest[stretch.voice] = (end, at)
    return shared


def _drafts(
    stretch: _Stretch, limits: _Limits, *, following: int | None, first_label: str, label: str
) -> Iterator[_Draft]:
    pieces = stretch.pieces
    first = 0
    for last in _cuts(pieces, limits, following, len(first_label), len(label)):
        run = pieces[first:last]
        mark = label if first else first_label
        lines = _lines(run, limits, mark)
        yield _Draft(
            start_ms=run[0].start_ms,
            end_ms=max(piece.end_ms for piece in run),
            columns=sum(map(display_width, lines)),
            lines=lines,
            label=mark,
            voice=stretch.voice,
        )
        first = last


def _cuts(
    pieces: Sequence[_Piece], limits: _Limits, following: int | None, indent: int, indents: int
) -> list[int]:
    """Where cues end: the cut of least cost, found from left to right over all that are allowed.

    ``indent`` is the display_width of the first cue's label, ``indents`` that of the others'.
    """
    count = len(pieces)
    starts = [piece.start_ms for piece in pieces]
    # Where nobody follows there is all the time in the world.
    nexts = [*starts[1:], following if following is not None else starts[-1] + 1_000_000]
    pauses = [0.0]
    for before, after in pairwise(pieces):
        pauses.append(pauses[-1] + _PAUSE_SECOND * max(after.start_ms - before.end_ms, 0) / 1000)
    widths = [(len(piece.before), piece.columns, piece.end_ms, piece.cost) for piece in pieces]
    least: list[float] = [0.0, *[math.inf] * count]
    came: list[int] = [0] * (count + 1)
    for first in range(count):
        begun, lines, line, columns = starts[first], 1, indents if first else indent, 0
        columns += line
        base = least[first] + _CUE - pauses[first]
        for at in range(first, count):
            glue, wide, end, cost = widths[at]
            if at == first:
                glue = 0
            if line + glue + wide <= limits.line:
                line += glue + wide
            else:
                lines, line = lines + 1, wide
                if lines > limits.lines:
                    break
            columns += glue + wide
            if end - begun > limits.most and at > first:
                break
            room = min(nexts[at] - limits.gap - begun, limits.most)
            cost += base + pauses[at]
            if room < limits.least:
                cost += _TOO_SHORT * (limits.least - max(room, 0)) / limits.least
            reading = columns * limits.ms_per_column
            if reading > room:
                cost += _TOO_FAST * min(reading / max(room, 1) - 1, 2.0)
            if cost < least[at + 1]:
                least[at + 1], came[at + 1] = cost, first
    cuts: list[int] = []
    at = count
    while at:
        cuts.append(at)
        at = came[at]
    return cuts[::-1]


def _lines(run: Sequence[_Piece], limits: _Limits, label: str) -> tuple[str, ...]:
    """The cue's text on as few lines as it needs, broken where it costs least.

    Lines of like length read best; of two that differ, the lower should be the longer.
    """
    count = len(run)
    fewest: list[tuple[int, float]] = [(0, 0.0), *[(count + 1, math.inf)] * count]
    came = [0] * (count + 1)
    for first in range(count):
        lines, least = fewest[first]
        columns = len(label) if first == 0 else 0
        for at in range(first, count):
            columns += run[at].columns + (len(run[at].before) if at > first else 0)
            if columns > limits.line and (at > first or first > 0 or not label):
                break
            slack = (limits.line - columns) / limits.line
            cost = least + 2 * slack * slack + 0.1 * (1 - slack) * (at + 1 < count)
            cost += run[at].cost if at + 1 < count else 0.0
            if (lines + 1, cost) < fewest[at + 1]:
                fewest[at + 1], came[at + 1] = (lines + 1, cost), first
    found: list[str] = []
    last = count
    while last:
        first = came[last]
        text = "".join(
            piece.text if at == 0 else piece.before + piece.text
            for at, piece in enumerate(run[first:last])
        )
        found.append(text if first else label + text)
        last = first
    return tuple(found[::-1])


def _times(drafts: Sequence[_Draft], limits: _Limits, end_ms: int) -> Iterator[tuple[int, int]]:
    """When each cue shows and goes, by the rules in the order of this module's docstring."""
    free = 0
    for at, draft in enumerate(drafts):
        start = max(draft.start_ms, free)
        reading = math.ceil(draft.columns * limits.ms_per_column)
        shortest = start + limits.least
        end = min(max(draft.end_ms, shortest, start + reading), start + limits.most)
        if at + 1 < len(drafts):
            room = drafts[at + 1].start_ms - limits.gap
            if end > room:
                end = min(end, max(room, min(shortest, room + LAG_MS)))
            elif room - end < CLOSED_MS:
                end = min(room, start + limits.most)
        elif draft.end_ms <= end_ms:
            end = min(end, end_ms)
        end = max(end, start + SHORTEST_MS)
        yield start, end
        free = end + limits.gap
