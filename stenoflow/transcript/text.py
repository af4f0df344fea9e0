"""Rules of scripts: spaces between words, width in columns, direction.

Most scripts set a space between words; the scripts of :data:`UNSPACED_SCRIPTS` set none. A full-width
character fills two columns. A base letter with its marks, or an emoji made of several code points, is
one character to a reader: a *grapheme cluster* (Unicode Annex 29).
"""

import unicodedata
from collections.abc import Iterable

import regex

UNSPACED_SCRIPTS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
"""Scripts written without spaces between words, as the inside of a character class of ``regex``."""

_GRAPHEME = regex.compile(r"\X")
# Ideographic punctuation and full-width forms set no spaces either.
_UNSPACED = regex.compile(rf"[{UNSPACED_SCRIPTS}\u3000-\u303f\uff00-\uffef]")
_FULL_WIDTH_PUNCTUATION = regex.compile(r"[\u3001-\u3003\u3008-\u301f\uff01-\uff0f\uff1a-\uff20]")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_STRONG = _RIGHT_TO_LEFT | {"L"}

# Controls and line separators end lines or records in one format or another; embeddings and
# overrides reorder the text around them; a byte-order mark inside a text is an error of its maker.
_LINE_BREAKING = regex.compile(r"[\p{Cc}\p{Zl}\p{Zp}]+")
_INVISIBLE = regex.compile(r"[\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_FORMULA = regex.compile(r"[\s\p{C}\p{Z}]*[=+\-@＝＋－＠]")
_SURROGATE = regex.compile(r"[\ud800-\udfff]")


def clean_text(text: str) -> str:
    """Return the text on one line, without what could break a file or disguise other text.

    Control characters become spaces, runs of spaces one space; half surrogate pairs become U+FFFD;
    bidirectional embeddings, overrides and isolates are left out.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = _LINE_BREAKING.sub(" ", text)
    text = _INVISIBLE.sub("", text)
    text = _SURROGATE.sub("\ufffd", text)
    return " ".join(part for part in text.split(" ") if part).strip()


def cell_text(text: str) -> str:
    """Return the text with an apostrophe before it if a spreadsheet would take it for a formula.

    Tables are copied and exported into spreadsheets, which run what begins with ``=``, ``+``, ``-`` or ``@``
    (https://owasp.org/www-community/attacks/CSV_Injection), the full-width forms among them, whatever
    spaces and invisible characters come before it.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def graphemes(text: str) -> list[str]:
    """Return the characters of a text as a reader counts them."""
    return list(text) if text.isascii() else _GRAPHEME.findall(text)


def display_width(text: str) -> int:
    """Return the columns that a text fills: full-width characters count two, marks and joiners none."""
    if text.isascii():
        return len(text)
    return sum(max(map(_columns, cluster)) for cluster in _GRAPHEME.findall(text))


def _columns(char: str) -> int:
    if unicodedata.east_asian_width(char) in ("W", "F"):
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me", "Cf") else 1


def is_unspaced(char: str) -> bool:
    """Return True if a character belongs to a script that sets no spaces between words."""
    return not char.isascii() and _UNSPACED.match(char) is not None


def separator(before: str, after: str) -> str:
    """Return what is written between two neighbouring words: a space, or nothing."""
    last, first = before[-1:], after[:1]
    if last.isascii() and first.isascii():
        return " "
    if is_unspaced(last) and is_unspaced(first):
        return ""
    punctuated = _FULL_WIDTH_PUNCTUATION.match(last) or _FULL_WIDTH_PUNCTUATION.match(first)
    return "" if punctuated else " "


def join_words(words: Iterable[str]) -> str:
    """Return words as one line of text."""
    parts: list[str] = []
    before = ""
    for word in words:
        if before:
            parts.append(separator(before, word))
        parts.append(word)
        before = word
    return "".join(parts)


def is_right_to_left(text: str) -> bool:
    """Return True if the first character with a strong direction runs from right to left."""
    if text.isascii():
        return False
    directions = (unicodedata.bidirectional(char) for char in text)
    return next((kind in _RIGHT_TO_LEFT for kind in directions if kind in _STRONG), False)
