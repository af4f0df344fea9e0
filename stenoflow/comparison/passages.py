"""The passages of an alignment that are worth reading: each difference, with some words around it."""

from collections.abc import Iterator
from dataclasses import dataclass

from stenoflow.comparison.alignment import Alignment, WordPair

CONTEXT_WORDS = 6
"""Equal words that are shown before and after a difference."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Neighbouring words, of which at least one differs."""

    pairs: tuple[WordPair, ...]
    skipped: int
    """Equal words between the passage before and this one."""

    @property
    def start_s(self) -> float | None:
        """Return when it begins, if that is known."""
        times = (pair.start_s for pair in self.pairs)
        return next((time for time in times if time is not None), None)


def passages(alignment: Alignment, context: int = CONTEXT_WORDS) -> Iterator[Passage]:
    """Yield the passages in order; differences whose surroundings meet are one passage."""
    pairs, shown = alignment.pairs, 0
    differing = [at for at, pair in enumerate(pairs) if pair.operation != "equal"]
    while differing:
        last = 0
        while (
            last + 1 < len(differing) and differing[last + 1] - differing[last] <= 2 * context + 1
        ):
            last += 1
        start = max(shown, differing[0] - context)
        end = min(len(pairs), differing[last] + context + 1)
        yield Passage(pairs[start:end], skipped=start - shown)
        shown, differing = end, differing[last + 1 :]


def equal_after_last(alignment: Alignment, context: int = CONTEXT_WORDS) -> int:
    """Return the number of equal words after the last passage."""
    pairs = alignment.pairs
    differing = [at for at, pair in enumerate(pairs) if pair.operation != "equal"]
    return max(0, len(pairs) - differing[-1] - 1 - context) if differing else len(pairs)
