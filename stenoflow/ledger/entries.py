"""The objects of one chunk in the store, and how its records are read and written."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from pydantic import ValidationError

from stenoflow.errors import NotFound, UnusableResponse
from stenoflow.ledger.records import ChunkKey, Intent, Receipt, Record
from stenoflow.options import validation_message
from stenoflow.storage import Store

_R = TypeVar("_R", bound=Record)

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class ChunkEntries:
    """The records of one chunk, read by their keys.

    Nothing is listed, as a listing may lag behind what was written, and may hold files of others.
    Intents are numbered from 1, so each number is read until one is missing.
    """

    store: Store
    chunk: ChunkKey
    receipt: Receipt | None
    intents: tuple[Intent, ...]
    """By number; empty if there is a receipt."""

    @classmethod
    def read(cls, store: Store, chunk: ChunkKey) -> Self:
        """Read the records of a chunk. Raises UnusableResponse, StoreRefused, StoreUnavailable."""
        if receipt := find_record(store, Receipt, chunk.receipt_key):
            return cls(store, chunk, receipt, ())
        return cls(store, chunk, None, tuple(read_intents(store, chunk)))

    def read_again(self) -> Self:
        """Return the records as they are now. What follows an intent that is still open is not looked for."""
        if receipt := find_record(self.store, Receipt, self.chunk.receipt_key):
            return replace(self, receipt=receipt, intents=())
        *earlier, last = self.intents
        last = read_record(self.store, Intent, self.chunk.intent_key(last.number))
        later = (
            () if last.state == "open" else read_intents(self.store, self.chunk, last.number + 1)
        )
        return replace(self, intents=(*earlier, last, *later))

    def unread_replies(self) -> Iterator[tuple[Intent, bytes]]:
        """Yield each reply whose attempt is still open, with its intent, if there is no receipt.

        The buyer died before it read the reply, or is reading it now; it is paid for in either case.
        """
        for intent in self.intents:
            if intent.state == "open":
                raw = _read_if_present(self.store, self.chunk.reply_key(intent.number))
                if raw is not None:
                    yield intent, raw

    def has_usable_reply(self) -> bool:
        """Return True if a reply was accepted, or waits to be read."""
        return self.receipt is not None or any(True for _ in self.unread_replies())

    def possibly_paid(self) -> tuple[Intent, ...]:
        """Return the attempts that may have been paid, by number, if there is no receipt.

        An open attempt is among them, so call this only once all work on it has ended.
        """
        return tuple(each for each in self.intents if each.state != "released" and each.order.costs)


def read_intents(store: Store, chunk: ChunkKey, first: int = 1) -> Iterator[Intent]:
    """Yield the intents of a chunk from a number on. Raises UnusableResponse if one cannot be read."""
    number = first
    while intent := find_record(store, Intent, chunk.intent_key(number)):
        yield intent
        number += 1


def find_record(store: Store, kind: type[_R], key: str) -> _R | None:
    """Return the record at a key; None if there is none. Raises what :func:`read_record` does."""
    try:
        return read_record(store, kind, key)
    except NotFound:
        return None


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


def _read_if_present(store: Store, key: str) -> bytes | None:
    try:
        return store.read(key)
    except NotFound:
        return None


def put_record(store: Store, key: str, record: Record) -> None:
    """Write a record, replacing an earlier one."""
    store.put(key, _json(record), content_type=JSON)


def put_record_if_absent(store: Store, key: str, record: Record) -> bool:
    """Write a record unless one exists. Return True for the one writer that made it."""
    return store.put_if_absent(key, _json(record), content_type=JSON)


def _json(record: Record) -> bytes:
    return record.model_dump_json(indent=1).encode()
