"""The prices in force: those that the engines declare, or a person's own table."""

import os

from stenoflow.billing.pricing import Prices, load_prices
from stenoflow.engines.registry import engines

PRICES_VARIABLE = "STENOFLOW_PRICES"


def prices_in_force() -> Prices:
    """Return the table in the file that ``STENOFLOW_PRICES`` names, else the engines' list prices.

    Raises ConfigurationError where that file cannot be read or is not a table of prices.
    """
    path = os.environ.get(PRICES_VARIABLE)
    return load_prices(path) if path else list_prices()


def list_prices() -> Prices:
    """Return the list prices that the installed engines declare."""
    return Prices(engines={name: spec.prices for name, spec in engines().items()})
