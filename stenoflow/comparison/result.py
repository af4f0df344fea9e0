"""The result of a comparison: each candidate's alignments with the base, and what is missing."""

from dataclasses import dataclass, field
from decimal import Decimal

from stenoflow.comparison.alignment import Alignment


@dataclass(frozen=True, slots=True)
class Compared:
    """One candidate's transcript of one recording."""

    recording: str
    candidate: str
    words: int
    usd: Decimal | None
    """Estimated cost, whenever it was bought; None if no price is known."""
    duration_s: float
    alignment: Alignment | None
    """With the base; None for the base itself, and where the base lacks the recording."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A transcript, or a reference, that is not there."""

    recording: str
    candidate: str
    reason: str
    purchasable: bool = False
    """True if it has not been bought, and can be."""
    seconds: float | None = None
    """Seconds of audio in it, pauses included; None if that is not known."""
    usd: Decimal | None = None
    """Their estimated price; None if it is not known."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidates side by side."""

    base: str
    """Name of the text that the others are compared with: "reference", or the first candidate's."""
    candidates: tuple[str, ...]
    recordings: tuple[str, ...]
    compared: tuple[Compared, ...]
    missing: tuple[Missing, ...] = ()
    playback: dict[str, str] = field(default_factory=dict[str, str])
    """Addresses that play recordings, by their names; redacted ones have none."""

    @property
    def has_figures(self) -> bool:
        """Return True if anything could be compared with the base."""
        return any(each.alignment for each in self.compared)
