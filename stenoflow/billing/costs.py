"""The costs of one transcript, as its manifest records them and its artifacts show them."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict


class Costs(BaseModel):
    """Amounts paid and saved. They are estimates from a dated table."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    audio_s: float
    """Seconds of audio: the recording's length, once for each channel sent."""
    paid_s: float
    """Seconds that were sent to the engine for this transcript, whenever they were bought."""
    bought_s: float
    """Seconds of these that this very run has bought."""
    saved_s: float
    """Seconds that did not have to be sent."""
    estimate_usd: Decimal | None
    """For ``paid_s``; null if no price is known."""
    saved_usd: Decimal | None
    may_have_been_paid: int
    """Requests beside these that may have been paid without a usable reply, in this or earlier runs."""
