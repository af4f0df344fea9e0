"""Money set aside before anything is sent, so that recordings side by side never overrun a limit."""

import threading
from decimal import Decimal
from typing import Self

from stenoflow.errors import BudgetSpent, ConfigurationError, OverLimit


class Budget:
    """What a sweep may spend. One budget is shared by all recordings of the sweep, in any thread.

    What is reserved counts as spent until it is released or committed for less.
    """

    def __init__(self, limit_usd: Decimal | None = None) -> None:
        self.limit_usd = limit_usd
        self._lock = threading.Lock()
        self._reserved_usd = Decimal(0)
        self._spent_usd = Decimal(0)

    @property
    def spent_usd(self) -> Decimal:
        """Estimate of what was spent; reservations not included."""
        return self._spent_usd

    @property
    def left_usd(self) -> Decimal | None:
        """What may still be reserved; None without a limit."""
        with self._lock:
            return None if self.limit_usd is None else self._left_usd(self.limit_usd)

    def reserve(self, usd: Decimal) -> "Reservation":
        """Set money aside. Raises BudgetSpent where not that much is left: nothing is set aside."""
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
        """Turn what was reserved into what was spent: called by the reservation, once."""
        with self._lock:
            self._reserved_usd -= reserved_usd
            self._spent_usd += spent_usd


class Reservation:
    """Money set aside for one request."""

    def __init__(self, budget: Budget, usd: Decimal) -> None:
        self.usd = usd
        self._budget = budget
        self._open = True

    def commit(self) -> None:
        """It was spent, or may have been."""
        self._settle(self.usd)

    def release(self) -> None:
        """Nothing was spent. Does nothing once committed or released."""
        self._settle(Decimal(0))

    def _settle(self, spent_usd: Decimal) -> None:
        if self._open:
            self._open = False
            self._budget.settle(self.usd, spent_usd)


class RecordingBudget:
    """The two limits that one recording is bought under: its own, and its sweep's."""

    def __init__(self, own_limit_usd: Decimal | None, sweep: Budget) -> None:
        self._own = Budget(own_limit_usd)
        self._sweep = sweep

    def count(self, usd: Decimal) -> None:
        """What an earlier run has paid, or may have, counts toward the recording's own limit."""
        self._own.settle(Decimal(0), usd)

    def check(self) -> None:
        """Raises OverLimit where what was counted leaves too little for what is reserved."""
        left_usd = self._own.left_usd
        if left_usd is not None and left_usd < 0:
            raise OverLimit(
                f"With what earlier requests for it have cost, or may have cost without a reply, it "
                f"would cost an estimated {-left_usd} USD more than the profile allows a recording "
                f"({self._own.limit_usd} USD, max_cost_usd)."
            )

    def reserve(self, usd: Decimal | None) -> "RecordingReservation":
        """Set money aside under both limits, before it is sent.

        Raises OverLimit where the recording would cost more than its profile allows, BudgetSpent
        where the sweep has not that much left, ConfigurationError where there is a limit but no price.
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
    """Money set aside for one request, under every limit that it counts toward."""

    def __init__(self, reservations: tuple[Reservation, ...]) -> None:
        self._reservations = reservations

    def commit(self) -> None:
        """It was spent, or may have been."""
        for each in self._reservations:
            each.commit()

    def release(self) -> None:
        """Nothing was spent. Does nothing once committed or released."""
        for each in self._reservations:
            each.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
