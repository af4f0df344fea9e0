"""The outcome of one recording."""

from decimal import Decimal
from typing import Self

from pydantic import BaseModel, ConfigDict

from stenoflow.errors import OutcomeName, StenoflowError
from stenoflow.manifest.model import Manifest


class Outcome(BaseModel):
    """The end of one recording: exactly one for each recording that is named to a flow."""

    model_config = ConfigDict(frozen=True)

    key: str
    name: OutcomeName
    reason: str | None = None
    """One sentence for a person; None if it was published."""
    error: str | None = None
    """Name of the error's type in :mod:`stenoflow.errors`."""
    manifest: Manifest | None = None
    """None if the recording was given up: the next sweep tries again."""
    earlier: bool = False
    """True if an earlier run had ended it so, and nothing was done this time."""
    may_have_been_paid: int = 0
    """Requests that may have been paid without a usable reply, if the recording was given up; those of
    other outcomes are in their manifests."""
    may_have_been_paid_usd: Decimal | None = None
    """Their estimated cost; None if no price is known."""

    @classmethod
    def of(cls, manifest: Manifest, *, earlier: bool = False) -> Self:
        """Return the outcome that a manifest records."""
        return cls(
            key=manifest.source.key,
            name=manifest.outcome,
            reason=manifest.reason,
            error=manifest.error,
            manifest=manifest,
            earlier=earlier,
        )

    @classmethod
    def gave_up(cls, key: str, error: BaseException) -> Self:
        """Return the outcome of a recording that is left to the next sweep."""
        outcome = cls(key=key, name="gave_up", reason=str(error), error=type(error).__name__)
        if not isinstance(error, StenoflowError):
            return outcome
        lost = {
            "may_have_been_paid": error.possibly_paid,
            "may_have_been_paid_usd": error.possibly_paid_usd,
        }
        return outcome.model_copy(update=lost)
