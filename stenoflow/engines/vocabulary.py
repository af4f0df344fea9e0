"""The vocabulary of a profile: names and terms to expect, as far as an engine takes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, Field

from stenoflow.options import Options

O = TypeVar("O", bound=Options)  # noqa: E741 - an engine's options

MOST_TERMS = 2000
LONGEST_TERM = 100
"""Terms of a vocabulary, and characters of a term: no engine takes nearly as much."""


def _tidy(terms: Sequence[str]) -> tuple[str, ...]:
    """Return the terms without repetitions, needless spaces, and empty ones."""
    tidied = tuple(dict.fromkeys(each for term in terms if (each := " ".join(term.split()))))
    if len(tidied) > MOST_TERMS:
        raise ValueError(f"a vocabulary has at most {MOST_TERMS} terms, and this one {len(tidied)}")
    if too_long := [each for each in tidied if len(each) > LONGEST_TERM]:
        raise ValueError(
            f"a term has at most {LONGEST_TERM} characters, and {too_long[0][:30]!r}... has "
            f"{len(too_long[0])}"
        )
    return tidied


class VocabularyOptions(Options):
    """Names and terms that the engine is to expect, whichever it is: as many as it takes."""

    terms: Annotated[tuple[str, ...], AfterValidator(_tidy)] = Field(
        default=(), title="Terms", examples=[["Stenoflow", "Ada Lovelace"]]
    )
    """The most important first: an engine may take only some of them."""

    file: str | None = Field(
        default=None,
        title="File of terms",
        examples=["s3://settings/terms.txt", "terms.txt", "object-store/settings/terms.txt"],
    )
    """A text file with one term a line, by its path or URL. It is read whenever the profile is used, and
    its terms come after those above: what it holds decides, not its name."""


@dataclass(frozen=True, slots=True)
class FittedVocabulary(Generic[O]):
    """An engine's options with as much of a vocabulary as the engine takes."""

    options: O
    left_out: tuple[str, ...] = ()
    given: int = 0
    """Terms of the vocabulary."""
    limit: str = ""
    """A clause that says how much the engine takes."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return a sentence about the terms that are left out, if there are any."""
        if not self.left_out:
            return ()
        return (
            f"{len(self.left_out)} of the vocabulary's {self.given} terms were left out, the first of "
            f"them {self.left_out[0]!r}: {self.limit}. Put the most important terms first.",
        )


def as_many_as_fit(
    terms: Sequence[str], fits: Callable[[Sequence[str]], bool]
) -> tuple[list[str], tuple[str, ...]]:
    """Return the terms that fit together, taken in order, and those that are left out."""
    kept: list[str] = []
    left_out: list[str] = []
    for term in terms:
        kept.append(term)
        if not fits(kept):
            left_out.append(kept.pop())
    return kept, tuple(left_out)


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has, rather too many than too few.

    Services count by tokenizers of their own. Those of speech models have no token for rare names as a
    whole: two small letters make a token here, and any other sign as many as it has bytes.
    """
    small = sum(sign.isascii() and sign.islower() for sign in text)
    others = sum(
        len(sign.encode())
        for sign in text
        if not ((sign.isascii() and sign.islower()) or sign == " ")
    )
    return (small + 1) // 2 + others
