"""Requests that may have been paid without a usable reply, counted and priced."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from stenoflow.ledger.records import Intent


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A number of such requests, and what they cost by estimate."""

    requests: int = 0
    usd: Decimal | None = None
    """None if no price is known."""

    @classmethod
    def of(cls, attempts: Iterable[Intent]) -> "Unanswered":
        """Return the sum of these attempts."""
        total = cls()
        for each in attempts:
            total += cls(1, each.order.estimate_usd)
        return total

    def __add__(self, other: "Unanswered") -> "Unanswered":
        known = [each.usd for each in (self, other) if each.usd is not None]
        return Unanswered(self.requests + other.requests, sum(known, Decimal(0)) if known else None)

    def __str__(self) -> str:
        """Return the subject of a sentence: "2 requests, an estimated 0.02 USD in all,"."""
        plural = "" if self.requests == 1 else "s"
        usd = "" if self.usd is None else f", an estimated {self.usd} USD in all,"
        return f"{self.requests} request{plural}{usd}"
