"""No limit is ever overrun, whoever spends at the same time."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stenoflow.billing.budget import Budget, RecordingBudget, RecordingReservation
from stenoflow.errors import BudgetSpent, ConfigurationError, OverLimit

usd = st.decimals(0, 10, places=6)
limits = st.none() | usd


@settings(max_examples=200)
@given(limit=usd, steps=st.lists(st.tuples(usd, st.sampled_from(["commit", "release", "keep"]))))
def test_what_is_spent_and_reserved_never_exceeds_the_limit(
    limit: Decimal, steps: list[tuple[Decimal, str]]
) -> None:
    budget, spent, kept = Budget(limit), Decimal(0), Decimal(0)
    for amount, then in steps:
        left = limit - spent - kept
        assert budget.left_usd == left
        if amount > left:
            with pytest.raises(BudgetSpent):
                budget.reserve(amount)
            continue
        reservation = budget.reserve(amount)
        if then == "commit":
            reservation.commit()
            reservation.release()
            spent += amount
        elif then == "release":
            reservation.release()
            reservation.commit()
        else:
            kept += amount
        assert spent + kept <= limit
    assert budget.spent_usd == spent


@settings(max_examples=25, deadline=None)
@given(
    sweep_limit=usd,
    own_limits=st.lists(usd, min_size=2, max_size=6),
    price=st.decimals("0.01", 1, places=6),
    seed=st.integers(0, 2**32),
)
def test_recordings_side_by_side_overrun_neither_limit(
    sweep_limit: Decimal, own_limits: list[Decimal], price: Decimal, seed: int
) -> None:
    sweep = Budget(sweep_limit)
    together = threading.Barrier(len(own_limits))

    def record(own_limit: Decimal) -> Decimal:
        purse, chance, committed = (
            RecordingBudget(own_limit, sweep),
            random.Random(seed),
            Decimal(0),
        )
        together.wait()
        for _ in range(20):
            try:
                held = purse.reserve(price)
            except (OverLimit, BudgetSpent):
                continue
            with held:
                if chance.random() < 0.7:
                    held.commit()
                    committed += price
        assert committed <= own_limit
        return committed

    with ThreadPoolExecutor(len(own_limits)) as threads:
        committed = sum(threads.map(record, own_limits), Decimal(0))
    assert sweep.spent_usd == committed <= sweep_limit
    assert sweep.left_usd == sweep_limit - committed


def test_what_the_sweep_cannot_cover_leaves_the_recordings_own_limit_alone() -> None:
    sweep = Budget(Decimal(1))
    purse = RecordingBudget(Decimal(2), sweep)
    with pytest.raises(BudgetSpent, match="leave it to the next sweep"):
        purse.reserve(Decimal("1.5"))
    purse.reserve(Decimal(1)).release()
    purse.reserve(Decimal(1))


def test_what_was_paid_earlier_counts_toward_a_recordings_limit_and_is_named() -> None:
    purse = RecordingBudget(Decimal(2), Budget())
    purse.count(Decimal("1.5"))
    with pytest.raises(OverLimit, match=r"beside 1\.5 USD already paid"):
        purse.reserve(Decimal("0.6"))
    purse.reserve(Decimal("0.5"))
    purse.check()
    purse.count(Decimal("0.1"))
    with pytest.raises(OverLimit, match=r"0\.1 USD more"):
        purse.check()


def test_without_a_limit_what_has_no_price_may_be_bought() -> None:
    held = RecordingBudget(None, Budget()).reserve(None)
    assert isinstance(held, RecordingReservation)
    held.commit()


@pytest.mark.parametrize("own, sweep", [(Decimal(5), None), (None, Decimal(5))])
def test_with_a_limit_what_has_no_price_is_refused(
    own: Decimal | None, sweep: Decimal | None
) -> None:
    with pytest.raises(ConfigurationError, match="STENOFLOW_PRICES"):
        RecordingBudget(own, Budget(sweep)).reserve(None)


def test_a_limit_of_nothing_lets_through_what_is_free() -> None:
    RecordingBudget(Decimal(0), Budget(Decimal(0))).reserve(Decimal(0)).commit()
    with pytest.raises(OverLimit):
        RecordingBudget(Decimal(0), Budget()).reserve(Decimal("0.000001"))
