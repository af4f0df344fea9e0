"""Facts that several formats state in the same words."""

from decimal import Decimal

import pytest

from stenoflow.billing.costs import Costs
from stenoflow.rendering.facts import cost_rows


def costs(usd: Decimal | None, may_have_been_paid: int = 0) -> Costs:
    return Costs(
        audio_s=100.0,
        paid_s=40.0,
        bought_s=40.0,
        saved_s=60.0,
        estimate_usd=usd,
        saved_usd=usd,
        may_have_been_paid=may_have_been_paid,
    )


@pytest.mark.parametrize(
    ("usd", "sent"),
    [(Decimal("0.0029"), "40 s, about $0.0029"), (Decimal(0), "40 s"), (None, "40 s")],
)
def test_money_is_named_where_an_engine_costs_some(usd: Decimal | None, sent: str) -> None:
    rows = dict(cost_rows(costs(usd)))
    assert rows["Sent to the engine"] == sent
    assert set(rows) == {"Sent to the engine", "Not sent"}


def test_requests_that_may_have_been_paid_are_counted() -> None:
    assert dict(cost_rows(costs(None, 2)))["May have been paid, too"].startswith("2 requests")
