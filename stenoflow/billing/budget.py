"""Budgets: money is reserved before anything is sent, so that parallel recordings overrun no limit."""

import threading
from decimal import Decimal
from typing import Self

from stenoflow.errors import BudgetSpent, ConfigurationError, OverLimit


class Budget:
    """The amount that a sweep may spend, shared by all its recordings, in any thread.

    A reservation counts as spent until it is released.
    """

    def __init__(self, limit_usd: Decimal | None = None) -> None:
        self.limit_usd = limit_usd
        self._lock = threading.Lock()
        self._reserved_usd = Decimal(0)
        self._spent_usd = Decimal(0)

    @property
    def spent_usd(self) -> Decimal:
        """Estimated amount spent, in USD, without open reservations."""
        return self._spent_usd

    @property
    def left_usd(self) -> Decimal | None:
        """Amount in USD that may still be reserved; None without a limit."""
        with self._lock:
            return None if self.limit_usd is None else self._left_usd(self.limit_usd)

    def reserve(self, usd: Decimal) -> "Reservation":
        """Reserve an amount. Raises BudgetSpent, and reserves nothing, where less than that is left."""
        with self._lock:
            if self.limit_usd is not None and usd > (left := self._left_usd(self.limit_usd)):
                raise BudgetSpent(
                    f"The sweep's budget of {self.limit_usd} USD does not cover this recording: an "
                    f"estimated {usd} USD to buy it, {left} USD left. Raise the budget, or leave it "
                    "to the next sweep."
                )
            self._reserved_usd += usd
        return Reservation(self, usd)

    def _left_usd(self, limit_usd: Decimal) -> Decimal:
        return limit_usd - self._spent_usd - self._reserved_usd

    def settle(self, reserved_usd: Decimal, spent_usd: Decimal) -> None:
        """Replace a reservation by the amount spent. The reservation calls this once."""
        with self._lock:
            self._reserved_usd -= reserved_usd
            self._spent_usd += spent_usd


class Reservation:
    """An amount reserved for one request under one budget."""

    def __init__(self, budget: Budget, usd: Decimal) -> None:
        self.usd = usd
        self._budget = budget
        self._open = True

    def commit(self) -> None:
        """Count the amount as spent: it was, or may have been."""
        self._settle(self.usd)

    def release(self) -> None:
        """Give the amount back, as nothing was spent. Does nothing once committed or released."""
        self._settle(Decimal(0))

    def _settle(self, spent_usd: Decimal) -> None:
        if self._open:
            self._open = False
            self._budget.settle(self.usd, spent_usd)


class RecordingBudget:
    """The two budgets that one recording is bought under: its own, and its sweep's."""

    def __init__(self, own_limit_usd: Decimal | None, sweep: Budget) -> None:
        self._own = Budget(own_limit_usd)
        self._sweep = sweep

    def count(self, usd: Decimal) -> None:
        """Count what an earlier run has paid, or may have paid, toward the recording's own limit."""
        self._own.settle(Decimal(0), usd)

    def check(self) -> None:
        """Raise OverLimit if the amounts counted leave too little for those reserved."""
        left_usd = self._own.left_usd
        if left_usd is not None and left_usd < 0:
            raise OverLimit(
                f"With what earlier requests for it have cost, or may have cost without a reply, it "
                f"would cost an estimated {-left_usd} USD more than the profile allows a recording "
                f"({self._own.limit_usd} USD, max_cost_usd)."
            )

    def reserve(self, usd: Decimal | None) -> "RecordingReservation":
        """Reserve an amount under both budgets; None stands for an unknown price.

        Raises OverLimit where the recording would cost more than its profile allows, BudgetSpent
        where the sweep has less than that left, ConfigurationError where there is a limit but no price.
        """
        if usd is None:
            if self._own.limit_usd is None and self._sweep.limit_usd is None:
                return RecordingReservation(())
            raise ConfigurationError(
                "The cost is limited, but no price of this engine and model is known: remove the "
                "limit, or add the price in the table that STENOFLOW_PRICES names."
            )
        try:
            own = self._own.reserve(usd)
        except BudgetSpent as spent:
            paid = f", beside {self._own.spent_usd} USD already paid" if self._own.spent_usd else ""
            raise OverLimit(
                f"Buying it would cost an estimated {usd} USD{paid}; the profile allows "
                f"{self._own.limit_usd} USD a recording (max_cost_usd). Nothing was sent."
            ) from spent
        try:
            return RecordingReservation((own, self._sweep.reserve(usd)))
        except BudgetSpent:
            own.release()
            raise


class RecordingReservation:
    """An amount reserved for one request, under every budget that it counts toward."""

    def __init__(self, reservations: tuple[Reservation, ...]) -> None:
        self._reservations = reservations

    def commit(self) -> None:
        """Count the amount as spent: it was, or may have been."""
        for each in self._reservations:
            each.commit()

    def release(self) -> None:
        """Give the amount back, as nothing was spent. Does nothing once committed or released."""
        for each in self._reservations:
            each.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
