"""The report of a sweep: counts and sums over its recordings, added up over its batches.

A report holds totals, a few examples at each end, and failures grouped by what went wrong, so that it
stays small however many recordings a sweep has. It is stored as JSON; where a field's name differs from
the stored one, the alias is the stored one.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from heapq import nlargest
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from stenoflow.errors import OutcomeName
from stenoflow.manifest.model import Manifest
from stenoflow.pipeline.outcome import Outcome

SCHEMA: Literal["stenoflow/sweep/1"] = "stenoflow/sweep/1"
EXAMPLES = 10
"""Recordings listed as the slowest, and as those of the lowest quality."""
MAX_NAMED = 100
"""Recordings named in a group of failures; the others are only counted."""

_NUMBERS = re.compile(r"\d+(?:[.,:]\d+)*")


class Extreme(BaseModel):
    """A recording that stands out by a value."""

    key: str
    value: float


class FailureGroup(BaseModel):
    """Recordings that failed for the same reason."""

    outcome: OutcomeName
    error: str
    """Name of the error's type."""
    reason: str
    """The message of the first of them."""
    count: int = 0
    recordings: list[str] = Field(default_factory=list[str])
    """Keys of the first hundred."""


class SweepReport(BaseModel):
    """A sweep in numbers. Reports of batches add up to that of the sweep."""

    model_config = ConfigDict(
        serialize_by_alias=True, validate_by_name=True, validate_by_alias=True
    )

    schema_: Literal["stenoflow/sweep/1"] = Field(default=SCHEMA, alias="schema")
    run: str
    """ID of the Prefect flow run."""
    source: str
    destination: str
    began: datetime
    ended: datetime
    statuses: dict[str, int] = Field(default_factory=dict[str, int], alias="fates")
    """Number of objects by :class:`~stenoflow.catalog.diff.Status`."""
    outcomes: dict[OutcomeName, int] = Field(default_factory=dict[OutcomeName, int])
    """Number of recordings by outcome."""
    already_finished: int = Field(default=0, alias="earlier")
    """Recordings among these that another run had finished before this sweep got to them."""
    left_out: dict[str, int] = Field(default_factory=dict[str, int])
    """Number of objects, links and folders that were neither taken nor finished, by reason. The sweep counts
    them for all of its batches."""
    unsettled: int = 0
    """Recordings dated in the future that changed between two looks: left to the next sweep."""
    not_started: int = Field(default=0, alias="left")
    """Recordings taken but not started: the sweep stopped early, or a batch was lost."""
    stopped: str | None = None
    """Reason why the sweep stopped early; None if it did not."""
    budget_spent: bool = False
    """True if the budget was spent: recordings not started are left to the next sweep, not failed."""
    audio_s: float = 0.0
    """Seconds of audio processed."""
    bought_s: float = 0.0
    """Seconds of audio bought, all channels together."""
    saved_s: float = 0.0
    """Seconds of audio that did not have to be bought."""
    spent_usd: Decimal = Decimal(0)
    """Estimated cost of what this sweep bought."""
    saved_usd: Decimal = Decimal(0)
    """Estimated cost of what did not have to be bought."""
    may_have_been_paid: int = 0
    """Further requests, of this or earlier runs, that may have been paid without a usable reply."""
    may_have_been_paid_usd: Decimal = Decimal(0)
    """Estimated cost of these requests."""
    slowest: list[Extreme] = Field(default_factory=list[Extreme])
    """Recordings that took longest, in seconds from beginning to end."""
    lowest_quality: list[Extreme] = Field(default_factory=list[Extreme], alias="worst")
    """Recordings with the lowest quality scores."""
    failures: dict[str, FailureGroup] = Field(default_factory=dict[str, FailureGroup])
    """Failed recordings, grouped by outcome, error and reason."""

    @property
    def finished_count(self) -> int:
        """Number of recordings with an outcome."""
        return sum(self.outcomes.values())

    @property
    def should_stop(self) -> bool:
        """True if no more recordings are to be started."""
        return self.budget_spent or self.stopped is not None

    @property
    def failure_ratio(self) -> float:
        """Share of the recordings taken that were rejected, given up or lost; 0 if none was taken.

        Recordings that the budget did not cover were not tried, and count on neither side.
        """
        lost = 0 if self.budget_spent else self.not_started
        tried = self.finished_count + lost - self.beyond_budget
        failed = self.outcomes.get("rejected", 0) + self.outcomes.get("gave_up", 0)
        return (failed + lost - self.beyond_budget) / tried if tried else 0.0

    def all_left_out(self) -> dict[str, int]:
        """Return what was left out by reason, the most frequent first."""
        changing = {"still changing, dated in the future": self.unsettled} if self.unsettled else {}
        counted = self.left_out | changing
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    @property
    def beyond_budget(self) -> int:
        """Number of recordings given up because the budget did not cover them."""
        return sum(each.count for each in self.failures.values() if each.error == "BudgetSpent")

    def count(self, outcome: Outcome, *, took_s: float) -> None:
        """Add a recording that took ``took_s`` seconds."""
        self.outcomes[outcome.name] = self.outcomes.get(outcome.name, 0) + 1
        self.already_finished += outcome.earlier
        self.slowest = _highest([*self.slowest, Extreme(key=outcome.key, value=took_s)])
        self.may_have_been_paid += outcome.may_have_been_paid
        self.may_have_been_paid_usd += outcome.may_have_been_paid_usd or 0
        if outcome.name in ("rejected", "gave_up"):
            self._count_failure(outcome)
        if manifest := outcome.manifest:
            self._count_quality(outcome.key, manifest)
            if not outcome.earlier:
                self._count_costs(manifest)

    def add(self, other: Self) -> None:
        """Add a batch's report to the sweep's."""
        for outcome, count in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count
        self.already_finished += other.already_finished
        self.not_started += other.not_started
        self.unsettled += other.unsettled
        self.stopped = self.stopped or other.stopped
        self.budget_spent = self.budget_spent or other.budget_spent
        self.audio_s += other.audio_s
        self.bought_s += other.bought_s
        self.saved_s += other.saved_s
        self.spent_usd += other.spent_usd
        self.saved_usd += other.saved_usd
        self.may_have_been_paid += other.may_have_been_paid
        self.may_have_been_paid_usd += other.may_have_been_paid_usd
        self.slowest = _highest([*self.slowest, *other.slowest])
        self.lowest_quality = _lowest([*self.lowest_quality, *other.lowest_quality])
        for kind, group in other.failures.items():
            mine = self.failures.setdefault(
                kind, group.model_copy(update={"count": 0, "recordings": []})
            )
            mine.count += group.count
            mine.recordings = [*mine.recordings, *group.recordings][:MAX_NAMED]

    def _count_quality(self, key: str, manifest: Manifest) -> None:
        if manifest.channels:
            best = max(channel.quality.score for channel in manifest.channels)
            self.lowest_quality = _lowest([*self.lowest_quality, Extreme(key=key, value=best)])

    def _count_costs(self, manifest: Manifest) -> None:
        self.audio_s += manifest.duration_s or 0.0
        if costs := manifest.costs:
            self.bought_s += costs.bought_s
            self.saved_s += costs.saved_s
            self.saved_usd += costs.saved_usd or 0
            self.may_have_been_paid += costs.may_have_been_paid
        for each in manifest.purchases:
            self.may_have_been_paid_usd += each.may_have_been_paid * (each.estimate_usd or 0)
        self.spent_usd += sum(
            (
                each.estimate_usd or Decimal(0)
                for each in manifest.purchases
                if each.how == "bought"
            ),
            Decimal(0),
        )

    def _count_failure(self, outcome: Outcome) -> None:
        error, reason = outcome.error or "unknown", outcome.reason or ""
        alike = _NUMBERS.sub("#", reason.replace(outcome.key, "…"))
        group = self.failures.setdefault(
            f"{outcome.name} {error} {alike}",
            FailureGroup(outcome=outcome.name, error=error, reason=reason),
        )
        group.count += 1
        if len(group.recordings) < MAX_NAMED:
            group.recordings.append(outcome.key)


def _highest(extremes: Iterable[Extreme]) -> list[Extreme]:
    return nlargest(EXAMPLES, extremes, key=lambda each: each.value)


def _lowest(extremes: Iterable[Extreme]) -> list[Extreme]:
    return nlargest(EXAMPLES, extremes, key=lambda each: -each.value)
