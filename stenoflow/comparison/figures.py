"""How the figures of a comparison are written, in the table and on the page."""

from decimal import Decimal

from stenoflow.comparison.alignment import Edits

NOTHING = "–"


def rate_text(rate: float | None) -> str:
    """Return an error rate in percent."""
    return NOTHING if rate is None else f"{100 * rate:.1f} %"


def edits_text(edits: Edits | None) -> str:
    """Return substitutions, deletions and insertions."""
    if edits is None:
        return NOTHING
    return f"{edits.substitutions}/{edits.deletions}/{edits.insertions}"


def cost_text(usd: Decimal | None) -> str:
    """Return an amount in USD, with as many digits as it needs."""
    if usd is None:
        return NOTHING
    if not usd:
        return "free"
    return f"{usd:.2f}" if usd >= Decimal("0.1") else f"{usd:.4f}"


def per_word_text(usd: Decimal | None) -> str:
    """Return the price of a corrected word in USD."""
    return NOTHING if usd is None else f"{usd:.4f}"
