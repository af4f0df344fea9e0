"""Captions measured against every rule that they promise, apart from the code that makes them."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import regex

from stenoflow.render.captions.cues import LAG_MS, Cue
from stenoflow.render.captions.options import CaptionOptions
from stenoflow.transcript.model import Transcript

FRAME_MS = 42


@dataclass
class Verdict:
    """What was found: broken rules, and rules that speech itself left no room for."""

    cues: int = 0
    broken: list[str] = field(default_factory=list)
    too_short: int = 0
    too_fast: int = 0
    late: int = 0


def judge(cues: Sequence[Cue], transcript: Transcript, rules: CaptionOptions) -> Verdict:
    """Measure captions of a whole transcript by the rules in the docstring of ``captions/cues.py``."""
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
    """Columns that a text fills, counted apart from ``stenoflow.transcript.text``."""
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
    """When the first word of each cue begins, in ms; says where text is lost, added or another's.

    A word too wide for a line goes over several cues. Those that begin inside it may show from its
    start on, and are late only by its end: the two times differ.
    """
    said: dict[tuple[int, int | None], str] = {}
    begins: dict[tuple[int, int | None], list[tuple[float, float]]] = {}
    for word in transcript.words:
        voice = (word.channel, word.speaker)
        text = word.text.replace("-->", "→").replace(" ", "")
        said[voice] = said.get(voice, "") + text
        inside = [(word.start_s, word.end_s)] * (len(text) - 1)
        begins.setdefault(voice, []).extend([(word.start_s, word.start_s), *inside])
    done = dict.fromkeys(said, 0)
    firsts: list[tuple[int, int]] = []
    for cue in cues:
        voice = (cue.voice.channel, cue.voice.speaker)
        text = "".join((cue.lines[0].removeprefix(cue.label), *cue.lines[1:])).replace(" ", "")
        at = done[voice]
        if said[voice][at : at + len(text)] != text:
            verdict.broken.append(f"words lost, added or of another voice: {cue}")
        early, late = begins[voice][min(at, len(said[voice]) - 1)]
        firsts.append((math.floor(early * 1000), math.floor(late * 1000)))
        done[voice] = at + len(text)
    verdict.broken += [f"lost: {said[v][at:]}" for v, at in done.items() if at < len(said[v])]
    return firsts
