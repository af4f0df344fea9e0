"""The words of each speaker, divided at long pauses, as pieces between which a line can be broken."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stenoflow.rendering.captions.line_breaks import CLAUSE_END, INSIDE_WORD, Phrases
from stenoflow.transcript.model import Transcript, Word
from stenoflow.transcript.speakers import SpeakerKey
from stenoflow.transcript.text import display_width, graphemes, is_unspaced, separator

PAUSE_MS = 1500
"""A pause this long always ends a cue."""

EASING_S = 0.6
EASED = 0.7
"""A pause of :data:`EASING_S` takes this share off the cost of a break there."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, or a part of one, that is not broken any further."""

    text: str
    columns: int
    before: str
    """Separator from the piece before: a space, or nothing."""
    start_ms: int
    end_ms: int
    cost: float
    """Of a break after this piece."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Pieces of one speaker without a long pause."""

    speaker: SpeakerKey
    pieces: tuple[Piece, ...]


def passages(transcript: Transcript, room: int) -> list[Passage]:
    """Return the passages of a transcript in order of their starts; no piece is wider than ``room``."""
    phrases = Phrases(transcript.language)
    channels: dict[int, list[Word]] = {}
    for word in transcript.words:
        channels.setdefault(word.channel, []).append(word)
    found: list[Passage] = []
    for words in channels.values():
        run: list[Word] = []
        for word in words:
            if run and (
                word.speaker != run[-1].speaker or (word.start_s - run[-1].end_s) * 1000 >= PAUSE_MS
            ):
                found.append(_passage(run, phrases, room, until_s=word.start_s))
                run = []
            run.append(word)
        found.append(_passage(run, phrases, room, until_s=math.inf))
    found.sort(key=lambda passage: passage.pieces[0].start_ms)
    return found


def _passage(run: Sequence[Word], phrases: Phrases, room: int, *, until_s: float) -> Passage:
    """Return the pieces of words; the last word ends at ``until_s``, where the next one begins."""
    pieces: list[Piece] = []
    glue = ""
    for word, following in zip(run, [*run[1:], None], strict=True):
        onset_s = until_s if following is None else following.start_s
        pieces += _pieces(word, following, onset_s, glue, phrases=phrases, room=room)
        if following is not None:
            glue = separator(_without_arrows(word.text), following.text)
    return Passage(SpeakerKey.of(run[0]), tuple(pieces))


def _pieces(
    word: Word, following: Word | None, onset_s: float, glue: str, *, phrases: Phrases, room: int
) -> Iterator[Piece]:
    """Yield the pieces of a word. They share its time until the next word's onset."""
    start, end = round(word.start_s * 1000), round(word.end_s * 1000)
    shared = round(min(word.end_s, max(onset_s, word.start_s)) * 1000) - start
    parts = _divide(_without_arrows(word.text), room)
    for number, (before, text) in enumerate(parts):
        last = number + 1 == len(parts)
        if not last:
            next_glue, ahead = parts[number + 1]
            cost = phrases.cost(text, ahead)
            cost = max(cost, INSIDE_WORD) if not next_glue and cost > CLAUSE_END else cost
        elif following is not None:
            # A pause makes any place a better one to break at.
            pause = min(max(following.start_s - word.end_s, 0.0), EASING_S) / EASING_S
            cost = phrases.cost(text, following.text) * (1 - EASED * pause)
        else:
            cost = 0.0
        yield Piece(
            text=text,
            columns=display_width(text),
            before=before if number else glue,
            start_ms=start + shared * number // len(parts),
            end_ms=end if last else start + shared * (number + 1) // len(parts),
            cost=cost,
        )


def _without_arrows(text: str) -> str:
    """Return the text without ``-->``: caption files keep it for times, and some readers know no escape."""
    return text.replace("-->", "→") if "-->" in text else text


def _divide(text: str, room: int) -> list[tuple[str, str]]:
    """Return the parts of a word, each with its separator from the one before.

    Words may be broken at spaces, between any two characters of a script without spaces, and anywhere
    if they are wider than ``room``.
    """
    if text.isascii() and " " not in text and len(text) <= room:
        return [("", text)]
    parts: list[tuple[str, str]] = []
    for run in text.split(" "):
        glue = " " if parts else ""
        if display_width(run) <= room and not any(map(is_unspaced, run)):
            parts.append((glue, run))
            continue
        part, columns = "", 0
        for cluster in graphemes(run):
            wide = display_width(cluster)
            if part and (columns + wide > room or is_unspaced(cluster[0]) or is_unspaced(part[-1])):
                parts.append((glue, part))
                part, columns, glue = "", 0, ""
            part, columns = part + cluster, columns + wide
        parts.append((glue, part))
    return parts


def simultaneous(found: Sequence[Passage]) -> list[bool]:
    """Return for each passage whether another speaker speaks at the same time."""
    shared = [False] * len(found)
    latest: dict[SpeakerKey, tuple[int, int]] = {}
    for at, passage in enumerate(found):
        start = passage.pieces[0].start_ms
        for speaker, (end, other) in latest.items():
            if speaker != passage.speaker and end > start:
                shared[at] = shared[other] = True
        end = passage.pieces[-1].end_ms
        if end >= latest.get(passage.speaker, (0, 0))[0]:
            latest[passage.speaker] = (end, at)
    return shared
