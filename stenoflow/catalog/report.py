"""What a sweep did: counted as its recordings end, and added up over its batches.

A report holds totals, a few examples at each end, and failures grouped by what went wrong, so that it
stays small however many recordings a sweep has.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from heapq import nlargest
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from stenoflow.manifest.model import Manifest

Outcome = Literal["published", "no_speech", "rejected", "gave_up"]

SCHEMA: Literal["stenoflow/sweep/1"] = "stenoflow/sweep/1"
EXAMPLES = 10
NAMED = 100
"""Recordings named in a group of failures; the rest is counted."""

_NUMBERS = re.compile(r"\d+(?:[.,:]\d+)*")


class Extreme(BaseModel):
    """A recording that stands out."""

    key: str
    value: float


class Failures(BaseModel):
    """Recordings that failed for one reason."""

    outcome: Outcome
    error: str
    """Name of the error's type."""
    reason: str
    """The sentence, as the first of them has it."""
    count: int = 0
    recordings: list[str] = Field(default_factory=list[str])
    """The first hundred."""


class SweepReport(BaseModel):
    """A sweep in numbers. Reports of batches add up to that of the sweep."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    schema_: Literal["stenoflow/sweep/1"] = Field(default=SCHEMA, alias="schema")
    run: str
    """Id of the Prefect flow run."""
    source: str
    destination: str
    began: datetime
    ended: datetime
    statuses: dict[str, int] = Field(default_factory=dict[str, int], alias="fates")
    """How many objects the listing found new, changed, done, too young, filtered."""
    outcomes: dict[Outcome, int] = Field(default_factory=dict[Outcome, int])
    earlier: int = 0
    """Of these, already finished by somebody else when their turn came."""
    left: int = 0
    """Taken, but not begun: the engine's account is closed, or a batch was lost."""
    stopped: str | None = None
    """Why the sweep stopped early; null: it did not."""
    budget_spent: bool = False
    """Whether it ended because its budget did: what is left is the next sweep's, and no failure."""
    audio_s: float = 0.0
    bought_s: float = 0.0
    saved_s: float = 0.0
    spent_usd: Decimal = Decimal(0)
    """Estimate, for what this sweep bought."""
    saved_usd: Decimal = Decimal(0)
    may_have_been_paid: int = 0
    """Requests beside those that may have been paid without a usable reply, in this or earlier runs."""
    slowest: list[Extreme] = Field(default_factory=list[Extreme])
    """Seconds from beginning to end."""
    worst: list[Extreme] = Field(default_factory=list[Extreme])
    """Lowest quality scores."""
    failures: dict[str, Failures] = Field(default_factory=dict[str, Failures])
    """By kind."""

    @property
    def ended_somehow(self) -> int:
        """Recordings with an outcome."""
        return sum(self.outcomes.values())

    @property
    def ended_early(self) -> bool:
        """Whether no more recordings are to be begun."""
        return self.budget_spent or self.stopped is not None

    @property
    def failure_ratio(self) -> float:
        """Share of the recordings taken that were rejected, given up or lost; 0 where none was taken.

        What the budget did not cover was not tried, and counts on neither side.
        """
        unpaid = self.beyond_budget
        left = 0 if self.budget_spent else self.left
        failed = self.outcomes.get("rejected", 0) + self.outcomes.get("gave_up", 0) + left - unpaid
        return failed / taken if (taken := self.ended_somehow + left - unpaid) else 0.0

    @property
    def beyond_budget(self) -> int:
        """Recordings given up because the budget did not cover them."""
        return sum(each.count for each in self.failures.values() if each.error == "BudgetSpent")

    def count(
        self,
        key: str,
        outcome: Outcome,
        *,
        error: str | None,
        reason: str | None,
        manifest: Manifest | None,
        earlier: bool,
        took_s: float,
    ) -> None:
        """Take one recording's ending into account."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        self.earlier += earlier
        if outcome in ("rejected", "gave_up"):
            self._count_failure(key, outcome, error or "unknown", reason or "")
        self.slowest = _most([*self.slowest, Extreme(key=key, value=took_s)])
        if manifest is None:
            return
        if manifest.channels:
            best = max(channel.quality.score for channel in manifest.channels)
            self.worst = _least([*self.worst, Extreme(key=key, value=best)])
        if earlier:
            return
        self.audio_s += manifest.duration_s or 0.0
        if costs := manifest.costs:
            self.bought_s += costs.bought_s
            self.saved_s += costs.saved_s
            self.saved_usd += costs.saved_usd or 0
            self.may_have_been_paid += costs.may_have_been_paid
        self.spent_usd += sum(
            (
                each.estimate_usd or Decimal(0)
                for each in manifest.purchases
                if each.how == "bought"
            ),
            Decimal(0),
        )

    def add(self, other: Self) -> None:
        """Add a batch's report to the sweep's."""
        for outcome, count in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count
        self.earlier += other.earlier
        self.left += other.left
        self.stopped = self.stopped or other.stopped
        self.budget_spent = self.budget_spent or other.budget_spent
        self.audio_s += other.audio_s
        self.bought_s += other.bought_s
        self.saved_s += other.saved_s
        self.spent_usd += other.spent_usd
        self.saved_usd += other.saved_usd
        self.may_have_been_paid += other.may_have_been_paid
        self.slowest = _most([*self.slowest, *other.slowest])
        self.worst = _least([*self.worst, *other.worst])
        for kind, group in other.failures.items():
            mine = self.failures.setdefault(
                kind, group.model_copy(update={"count": 0, "recordings": []})
            )
            mine.count += group.count
            mine.recordings = [*mine.recordings, *group.recordings][:NAMED]

    def _count_failure(self, key: str, outcome: Outcome, error: str, reason: str) -> None:
        alike = _NUMBERS.sub("#", reason.replace(key, "…"))
        kind = f"{outcome} {error} {alike}"
        group = self.failures.setdefault(
            kind, Failures(outcome=outcome, error=error, reason=reason)
        )
        group.count += 1
        if len(group.recordings) < NAMED:
            group.recordings.append(key)


def _most(extremes: Iterable[Extreme]) -> list[Extreme]:
    return nlargest(EXAMPLES, extremes, key=lambda each: each.value)


def _least(extremes: Iterable[Extreme]) -> list[Extreme]:
    return nlargest(EXAMPLES, extremes, key=lambda each: -each.value)
