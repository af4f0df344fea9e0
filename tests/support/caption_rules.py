"""Captions measured against every rule of ``captions/cues.py``, independently of its code."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import regex

from stenoflow.rendering.captions.cues import Cue
from stenoflow.rendering.captions.options import CaptionOptions
from stenoflow.rendering.captions.timing import LAG_MS
from stenoflow.transcript.model import Transcript

FRAME_MS = 42


@dataclass
class Verdict:
    """Broken rules, and rules that the speech itself left no room for."""

    cues: int = 0
    broken: list[str] = field(default_factory=list)
    too_short: int = 0
    too_fast: int = 0
    late: int = 0


def judge(cues: Sequence[Cue], transcript: Transcript, rules: CaptionOptions) -> Verdict:
    """Measure captions of a normalized transcript by the rules of ``captions/cues.py``."""
    verdict = Verdict(len(cues))
    firsts = _first_words(cues, transcript, verdict)
    gap_ms = rules.gap_s * 1000
    following: list[Cue | None] = [*cues[1:], None]
    delays = [cue.start_ms - early for cue, (early, _) in zip(cues, firsts, strict=True)]
    for before, after in pairwise(cues):
        if after.start_ms - before.end_ms < gap_ms:
            verdict.broken.append(f"gap of {after.start_ms - before.end_ms} ms before {after}")
    for at, cue in enumerate(cues):
        lasts, after = cue.end_ms - cue.start_ms, following[at]
        if len(cue.lines) > rules.lines:
            verdict.broken.append(f"{len(cue.lines)} lines: {cue}")
        for line in cue.lines:
            if columns(line) > rules.line_chars:
                verdict.broken.append(f"{columns(line)} columns: {line}")
            if not line or line != line.strip(" "):
                verdict.broken.append(f"blanks at the edge of {line!r}")
        if not FRAME_MS <= lasts <= rules.max_s * 1000:
            verdict.broken.append(f"{lasts} ms: {cue}")
        if delays[at] < 0:
            verdict.broken.append(f"shows {-delays[at]} ms before its first word: {cue}")
        # Only a crowd of cues before it may keep a cue back: those are as short as they can be.
        if cue.start_ms - firsts[at][1] > LAG_MS:
            verdict.late += 1
            if at == 0 or cues[at].start_ms - cues[at - 1].end_ms > math.ceil(gap_ms):
                verdict.broken.append(f"late by {delays[at]} ms without need: {cue}")
        close = after is not None and after.start_ms - cue.end_ms <= math.ceil(gap_ms)
        ended = after is None and cue.end_ms >= round(transcript.duration_s * 1000)
        if lasts < math.floor(rules.min_s * 1000):
            verdict.too_short += 1
            if not ended and not (close and delays[at + 1] >= LAG_MS):
                verdict.broken.append(f"{lasts} ms, and there was room: {cue}")
        read = sum(map(columns, cue.lines)) / (lasts / 1000)
        if read > rules.chars_per_s + 0.1:
            verdict.too_fast += 1
            longest = lasts >= math.floor(rules.max_s * 1000)
            if not (ended or close or longest):
                verdict.broken.append(f"{read:.1f} characters a second, and there was room: {cue}")
    return verdict


def columns(text: str) -> int:
    """Return the columns that a text fills, counted without ``stenoflow.transcript.text``."""
    return sum(
        max(
            2
            if unicodedata.east_asian_width(char) in "WF"
            else 0
            if unicodedata.category(char) in ("Mn", "Me", "Cf")
            else 1
            for char in cluster
        )
        for cluster in regex.findall(r"\X", text)
    )


def _first_words(
    cues: Sequence[Cue], transcript: Transcript, verdict: Verdict
) -> list[tuple[int, int]]:
    """Return when the first word of each cue begins, in ms; report lost, added and misattributed text.

    A word too wide for a line is in several cues. Those that begin inside it may show from its start on,
    and are late only after its end: the two times differ.
    """
    spoken: dict[tuple[int, int | None], str] = {}
    begins: dict[tuple[int, int | None], list[tuple[float, float]]] = {}
    for word in transcript.words:
        speaker = (word.channel, word.speaker)
        text = word.text.replace("-->", "→").replace(" ", "")
        spoken[speaker] = spoken.get(speaker, "") + text
        inside = [(word.start_s, word.end_s)] * (len(text) - 1)
        begins.setdefault(speaker, []).extend([(word.start_s, word.start_s), *inside])
    done = dict.fromkeys(spoken, 0)
    firsts: list[tuple[int, int]] = []
    for cue in cues:
        speaker = (cue.speaker.channel, cue.speaker.speaker)
        text = "".join((cue.lines[0].removeprefix(cue.label), *cue.lines[1:])).replace(" ", "")
        at = done[speaker]
        if spoken[speaker][at : at + len(text)] != text:
            verdict.broken.append(f"words lost, added or of another speaker: {cue}")
        early, late = begins[speaker][min(at, len(spoken[speaker]) - 1)]
        firsts.append((math.floor(early * 1000), math.floor(late * 1000)))
        done[speaker] = at + len(text)
    verdict.broken += [f"lost: {spoken[v][at:]}" for v, at in done.items() if at < len(spoken[v])]
    return firsts
