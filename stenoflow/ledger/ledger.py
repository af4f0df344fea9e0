"""What has been bought: an intent before each request, the raw reply the moment it arrives.

One *lot* is the audio of one request, found by the digest of everything that decides its answer.
Whoever wants it looks here first, whichever machine they run on::

    <address>/plan.json                       how the recording was cut, for whoever comes later
    <address>/parts/<lot>/intent-0001.json    "I am about to buy this": made by put-if-absent
    <address>/parts/<lot>/reply-0001.json     the engine's reply, byte for byte
    <address>/parts/<lot>/receipt.json        which reply is the one, with its digest

Two who want one lot at once: one makes the intent and buys, the other waits. A buyer renews its
intent while it is at work; an intent that was not renewed for a whole lease, by the watch of the
one who waits (two machines' clocks are never compared), belongs to a dead buyer, and the next
number is free to be taken. Between sending a request and storing its reply lies a moment in which
a death cannot be told from a payment: such attempts stay on record and are counted.
"""

import threading
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from stenoflow.errors import (
    EngineAccountError,
    EngineError,
    EngineRefused,
    NotFound,
    StenoError,
    Stopped,
    StoreUnavailable,
    UnusableResponse,
)
from stenoflow.ledger.lease_owner import lives, this_process
from stenoflow.ledger.records import ChunkKey, Intent, Order, Receipt, Record, State, folder_of
from stenoflow.storage import ObjectInfo, Store
from stenoflow.transcript.model import Reply

LEASE_S = 45.0
POLL_S = 1.0
MAX_UNANSWERED_ATTEMPTS = 8
"""After this many attempts that may have been paid without a reply, a person must look."""
MAX_INVALID_RESPONSES = 2
"""As many replies that were no answers, and surely paid, are enough for that too."""
STORE_PATIENCE_S = 600.0
"""How long a reply that was paid for waits for a store in trouble before it is given up."""

_R = TypeVar("_R", bound=Record)
_T = TypeVar("_T")

How = Literal["bought", "reused", "waited"]

Read = Callable[[bytes, Order], Reply]
"""Reads a raw reply to an order. Raises EngineError where it is no answer to that order (which
then must be bought anew), UnusableResponse where it is one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Obtained:
    """A reply in hand, and how it came."""

    reply: Reply
    receipt: Receipt
    how: How


@dataclass(frozen=True, slots=True)
class Turn:
    """Nobody has the lot and nobody is at it: the caller may try to buy it under this number."""

    lot: ChunkKey
    number: int
    lost: tuple[Intent, ...]
    """Earlier attempts that may have been paid."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger inside a destination store. Safe to use from many threads and processes."""

    store: Store
    lease_s: float = LEASE_S
    """An intent not renewed for this long is taken over; it is renewed four times as often."""
    poll_s: float = POLL_S

    def keep(self, address: str, name: str, kind: TypeAdapter[_T], value: _T) -> _T:
        """Keep a value under an address, unless one is kept there; the one that is kept.

        Raises UnusableResponse where that one cannot be read; ConfigurationError on a store that cannot
        put if absent: nothing is bought without that.
        """
        key = f"{folder_of(address)}/{name}"
        _put_if_absent(self.store, key, kind.dump_json(value))
        return self._kept(key, kind)

    def kept(self, address: str, name: str, kind: TypeAdapter[_T]) -> _T | None:
        """The value kept under this address and name; None where there is none. Raises UnusableResponse."""
        try:
            return self._kept(f"{folder_of(address)}/{name}", kind)
        except NotFound:
            return None

    def _kept(self, key: str, kind: TypeAdapter[_T]) -> _T:
        try:
            return kind.validate_json(self.store.read(key))
        except ValidationError as error:
            raise UnusableResponse(
                f"{self.store.url_of(key)}, by which audio was bought, cannot be read: {error}"
            ) from error

    def find(self, lot: ChunkKey, read: Read) -> Obtained | None:
        """The reply to a lot, if it has been bought. Raises UnusableResponse, StoreUnavailable."""
        return self._settled(lot, self._shelf(lot), read, "reused")

    def has(self, lot: ChunkKey) -> bool:
        """Whether :meth:`find` would find a reply; unlike it, this never writes. Raises UnusableResponse."""
        shelf = self._shelf(lot)
        return shelf.receipt or any(
            self._intent(lot, number).state == "open" for number in shelf.replies
        )

    def lost(self, lot: ChunkKey) -> tuple[Intent, ...]:
        """Attempts on a lot that nobody is at, which may have been paid. Raises UnusableResponse."""
        return self._lost(lot, self._shelf(lot))

    def turn(self, lot: ChunkKey, read: Read, *, stop: threading.Event) -> Obtained | Turn:
        """The reply, waiting for whoever is buying it now; or the turn to buy it.

        Raises UnusableResponse, Stopped, StoreUnavailable.
        """
        watch = _Watch()
        how: How = "reused"
        while True:
            shelf = self._shelf(lot)
            if obtained := self._settled(lot, shelf, read, how):
                return obtained
            number = max(shelf.intents, default=0)
            if number == 0:
                return Turn(lot, 1, ())
            last = self._intent(lot, number)
            if last.state != "open" or watch.sees_no_life(shelf.intents[number], last):
                return Turn(lot, number + 1, self._lost(lot, shelf))
            how = "waited"
            if stop.wait(self.poll_s):
                raise Stopped("Stopped while somebody else was buying the same audio.")

    def buy(
        self,
        turn: Turn,
        order: Order,
        send: Callable[[], bytes],
        read: Read,
        *,
        stop: threading.Event,
    ) -> Obtained | None:
        """Send a request under an intent, store its reply, then read it.

        None where somebody else has taken the turn: ask for another. Raises what ``send`` and
        ``read`` raise, with the attempt closed accordingly; UnusableResponse after
        ``MAX_UNANSWERED_ATTEMPTS`` or ``MAX_INVALID_RESPONSES`` attempts; Stopped; StoreUnavailable
        where the reply could not be stored.
        """
        self._check_worth_trying(turn)
        if stop.is_set():
            raise Stopped("Stopped before the audio was sent.")
        asked_s = _clock_s()
        attempt = self._claim(turn, order)
        if attempt is None:
            return None
        if _clock_s() - asked_s > self.lease_s / 2:
            # This machine slept, or the store dawdled: by now somebody else may hold the turn.
            attempt.close("released", "claimed too slowly")
            return None
        with attempt.renewed():
            raw = _sent(attempt, send)
            _stored(attempt, raw, stop)
            return self._received(attempt, raw, read, len(turn.lost))

    def _check_worth_trying(self, turn: Turn) -> None:
        spoiled = [each for each in turn.lost if each.state == "spoiled"]
        if len(turn.lost) >= MAX_UNANSWERED_ATTEMPTS or len(spoiled) >= MAX_INVALID_RESPONSES:
            last = turn.lost[-1]
            raise UnusableResponse(
                f"{len(turn.lost)} requests for the same audio may have been paid without a usable "
                f"reply, the last of them: {last.reason or 'the process that sent it died'}. "
                f"Nothing more is sent; to try again, remove {self.store.url_of(turn.lot.prefix)}",
                request_id=last.request_id,
            )

    def _claim(self, turn: Turn, order: Order) -> "_Attempt | None":
        intent = Intent(
            id=uuid.uuid4().hex,
            number=turn.number,
            state="open",
            holder=this_process(),
            lease_s=self.lease_s,
            at=datetime.now(UTC),
            order=order,
        )
        made = _put_if_absent(self.store, turn.lot.intent_key(turn.number), _json(intent))
        # A client that repeats a PUT whose answer got lost is told that an object exists: its own.
        if made or self._intent(turn.lot, turn.number).id == intent.id:
            return _Attempt(self.store, turn.lot, intent)
        return None

    def _received(self, attempt: "_Attempt", raw: bytes, read: Read, lost: int) -> Obtained:
        lot, intent = attempt.lot, attempt.intent
        try:
            reply = read(raw, intent.order)
        except EngineError as error:
            attempt.close("spoiled", str(error), error.request_id)
            raise
        receipt = Receipt(
            intent=intent.number,
            reply_sha256=sha256(raw).hexdigest(),
            reply_bytes=len(raw),
            request_id=reply.request_id,
            order=intent.order,
            at=intent.at,
            may_have_been_paid=lost,
        )
        _put_if_absent(self.store, lot.receipt_key, _json(receipt))
        kept = self._receipt(lot)
        if kept.intent == intent.number:
            return Obtained(reply, kept, "bought")
        # Taken for dead, this buyer was overtaken: both have paid, and the first reply counts.
        attempt.close("lost", "another buyer's reply came first", reply.request_id)
        both_paid = {"may_have_been_paid": kept.may_have_been_paid + 1}
        return Obtained(self._opened(lot, kept, read), kept.model_copy(update=both_paid), "waited")

    def _settled(self, lot: ChunkKey, shelf: "_Shelf", read: Read, how: How) -> Obtained | None:
        if shelf.receipt:
            receipt = self._receipt(lot)
            return Obtained(self._opened(lot, receipt, read), receipt, how)
        for number in sorted(shelf.replies):
            intent = self._intent(lot, number)
            if intent.state != "open":
                continue
            # Its buyer died, or is reading it at this very moment: it is paid for either way.
            raw = self.store.read(lot.reply_key(number), max_bytes=shelf.replies[number].size)
            lost = [each for each in self._lost(lot, shelf) if each.number != number]
            with suppress(EngineError):
                attempt = _Attempt(self.store, lot, intent)
                obtained = self._received(attempt, raw, read, len(lost))
                return Obtained(obtained.reply, obtained.receipt, how)
        return None

    def _opened(self, lot: ChunkKey, receipt: Receipt, read: Read) -> Reply:
        url = self.store.url_of(lot.reply_key(receipt.intent))
        raw = self.store.read(lot.reply_key(receipt.intent), max_bytes=receipt.reply_bytes)
        if sha256(raw).hexdigest() != receipt.reply_sha256:
            raise UnusableResponse(
                f"The stored reply {url} is not what its receipt says was received; to buy the "
                f"audio again, remove {self.store.url_of(lot.prefix)}",
                request_id=receipt.request_id,
            )
        try:
            return read(raw, receipt.order)
        except EngineError as error:
            raise UnusableResponse(
                f"The stored reply {url} was readable once and is not any more: {error}",
                request_id=receipt.request_id,
            ) from error

    def _shelf(self, lot: ChunkKey) -> "_Shelf":
        shelf = _Shelf()
        for info in self.store.list(lot.prefix):
            kind, _, number = info.key.removeprefix(lot.prefix).removesuffix(".json").partition("-")
            if kind == "intent":
                shelf.intents[int(number)] = info
            elif kind == "reply":
                shelf.replies[int(number)] = info
            elif kind == "receipt":
                shelf.receipt = True
        return shelf

    def _lost(self, lot: ChunkKey, shelf: "_Shelf") -> tuple[Intent, ...]:
        """Attempts that may have been paid, told once nobody is at work any more."""
        intents = (self._intent(lot, number) for number in sorted(shelf.intents))
        return tuple(each for each in intents if each.state != "released" and each.order.costs)

    def _intent(self, lot: ChunkKey, number: int) -> Intent:
        return self._record(Intent, lot.intent_key(number))

    def _receipt(self, lot: ChunkKey) -> Receipt:
        return self._record(Receipt, lot.receipt_key)

    def _record(self, kind: type[_R], key: str) -> _R:
        try:
            return kind.model_validate_json(self.store.read(key))
        except ValidationError as error:
            raise UnusableResponse(
                f"{self.store.url_of(key)} is no {kind.__name__.lower()} of the ledger's: {error}"
            ) from error


@dataclass(slots=True)
class _Shelf:
    """What lies in one lot's folder."""

    intents: dict[int, ObjectInfo] = field(default_factory=dict[int, ObjectInfo])
    replies: dict[int, ObjectInfo] = field(default_factory=dict[int, ObjectInfo])
    receipt: bool = False


@dataclass(slots=True)
class _Watch:
    """Looks at one intent again and again for signs of life."""

    version: str = ""
    since_s: float = 0.0

    def sees_no_life(self, info: ObjectInfo, intent: Intent) -> bool:
        if lives(intent.holder) is False:
            return True
        seen = f"{info.key} {info.version}"
        if seen != self.version:
            self.version, self.since_s = seen, _clock_s()
        return _clock_s() - self.since_s > intent.lease_s


class _Attempt:
    """An intent, renewed until it is closed, and never after."""

    def __init__(self, store: Store, lot: ChunkKey, intent: Intent) -> None:
        self.store = store
        self.lot = lot
        self.intent = intent
        self._lock = threading.Lock()
        self._done = threading.Event()

    def close(self, state: State, reason: str, request_id: str | None = None) -> None:
        """Say how it ended, where it did not end well."""
        with self._lock:
            self._done.set()
            # Left open, it will pass for a dead buyer's, counted as perhaps paid: the careful side.
            # And the error that brought us here matters more than one in writing it down.
            with suppress(StenoError):
                self._put({"state": state, "reason": reason, "request_id": request_id})

    @contextmanager
    def renewed(self) -> Generator[None, None, None]:
        """Show life, for as long as the block runs."""
        thread = threading.Thread(target=self._renew, name="ledger-renewal", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()

    def _renew(self) -> None:
        while not self._done.wait(self.intent.lease_s / 4):
            # A renewal that fails is made up for by the next; if all fail, the lease ends.
            with self._lock, suppress(StenoError):
                if not self._done.is_set():
                    self._put({"renewal": self.intent.renewal + 1})

    def _put(self, changes: dict[str, Any]) -> None:
        self.intent = self.intent.model_copy(update=changes)
        key = self.lot.intent_key(self.intent.number)
        self.store.put(key, _json(self.intent), content_type="application/json")


def _sent(attempt: _Attempt, send: Callable[[], bytes]) -> bytes:
    try:
        return send()
    except (EngineRefused, EngineAccountError) as error:
        attempt.close("released", str(error), error.request_id)
        raise
    except EngineError as error:
        state = "lost" if error.may_be_paid else "released"
        attempt.close(state, str(error), error.request_id)
        raise
    except BaseException as error:
        attempt.close("lost", f"{type(error).__name__}: {error}")
        raise


def _stored(attempt: _Attempt, raw: bytes, stop: threading.Event) -> None:
    """Store a reply, with the patience that its price deserves."""
    give_up_s = _clock_s() + STORE_PATIENCE_S
    pause_s = 0.5
    while True:
        last = stop.is_set() or _clock_s() > give_up_s
        try:
            key = attempt.lot.reply_key(attempt.intent.number)
            attempt.store.put(key, raw, content_type="application/json")
        except StoreUnavailable as error:
            if last:
                attempt.close("lost", f"the reply could not be stored: {error}")
                raise
        else:
            return
        stop.wait(pause_s)
        pause_s = min(2 * pause_s, 30.0)


def _put_if_absent(store: Store, key: str, body: bytes) -> bool:
    return store.put_if_absent(key, body, content_type="application/json")


def _json(record: Record) -> bytes:
    return record.model_dump_json(indent=1).encode()


def _clock_s() -> float:
    """A clock that nobody sets, and that goes on while the machine sleeps, where there is one."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
