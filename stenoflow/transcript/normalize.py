"""Repair of what engines get wrong, once, for every format.

Text from an engine is untrusted: it may hold control characters, times may be missing, run backwards or
past the end, confidences may not be numbers. :func:`normalize` returns a transcript that holds the
invariants of :class:`~stenoflow.transcript.model.Transcript`, and lists in its warnings what it changed.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from stenoflow.times import Seconds
from stenoflow.transcript.model import Finding, Transcript, Utterance, Word
from stenoflow.transcript.text import clean_text

LATEST_S = 10_000_000.0
"""No recording is longer than this (115 days); a later time is a mistake."""

_EMPTY_WORDS = "Words without text were left out ({})."
_TEXT = "Control characters were taken out of words ({})."
_TIME = "Times of words were missing, ran backwards or lay outside the recording: corrected ({})."
_ORDER = "Words were out of order: sorted by time ({})."
_CONFIDENCE = "Confidences of words were not numbers from 0 to 1: left out ({})."
"""Each with the number of words."""


def normalize(transcript: Transcript) -> Transcript:
    """Return the transcript with clean text, finite ordered times and complete utterances.

    Afterwards every word has text and ``0 <= start_s <= end_s <= duration_s`` (where a duration is
    known); words of one channel are in order of their starts, and utterances in order of theirs;
    utterances partition the words and each has one speaker; confidences are 0 to 1 or None. A normalized
    transcript is returned unchanged.
    """
    changes: Counter[str] = Counter()
    limit = transcript.duration_s
    if not (math.isfinite(limit) and limit > 0):
        limit = Seconds(LATEST_S)
    words: list[Word] = []
    places: list[int] = [0]
    clock = Seconds(0.0)
    for word in transcript.words:
        normal = _word(word, clock, limit, changes)
        if normal is not None:
            clock = normal.start_s
            words.append(normal)
        places.append(len(words))
    kept, order = _in_order(words, _utterances(words, transcript.utterances, places), changes)
    moved = {old: new for new, old in enumerate(order)} if order is not None else None
    if order is not None:
        words = [words[old] for old in order]
    return replace(
        transcript,
        words=tuple(words),
        utterances=kept,
        paragraphs=_paragraphs(transcript.paragraphs, places) if moved is None else (),
        duration_s=_duration(transcript.duration_s),
        language=_clean_or_none(transcript.language),
        language_confidence=_in_range(transcript.language_confidence),
        model=_clean_or_none(transcript.model),
        summary=_clean_or_none(transcript.summary),
        findings=tuple(_finding(found, places, moved) for found in transcript.findings),
        warnings=_warnings(transcript.warnings, changes),
    )


def _word(word: Word, clock: Seconds, limit: Seconds, changes: Counter[str]) -> Word | None:
    text = clean_text(word.text)
    if not text:
        changes[_EMPTY_WORDS] += 1
        return None
    start = word.start_s if math.isfinite(word.start_s) else clock
    start = Seconds(min(max(start, 0.0), limit))
    end = word.end_s if math.isfinite(word.end_s) else start
    end = Seconds(min(max(end, start), limit))
    confidence = _in_range(word.confidence)
    if text == word.text and start == word.start_s and end == word.end_s:
        if confidence == word.confidence:
            return word
    else:
        changes[_TEXT] += text != word.text
        # A hundredth of a second past the end is rounding, and not worth a warning.
        moved = not (abs(start - word.start_s) <= 0.01 and abs(end - word.end_s) <= 0.01)
        changes[_TIME] += moved
    changes[_CONFIDENCE] += confidence != word.confidence
    return Word(text, start, end, confidence, word.speaker, word.channel)


def _utterances(
    words: Sequence[Word], utterances: Iterable[Utterance], places: Sequence[int]
) -> list[Utterance]:
    """Return the utterances, divided so that they partition the words and each has one speaker."""
    last = len(places) - 1
    starts = {places[min(max(utterance.first, 0), last)] for utterance in utterances} | {0}
    found: list[Utterance] = []
    first = 0
    for at in range(1, len(words)):
        before, word = words[at - 1], words[at]
        if at in starts or word.speaker != before.speaker or word.channel != before.channel:
            found.append(Utterance(first, at))
            first = at
    if words:
        found.append(Utterance(first, len(words)))
    return found


def _in_order(
    words: Sequence[Word], utterances: Sequence[Utterance], changes: Counter[str]
) -> tuple[tuple[Utterance, ...], list[int] | None]:
    """Return the utterances in order, and the words' new order by old index (None: unchanged).

    Speakers on different channels talk at the same time, so an utterance may begin inside another; within
    a channel no word may begin before its predecessor.
    """
    clocks: dict[int, float] = {}
    started = 0.0
    misplaced = 0
    for utterance in utterances:
        begun = words[utterance.first].start_s
        misplaced += begun < started
        started = max(started, begun)
        for word in words[utterance.first : utterance.last]:
            clock = clocks.get(word.channel, 0.0)
            misplaced += word.start_s < clock
            clocks[word.channel] = max(clock, word.start_s)
    if not misplaced:
        return tuple(utterances), None
    changes[_ORDER] += misplaced
    order = sorted(range(len(words)), key=lambda at: words[at].start_s)
    found = _utterances([words[at] for at in order], (), range(len(order) + 1))
    return tuple(found), order


def _paragraphs(paragraphs: Iterable[Utterance], places: Sequence[int]) -> tuple[Utterance, ...]:
    most = len(places) - 1
    found: list[Utterance] = []
    for paragraph in paragraphs:
        first, last = (places[min(max(at, 0), most)] for at in (paragraph.first, paragraph.last))
        first = max(first, found[-1].last if found else 0)
        if first < last:
            found.append(Utterance(first, last))
    return tuple(found)


def _finding(found: Finding, places: Sequence[int], moved: dict[int, int] | None) -> Finding:
    first, last = found.first, found.last
    if first is not None and last is not None:
        most = len(places) - 1
        first, last = places[min(max(first, 0), most)], places[min(max(last, 0), most)]
    if moved is not None or first is None or last is None or first >= last:
        first = last = None
    return replace(
        found,
        label=clean_text(found.label),
        text=clean_text(found.text),
        confidence=_in_range(found.confidence, least=-1.0 if found.kind == "sentiment" else 0.0),
        first=first,
        last=last,
    )


def _in_range(value: float | None, *, least: float = 0.0) -> float | None:
    return value if value is not None and least <= value <= 1 else None


def _clean_or_none(text: str | None) -> str | None:
    return None if text is None else clean_text(text) or None


def _duration(seconds: Seconds) -> Seconds:
    return seconds if math.isfinite(seconds) and seconds >= 0 else Seconds(0.0)


def _warnings(warnings: Iterable[str], changes: Counter[str]) -> tuple[str, ...]:
    made = (sentence.format(count) for sentence, count in changes.items() if count)
    return (*(clean_text(warning) for warning in warnings), *made)
