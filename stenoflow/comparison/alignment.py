"""The alignment of a candidate's words with those of the base, with the fewest edits.

jiwer finds it, and counts edits of words and of characters (Levenshtein distances), so that what is shown
and what is counted are one and the same.
"""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stenoflow.comparison.words import ComparedWord
from stenoflow.errors import MissingDependency
from stenoflow.transcript.text import join_words

Operation = Literal["equal", "substitute", "delete", "insert"]


@dataclass(frozen=True, slots=True)
class WordPair:
    """A word of the base and the candidate's word for it; one of them is None if it has no partner."""

    operation: Operation
    base: ComparedWord | None
    candidate: ComparedWord | None

    @property
    def start_s(self) -> float | None:
        """Return the start of the word, in the base if it has times."""
        times = (word.start_s for word in (self.base, self.candidate) if word)
        return next((time for time in times if time is not None), None)


@dataclass(frozen=True, slots=True)
class Edits:
    """The edits that turn the base's text into a candidate's. Those of several texts are added with ``+``."""

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    """Words of the base that the candidate does not have."""
    insertions: int = 0
    """Words of the candidate that the base does not have."""
    characters: int = 0
    """Characters of the base."""
    character_edits: int = 0

    @property
    def base_words(self) -> int:
        """Return the number of the base's words."""
        return self.hits + self.substitutions + self.deletions

    @property
    def words(self) -> int:
        """Return the number of the candidate's words."""
        return self.hits + self.substitutions + self.insertions

    @property
    def errors(self) -> int:
        """Return the number of edits of words."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def wer(self) -> float | None:
        """Return the word error rate; None if the base has no words."""
        return self.errors / self.base_words if self.base_words else None

    @property
    def cer(self) -> float | None:
        """Return the character error rate; None if the base has no characters."""
        return self.character_edits / self.characters if self.characters else None

    def __add__(self, other: "Edits") -> "Edits":
        return Edits(
            hits=self.hits + other.hits,
            substitutions=self.substitutions + other.substitutions,
            deletions=self.deletions + other.deletions,
            insertions=self.insertions + other.insertions,
            characters=self.characters + other.characters,
            character_edits=self.character_edits + other.character_edits,
        )


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two texts, word by word, and the number of edits between them."""

    pairs: tuple[WordPair, ...]
    edits: Edits


def load_jiwer() -> Any:
    """Return the module jiwer. Raises MissingDependency, with the command that installs it."""
    try:
        return importlib.import_module("jiwer")
    except ImportError as error:
        raise MissingDependency(
            "comparing transcripts needs jiwer: pip install 'stenoflow[compare]'"
        ) from error


def align(base: Sequence[ComparedWord], candidate: Sequence[ComparedWord]) -> Alignment:
    """Return the alignment with the fewest edits of words. Raises MissingDependency without jiwer."""
    jiwer = load_jiwer()
    texts = [[word.form for word in side] for side in (base, candidate)]
    words: Any = jiwer.process_words(*map(" ".join, texts))
    characters: Any = jiwer.process_characters(*map(join_words, texts))
    return Alignment(
        pairs=tuple(_pairs(words.alignments[0], base, candidate)),
        edits=Edits(
            hits=words.hits,
            substitutions=words.substitutions,
            deletions=words.deletions,
            insertions=words.insertions,
            characters=characters.hits + characters.substitutions + characters.deletions,
            character_edits=characters.substitutions + characters.deletions + characters.insertions,
        ),
    )


def _pairs(
    chunks: Sequence[Any], base: Sequence[ComparedWord], candidate: Sequence[ComparedWord]
) -> Iterator[WordPair]:
    for chunk in chunks:
        left = base[chunk.ref_start_idx : chunk.ref_end_idx]
        right = candidate[chunk.hyp_start_idx : chunk.hyp_end_idx]
        for at in range(max(len(left), len(right))):
            yield WordPair(
                chunk.type,
                left[at] if at < len(left) else None,
                right[at] if at < len(right) else None,
            )
