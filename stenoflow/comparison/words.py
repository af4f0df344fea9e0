"""Words as they are compared: without case, without punctuation around them, in one Unicode form.

Numbers stay as they are written, so "12" and "twelve" are two words. In scripts without spaces each
character is a word, as what an engine calls a word there is arbitrary.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import regex

from stenoflow.transcript.model import Transcript
from stenoflow.transcript.text import clean_text, graphemes, is_unspaced

# Signs that are part of a number are not punctuation here: "50%", "20°", "$5".
_AROUND = r"[[\p{P}\p{S}\p{Cf}]--[%‰°\p{Sc}]]+"
_EDGES = regex.compile(rf"^{_AROUND}|{_AROUND}$", regex.V1)
_LOOKALIKES = str.maketrans({"’": "'", "ʼ": "'", "‘": "'", "‐": "-", "‑": "-", "\u00ad": ""})


@dataclass(frozen=True, slots=True)
class ComparedWord:
    """One word of a transcript or a reference."""

    text: str
    """As it is written."""
    form: str
    """As it is compared; never empty, and without spaces."""
    start_s: float | None = None
    """Start in the recording; None where that is not known, as in plain text."""
    end_s: float | None = None


def words_of(transcript: Transcript) -> tuple[ComparedWord, ...]:
    """Return the words of a transcript, in its order."""
    return tuple(
        compared
        for word in transcript.words
        for compared in words_in(word.text, word.start_s, word.end_s)
    )


def words_in(
    text: str, start_s: float | None = None, end_s: float | None = None
) -> Iterator[ComparedWord]:
    """Yield the words in a text, each with the same times. What has no letter or digit is left out."""
    for piece in _pieces(clean_text(text)):
        if form := compared_form(piece):
            yield ComparedWord(piece, form, start_s, end_s)


def compared_form(word: str) -> str:
    """Return a word as it is compared; "" for punctuation alone."""
    word = unicodedata.normalize("NFKC", word.translate(_LOOKALIKES)).casefold()
    word = unicodedata.normalize("NFKC", word)
    return _EDGES.sub("", "".join(word.split()))


def _pieces(text: str) -> Iterator[str]:
    for word in text.split():
        if any(map(is_unspaced, word)):
            yield from _apart(graphemes(unicodedata.normalize("NFKC", word)))
        else:
            yield word


def _apart(characters: Iterable[str]) -> Iterator[str]:
    """Yield each character of a script without spaces, and what is between them in one piece."""
    others = ""
    for each in characters:
        if not is_unspaced(each[0]):
            others += each
            continue
        if others:
            yield others
        others = ""
        yield each
    if others:
        yield others
