"""Times of words in a reply: those that cannot be are put where their neighbours leave room."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from stenoflow.transcript.model import Word

LATEST_S = 1_000_000.0
"""No audio of one request is this long: larger numbers are not seconds (some servers' nanoseconds)."""
WORD_S = 0.4
"""Length of a word where not even the length of the audio is known: 150 words a minute."""
NEAR = 8
"""Words among which a repetition is looked for."""


def normalize_times(words: Sequence[dict[str, Any]]) -> int:
    """Give each word a ``start`` and an ``end`` in seconds, in place. Return how many were changed.

    A start that is missing, negative, infinite or not a number becomes the end of the word before it,
    such an end the start of the next word that has one, or the word's own start.
    """
    changed, reached_s = 0, 0.0
    starts = [seconds_of(word.get("start")) for word in words]
    following: list[float | None] = [None] * len(words)
    for at in range(len(words) - 2, -1, -1):
        following[at] = following[at + 1] if starts[at + 1] is None else starts[at + 1]
    for word, given_s, next_s in zip(words, starts, following, strict=True):
        end_s = seconds_of(word.get("end"))
        changed += given_s is None or end_s is None
        start_s = min(reached_s, end_s or reached_s) if given_s is None else given_s
        if end_s is None:
            end_s = max(start_s, next_s or start_s)
        word["start"], word["end"] = start_s, end_s
        reached_s = max(start_s, end_s)
    return changed


def times_warning(called: str, count: int) -> str:
    """Return the warning about words whose times were changed."""
    return f"{called} gave {count} words times that cannot be: they are placed by their neighbours."


def spread(words: Sequence[dict[str, Any]], key: str, duration_s: float | None) -> None:
    """Give words times that share the length of the audio by their characters, in place.

    ``key`` is where the text of a word is.
    """
    lengths = [max(len(word[key]), 1) for word in words]
    each_s = (duration_s or WORD_S * len(words)) / max(sum(lengths), 1)
    at_s = 0.0
    for word, length in zip(words, lengths, strict=True):
        word["start"], at_s = at_s, at_s + length * each_s
        word["end"] = at_s


def spread_warning(called: str) -> str:
    """Return the warning about words that were spread."""
    return f"{called} gave no usable times of its words: they are spread evenly over the audio."


def repetition_warnings(words: Sequence[Word], called: str) -> Iterator[str]:
    """Yield a warning if words were given twice: same letters, channel and time."""
    twice = [
        word
        for at, word in enumerate(words)
        if any(_is_same(word, other) for other in words[max(0, at - NEAR) : at])
    ]
    if twice:
        yield (
            f"{called} gave {len(twice)} words twice for the same moment, the first of them "
            f"{twice[0].start_s:.1f} s into the audio that was sent."
        )


def seconds_of(value: Any) -> float | None:
    """Return a time; None for what cannot be one. Numbers may stand in quotes."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and 0 <= seconds <= LATEST_S else None


def _is_same(word: Word, other: Word) -> bool:
    overlap_s = min(word.end_s, other.end_s) - max(word.start_s, other.start_s)
    shorter_s = min(word.end_s - word.start_s, other.end_s - other.start_s)
    return (
        word.channel == other.channel
        and 0 < shorter_s < 2 * overlap_s
        and _letters(word.text) == _letters(other.text) != ""
    )


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
