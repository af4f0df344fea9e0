"""The objects of one chunk in the store, and how its records are read and written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from stenoflow.errors import UnusableResponse
from stenoflow.ledger.records import ChunkKey, Intent, Receipt, Record
from stenoflow.options import validation_message
from stenoflow.storage import ObjectInfo, Store

_R = TypeVar("_R", bound=Record)

JSON = "application/json"

_NAME = re.compile(r"(?P<kind>intent|reply)-(?P<number>[0-9]{4,9})\.json|receipt\.json")
"""Names of the ledger's own files; others, such as copies that a person or a tool left, are ignored."""


@dataclass(frozen=True, slots=True)
class ChunkEntries:
    """A listing of one chunk's folder; records are read when they are asked for."""

    store: Store
    chunk: ChunkKey
    intents: dict[int, ObjectInfo]
    """By number."""
    replies: dict[int, ObjectInfo]
    """By number of their intent."""
    has_receipt: bool

    @classmethod
    def list(cls, store: Store, chunk: ChunkKey) -> "ChunkEntries":
        """List the folder of a chunk. Raises AccessDenied, StoreUnavailable."""
        intents: dict[int, ObjectInfo] = {}
        replies: dict[int, ObjectInfo] = {}
        has_receipt = False
        for info in store.list(chunk.prefix):
            match = _NAME.fullmatch(info.key.removeprefix(chunk.prefix))
            if match is None:
                continue
            if match["kind"] is None:
                has_receipt = True
            else:
                numbered = intents if match["kind"] == "intent" else replies
                numbered[int(match["number"])] = info
        return cls(store, chunk, intents, replies, has_receipt)

    def intent(self, number: int) -> Intent:
        """Return the intent of a number. Raises UnusableResponse if it cannot be read."""
        return read_record(self.store, Intent, self.chunk.intent_key(number))

    def receipt(self) -> Receipt:
        """Return the receipt. Raises UnusableResponse if it cannot be read."""
        return read_record(self.store, Receipt, self.chunk.receipt_key)

    def unread_replies(self) -> Iterator[tuple[Intent, bytes]]:
        """Yield each reply without a receipt whose attempt is still open, with its intent.

        The buyer died before it read the reply, or is reading it now; it is paid for in either case.
        """
        for number, info in sorted(self.replies.items()):
            if number not in self.intents:
                continue
            intent = self.intent(number)
            if intent.state == "open":
                yield (
                    intent,
                    self.store.read(self.chunk.reply_key(number), max_bytes=info.size),
                )

    def has_usable_reply(self) -> bool:
        """Return True if a reply was accepted, or waits to be read."""
        return self.has_receipt or any(
            self.intent(each).state == "open" for each in self.replies if each in self.intents
        )

    def possibly_paid(self) -> tuple[Intent, ...]:
        """Return the attempts that may have been paid, by number.

        An open attempt is among them, so this is to be asked when nobody is at work any more.
        """
        intents = (self.intent(number) for number in sorted(self.intents))
        return tuple(each for each in intents if each.state != "released" and each.order.costs)


def read_record(store: Store, kind: type[_R], key: str) -> _R:
    """Return the record at a key.

    Raises UnusableResponse if it is not one of this kind: what it says of money is unknown, so a person
    must look. Raises NotFound, StoreUnavailable.
    """
    try:
        return kind.model_validate_json(store.read(key))
    except ValidationError as error:
        raise UnusableResponse(
            f"{store.url_of(key)} is not a valid {kind.__name__.lower()} of the ledger: "
            f"{validation_message(error, most=1)}"
        ) from error


def put_record(store: Store, key: str, record: Record) -> None:
    """Write a record, replacing an earlier one."""
    store.put(key, _json(record), content_type=JSON)


def put_record_if_absent(store: Store, key: str, record: Record) -> bool:
    """Write a record unless one exists. Return True for the one writer that made it."""
    return store.put_if_absent(key, _json(record), content_type=JSON)


def _json(record: Record) -> bytes:
    return record.model_dump_json(indent=1).encode()
