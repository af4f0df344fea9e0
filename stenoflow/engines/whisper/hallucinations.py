"""Text that Whisper makes up: outside of speech, and in loops.

Both are known of all Whisper models (https://arxiv.org/abs/2402.08021). The raw reply stays in the ledger, so
that a better judgement costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Protocol

from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.transcript.model import Word

REPETITIONS = 4
"""A phrase that follows itself so often, or more, is a loop."""

LONGEST_PHRASE = 12
"""Words of a phrase that loops are looked for of."""

UNSURE = exp(-1.0)
"""Words that are less probable than this on average, in a segment that Whisper calls speechless, are made
up: the measure of ``log_prob_threshold``, on words."""


class Scores(Protocol):
    """Whisper's own measures of a segment."""

    @property
    def log_probability(self) -> float: ...  # noqa: D102
    @property
    def compression_ratio(self) -> float: ...  # noqa: D102
    @property
    def no_speech(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Judged:
    """The words of a segment that are kept, and what a person must know of the others."""

    words: tuple[Word, ...]
    warnings: tuple[str, ...] = ()


def judge(words: tuple[Word, ...], scores: Scores, options: WhisperOptions) -> Judged:
    """Return a segment without what was made up.

    All of it goes where Whisper calls it speechless and is unsure of its words. Of a loop the first
    phrase stays. A segment that is still too compressible, or too improbable, is kept with a warning.
    """
    if not words:
        return Judged(())
    text = " ".join(word.text for word in words)
    if scores.no_speech > options.no_speech_threshold and _mean(words) < UNSURE:
        return Judged((), (f"Left out as made up outside of speech: {_quoted(text)}.",))
    kept, repeated = _without_loops(words)
    if repeated:
        return Judged(kept, (f"Repeated again and again, and kept once: {_quoted(repeated)}.",))
    if scores.compression_ratio > options.compression_ratio_threshold:
        return Judged(words, (f"May be made up, as it repeats itself: {_quoted(text)}.",))
    return Judged(words)


def _without_loops(words: tuple[Word, ...]) -> tuple[tuple[Word, ...], str]:
    """Return the words with each loop reduced to its first phrase, and the longest such phrase."""
    texts = [word.text.strip(".,!?;:").lower() for word in words]
    kept: list[Word] = []
    phrase = ""
    at = 0
    while at < len(words):
        size, times = _loop_at(texts, at)
        kept += words[at : at + size]
        if times >= REPETITIONS:
            phrase = max(phrase, " ".join(word.text for word in words[at : at + size]), key=len)
            at += size * times
        else:
            at += size
    return tuple(kept), phrase


def _loop_at(texts: Sequence[str], at: int) -> tuple[int, int]:
    """Return how many words the phrase has that repeats here, and how often; (1, 1) if none does."""
    for size in range(1, LONGEST_PHRASE + 1):
        times = 1
        while texts[at + times * size : at + (times + 1) * size] == texts[at : at + size]:
            if len(texts) < at + (times + 1) * size:
                break
            times += 1
        if times >= REPETITIONS:
            return size, times
    return 1, 1


def _mean(words: Sequence[Word]) -> float:
    return sum(word.confidence or 0.0 for word in words) / len(words)


def _quoted(text: str, most: int = 80) -> str:
    return f'"{text if len(text) <= most else text[: most - 1] + "…"}"'
