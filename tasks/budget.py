"""What a sweep may spend in all, shared by the recordings it works on in this process."""

from contextvars import ContextVar

from stenoflow.billing.budget import Budget

sweep_budget: ContextVar[Budget | None] = ContextVar("sweep_budget", default=None)
"""Set by whoever runs many recordings under one limit."""


def budget_in_force() -> Budget:
    """The sweep's budget; without a sweep one that knows no limit."""
    return sweep_budget.get() or Budget()
