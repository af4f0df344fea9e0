"""What the ledger writes down about a purchase: the order, the intent, the receipt."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from stenoflow.ledger.lease_owner import LeaseOwner

LEDGER = "_stenoflow/ledger"


State = Literal["open", "released", "lost", "spoiled"]
"""``released``: certainly not paid. ``lost``: perhaps paid, and no reply came. ``spoiled``: a reply
came that is no answer; it is kept. ``open``: at work; or done, where a receipt names it; or dead,
where a later intent exists."""


class Record(BaseModel):
    """Base of the ledger's records: immutable; fields of later versions are ignored."""

    model_config = ConfigDict(frozen=True)


class Order(Record):
    """What is about to be sent."""

    engine: str
    body_sha256: str
    """"" where the body is a URL to something whose digest is not known."""
    body_bytes: int
    seconds: float
    """Length of the audio in seconds."""
    exact: bool
    """Whether ``seconds`` is to the sample what the engine hears, or our decoder's opinion of it."""
    estimate_usd: Decimal | None
    """None where no price is known."""

    @property
    def costs(self) -> bool:
        return self.estimate_usd != 0


class Intent(Record):
    """One attempt to buy a lot."""

    id: str
    number: int
    state: State
    holder: LeaseOwner
    lease_s: float
    renewal: int = 0
    at: datetime
    order: Order
    reason: str = ""
    request_id: str | None = None


class Receipt(Record):
    """Which reply answers a lot."""

    intent: int
    reply_sha256: str
    reply_bytes: int
    request_id: str | None
    order: Order
    at: datetime
    """When the intent was made."""
    may_have_been_paid: int
    """Attempts on this lot, beside the one that brought the reply, that may have been paid."""


@dataclass(frozen=True, slots=True)
class ChunkKey:
    """The audio of one request, by its place in the ledger."""

    address: str
    part: str

    @property
    def prefix(self) -> str:
        return f"{folder_of(self.address)}/parts/{self.part}/"

    @property
    def receipt_key(self) -> str:
        return f"{self.prefix}receipt.json"

    def intent_key(self, number: int) -> str:
        return f"{self.prefix}intent-{number:04d}.json"

    def reply_key(self, number: int) -> str:
        return f"{self.prefix}reply-{number:04d}.json"


def folder_of(address: str) -> str:
    """Where everything about one address lies in the store."""
    return f"{LEDGER}/{address[:2]}/{address}"
