"""The records of the ledger: the order, the intent and the receipt of a purchase.

Field names in storage are those of version 0.1.0; a field that is called otherwise here has an alias.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from stenoflow.ledger.lease_owner import LeaseOwner

LEDGER = "_stenoflow/ledger"

State = Literal["open", "released", "lost", "spoiled"]
"""``released``: certainly not paid. ``lost``: perhaps paid, and no reply came, or one that reports an
error. ``spoiled``: surely paid, and what came, which is kept, is not a transcript of this audio.
``open``: under way; or done, if a receipt names it; or its owner died, if a later intent exists."""


class Record(BaseModel):
    """Base of the ledger's records: immutable; fields of later versions are ignored."""

    model_config = ConfigDict(
        frozen=True, serialize_by_alias=True, validate_by_name=True, validate_by_alias=True
    )


class Order(Record):
    """A request that is about to be sent."""

    engine: str
    body_sha256: str
    """"" if the body is a URL of something whose digest is unknown."""
    body_bytes: int
    seconds: float
    """Length of the audio in seconds."""
    exact: bool
    """True if ``seconds`` is exact to the sample; False if it is our decoder's opinion of a file that
    the engine decodes itself."""
    estimate_usd: Decimal | None
    """None if no price is known."""

    @property
    def costs(self) -> bool:
        """Return True if the request costs money, or may."""
        return self.estimate_usd != 0


class Intent(Record):
    """One attempt to buy a chunk."""

    id: str
    number: int
    state: State
    owner: LeaseOwner = Field(validation_alias="holder", serialization_alias="holder")
    lease_s: float
    renewal: int = 0
    at: datetime
    order: Order
    reason: str = ""
    request_id: str | None = None


class Receipt(Record):
    """The record of which reply belongs to a chunk."""

    intent: int
    reply_sha256: str
    reply_bytes: int
    request_id: str | None
    order: Order
    at: datetime
    """Time of the intent."""
    may_have_been_paid: int
    """Attempts on this chunk, beside the one that brought the reply, that may have been paid."""


@dataclass(frozen=True, slots=True)
class ChunkKey:
    """The place of one chunk in the ledger: the audio of one request."""

    address: str
    """Content address of everything bought for a recording under a profile, in hex."""
    chunk: str
    """Digest of the chunk's place in the recording, in hex."""

    @property
    def prefix(self) -> str:
        """Return the start of all keys of this chunk in the store."""
        return f"{folder_of(self.address)}/parts/{self.chunk}/"

    @property
    def receipt_key(self) -> str:
        """Return the key of the receipt."""
        return f"{self.prefix}receipt.json"

    def intent_key(self, number: int) -> str:
        """Return the key of the intent of this number."""
        return f"{self.prefix}intent-{number:04d}.json"

    def reply_key(self, number: int) -> str:
        """Return the key of the raw reply to the intent of this number."""
        return f"{self.prefix}reply-{number:04d}.json"


def folder_of(address: str) -> str:
    """Return the folder of everything about one address in the store."""
    return f"{LEDGER}/{address[:2]}/{address}"
