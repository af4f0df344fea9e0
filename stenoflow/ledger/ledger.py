"""The record of what was bought: an intent before each request, the raw reply as soon as it arrives.

A *chunk* is the audio of one request, found by the digest of everything that decides its answer.
Whoever wants it looks here first, on whichever machine::

    <address>/plan.json                       how the recording was segmented, for whoever comes later
    <address>/parts/<chunk>/intent-0001.json  "I am about to buy this": made by put-if-absent
    <address>/parts/<chunk>/reply-0001.json   the engine's reply, byte for byte
    <address>/parts/<chunk>/receipt.json      which reply is the right one, with its digest

If two want one chunk at once, one makes the intent and buys, and the other waits. A buyer renews its
lease while it is at work; an intent that was not renewed for a whole lease belongs to a dead buyer, and
the next number is free to be claimed. Between sending a request and storing its reply there is a moment
in which it is unknown whether a dead process had paid: such attempts stay on record and are counted.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from threading import Event
from typing import Literal, TypeVar

from pydantic import TypeAdapter, ValidationError
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from stenoflow.errors import (
    BrokenReply,
    ConfigurationError,
    EngineAccountError,
    EngineError,
    ErrorReply,
    NotFound,
    PermanentError,
    StenoflowError,
    Stopped,
    StoreRefused,
    StoreUnavailable,
    UnusableResponse,
)
from stenoflow.http.backoff import Backoff
from stenoflow.ledger.clock import Clock, SystemClock
from stenoflow.ledger.entries import (
    JSON,
    ChunkEntries,
    find_record,
    put_record_if_absent,
    read_record,
)
from stenoflow.ledger.exclusivity import Exclusivity
from stenoflow.ledger.lease import Attempt, LeaseMonitor
from stenoflow.ledger.lease_owner import this_process
from stenoflow.ledger.records import ChunkKey, Intent, Order, Receipt, folder_of
from stenoflow.ledger.spool import Spool
from stenoflow.ledger.unanswered import Unanswered
from stenoflow.options import validation_message
from stenoflow.storage import Store
from stenoflow.transcript.model import Reply

MAX_UNANSWERED_ATTEMPTS = 8
"""After this many attempts that may have been paid without a reply, a person must look."""
MAX_AFTER_UNUSABLE = 1
"""Further requests for a chunk whose reply was surely paid and is not a transcript of it."""
STORAGE_BACKOFF = Backoff(first_s=0.5, longest_s=30.0)
"""Pauses between attempts to store a reply that was paid for."""

_T = TypeVar("_T")

Origin = Literal["bought", "reused", "waited"]
"""``bought`` by this run, ``reused`` from an earlier one, or ``waited`` for while another bought it."""

Read = Callable[[bytes, Order], Reply]
"""Reads a raw reply to an order. Raises EngineError if it is not an answer to that order (which then
must be bought again), UnusableResponse if it is one that cannot be read."""


@dataclass(frozen=True, slots=True)
class PurchasedReply:
    """The reply to a chunk, and how this run came by it."""

    reply: Reply
    receipt: Receipt
    origin: Origin


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """A chunk without a reply that is not being bought: the caller may claim it under this number."""

    chunk: ChunkKey
    number: int
    possibly_paid: tuple[Intent, ...]
    """Earlier attempts that may have been paid."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger inside a destination store. Safe to use from many threads and processes."""

    store: Store
    lease_s: float = 45.0
    """An intent not renewed for this long is taken over; it is renewed four times as often."""
    poll_s: float = 1.0
    """Pause between two looks at a chunk that another process is buying."""
    storage_patience_s: float = 600.0
    """Seconds for which storing a paid reply is retried; then it is kept in the spool."""
    clock: Clock = field(default_factory=SystemClock)
    exclusivity: Exclusivity = field(default_factory=Exclusivity)
    spool: Spool = field(default_factory=Spool)

    def put_once(self, address: str, name: str, kind: TypeAdapter[_T], value: _T) -> _T:
        """Store a value under an address unless there is one. Return the one that is stored.

        Raises UnusableResponse if that one cannot be read; ConfigurationError if the store cannot put if
        absent: nothing is bought without that.
        """
        key = f"{folder_of(address)}/{name}"
        self.store.put_if_absent(key, kind.dump_json(value), content_type=JSON)
        return self._value(key, kind)

    def get(self, address: str, name: str, kind: TypeAdapter[_T]) -> _T | None:
        """Return the value stored under this address and name, or None. Raises UnusableResponse."""
        try:
            return self._value(f"{folder_of(address)}/{name}", kind)
        except NotFound:
            return None

    def find(self, chunk: ChunkKey, read: Read) -> PurchasedReply | None:
        """Return the reply to a chunk if it has been bought.

        What an earlier run could not store is stored now. Raises UnusableResponse, StoreRefused,
        StoreUnavailable.
        """
        self._deliver(chunk)
        return self._available(ChunkEntries.read(self.store, chunk), read, "reused")

    def has_reply(self, chunk: ChunkKey) -> bool:
        """Return True if :meth:`find` would find a reply. Never writes. Raises UnusableResponse."""
        return ChunkEntries.read(self.store, chunk).has_usable_reply()

    def possibly_paid(self, chunk: ChunkKey) -> tuple[Intent, ...]:
        """Return the attempts that may have been paid, on a chunk that is not being bought.

        Raises UnusableResponse.
        """
        return ChunkEntries.read(self.store, chunk).possibly_paid()

    def unanswered(self, chunk: ChunkKey) -> Unanswered:
        """Return the attempts on a chunk that ended, and may have been paid, without a usable reply.

        Raises UnusableResponse, StoreUnavailable.
        """
        entries = ChunkEntries.read(self.store, chunk)
        if receipt := entries.receipt:
            usd = receipt.order.estimate_usd
            lost = receipt.may_have_been_paid
            return Unanswered(lost, None if usd is None else lost * usd)
        # One that is open may be under way; a later one shows that it is not.
        last = len(entries.intents)
        ended = [
            each for each in entries.possibly_paid() if each.state != "open" or each.number != last
        ]
        return Unanswered.of(ended)

    def wait(self, chunk: ChunkKey, read: Read, *, cancelled: Event) -> PurchasedReply | Unclaimed:
        """Return the reply, waiting while another process buys it; Unclaimed if none does.

        To be called after :meth:`find` has found nothing: a chunk without a first intent is taken for one
        without a receipt. Raises UnusableResponse, Stopped, StoreUnavailable.
        """
        self._deliver(chunk)
        if find_record(self.store, Intent, chunk.intent_key(1)) is None:
            return Unclaimed(chunk, 1, ())
        entries = ChunkEntries.read(self.store, chunk)
        reply = self._available(entries, read, "reused")
        monitor = LeaseMonitor(self.clock)
        while reply is None:
            if not entries.intents or entries.intents[-1].state != "open":
                return Unclaimed(chunk, len(entries.intents) + 1, entries.possibly_paid())
            if monitor.expired(entries.intents[-1]):
                found = self._available(entries, read, "waited")
                return found or self._abandoned(chunk, len(entries.intents))
            if self.clock.wait(cancelled, self.poll_s):
                raise Stopped("Stopped while another run was buying the same audio.")
            entries = entries.read_again()
            if entries.receipt:
                reply = self._available(entries, read, "waited")
        return reply

    def buy(
        self,
        unclaimed: Unclaimed,
        order: Order,
        send: Callable[[], bytes],
        read: Read,
        *,
        cancelled: Event,
    ) -> PurchasedReply | None:
        """Send a request under an intent, store its reply, then read it.

        Return None if another process has claimed the chunk: :meth:`wait` for it again. Raises what
        ``send`` and ``read`` raise, with the attempt closed accordingly; UnusableResponse after
        ``MAX_UNANSWERED_ATTEMPTS``, or ``MAX_AFTER_UNUSABLE`` after a reply that cannot be used; Stopped;
        StoreUnavailable or StoreRefused if the reply could not be stored, and is kept in the spool;
        ConfigurationError, before anything is sent,
        where the store does not keep two buyers apart.
        """
        self._check_attempts_left(unclaimed)
        if order.costs:
            self.exclusivity.ensure(self.store)
        if cancelled.is_set():
            raise Stopped("Stopped before the audio was sent.")
        began_s = self.clock.now_s()
        attempt = self._claim(unclaimed, order)
        if attempt is None:
            return None
        if self.clock.now_s() - began_s > self.lease_s / 2:
            # The machine was suspended, or the store is slow: by now another process may have claimed it.
            attempt.close("released", "claimed too slowly")
            return None
        with attempt.renewed():
            try:
                raw = _send(attempt, send)
            except BrokenReply as broken:
                self._store_reply(attempt, broken.received, cancelled)
                attempt.close("spoiled", str(broken), broken.request_id)
                raise
            self._store_reply(attempt, raw, cancelled)
            return self._accept(attempt, raw, read, len(unclaimed.possibly_paid))

    def _deliver(self, chunk: ChunkKey) -> None:
        """Store the replies to a chunk that an earlier run on this machine had to keep."""
        for spooled in self.spool.replies(self.store.url_of(chunk.prefix)):
            key = chunk.reply_key(spooled.number)
            self.store.put(key, spooled.path.read_bytes(), content_type=JSON)
            spooled.remove()

    def _value(self, key: str, kind: TypeAdapter[_T]) -> _T:
        try:
            return kind.validate_json(self.store.read(key))
        except ValidationError as error:
            raise UnusableResponse(
                f"{self.store.url_of(key)}, by which audio was bought, cannot be read: "
                f"{validation_message(error, most=1)}"
            ) from error

    def _abandoned(self, chunk: ChunkKey, number: int) -> Unclaimed:
        """Return a chunk whose last intent, of this number, belongs to a dead owner."""
        possibly_paid = ChunkEntries.read(self.store, chunk).possibly_paid()
        earlier = tuple(each for each in possibly_paid if each.number <= number)
        return Unclaimed(chunk, number + 1, earlier)

    def _check_attempts_left(self, unclaimed: Unclaimed) -> None:
        attempts = unclaimed.possibly_paid
        unusable = [at for at, each in enumerate(attempts) if each.state == "spoiled"]
        after = len(attempts) - 1 - unusable[0] if unusable else 0
        if len(attempts) >= MAX_UNANSWERED_ATTEMPTS or after >= MAX_AFTER_UNUSABLE:
            last, lost = attempts[-1], Unanswered.of(attempts)
            error = UnusableResponse(
                f"{lost} for the same audio may have been paid without a usable reply, the last of "
                f"them: {last.reason or 'the process that sent it died.'} Nothing more is sent; to try "
                f"again, remove {self.store.url_of(unclaimed.chunk.prefix)}",
                request_id=last.request_id,
            )
            error.possibly_paid, error.possibly_paid_usd = lost.requests, lost.usd
            raise error

    def _claim(self, unclaimed: Unclaimed, order: Order) -> Attempt | None:
        chunk, number = unclaimed.chunk, unclaimed.number
        intent = Intent(
            id=uuid.uuid4().hex,
            number=number,
            state="open",
            owner=this_process(),
            lease_s=self.lease_s,
            at=datetime.now(UTC),
            order=order,
        )
        key = chunk.intent_key(number)
        # A client that repeats a PUT whose response got lost meets an existing object: its own.
        if (
            put_record_if_absent(self.store, key, intent)
            or read_record(self.store, Intent, key).id == intent.id
        ):
            return Attempt(self.store, chunk, intent, self.clock)
        return None

    def _store_reply(self, attempt: Attempt, raw: bytes, cancelled: Event) -> None:
        """Store a reply, with the patience that its price deserves; else keep it in the spool."""
        give_up_at_s = self.clock.now_s() + self.storage_patience_s

        def pause(seconds: float) -> None:
            self.clock.wait(cancelled, seconds)

        def gives_up(_: RetryCallState) -> bool:
            return cancelled.is_set() or self.clock.now_s() >= give_up_at_s

        key = attempt.chunk.reply_key(attempt.intent.number)
        try:
            for trial in Retrying(
                wait=STORAGE_BACKOFF.wait,
                stop=gives_up,
                retry=retry_if_exception_type((StoreUnavailable, StoreRefused)),
                sleep=pause,
                reraise=True,
            ):
                with trial:
                    self.store.put(key, raw, content_type=JSON)
        except (StoreUnavailable, StoreRefused) as error:
            self._keep(attempt, raw, error)
            raise

    def _keep(self, attempt: Attempt, raw: bytes, error: StenoflowError) -> None:
        """Keep a reply that could not be stored, and say in the error where it is.

        The attempt stays open: once the reply is stored, whoever looks for it accepts it.
        """
        chunk = attempt.chunk
        try:
            url = self.store.url_of(chunk.prefix)
            path = self.spool.keep(url, attempt.intent.number, raw)
        except (OSError, ConfigurationError) as failure:
            attempt.close("lost", f"the reply could not be stored: {error} Nor here: {failure}")
            return
        error.args = (
            f"{error} The engine's reply, which is paid for, is kept in {path}, and the next run on this "
            "machine stores it.",
        )

    def _accept(
        self, attempt: Attempt, raw: bytes, read: Read, possibly_paid: int
    ) -> PurchasedReply:
        """Read a stored reply and write its receipt, unless another buyer's reply came first."""
        chunk, intent = attempt.chunk, attempt.intent
        try:
            reply = read(raw, intent.order)
        except ErrorReply as error:
            attempt.close("lost", str(error), error.request_id)
            raise
        except (EngineError, EngineAccountError) as error:
            attempt.close("spoiled", str(error), error.request_id)
            raise
        receipt = Receipt(
            intent=intent.number,
            reply_sha256=sha256(raw).hexdigest(),
            reply_bytes=len(raw),
            request_id=reply.request_id,
            order=intent.order,
            at=intent.at,
            may_have_been_paid=possibly_paid,
        )
        stored = receipt
        if not put_record_if_absent(self.store, chunk.receipt_key, receipt):
            stored = read_record(self.store, Receipt, chunk.receipt_key)
        if stored.intent == intent.number:
            return PurchasedReply(reply, stored, "bought")
        # This buyer was taken for dead and overtaken: both have paid, and the first reply counts.
        attempt.close("lost", "another buyer's reply came first", reply.request_id)
        both_paid = {"may_have_been_paid": stored.may_have_been_paid + 1}
        first = self._read_stored(chunk, stored, read)
        return PurchasedReply(first, stored.model_copy(update=both_paid), "waited")

    def _available(
        self, entries: ChunkEntries, read: Read, origin: Origin
    ) -> PurchasedReply | None:
        """Return the reply if it is there, accepting it first if that was not done yet."""
        chunk = entries.chunk
        if receipt := entries.receipt:
            return PurchasedReply(self._read_stored(chunk, receipt, read), receipt, origin)
        for intent, raw in entries.unread_replies():
            others = [each for each in entries.possibly_paid() if each.number != intent.number]
            with suppress(EngineError):
                attempt = Attempt(self.store, chunk, intent, self.clock)
                accepted = self._accept(attempt, raw, read, len(others))
                return PurchasedReply(accepted.reply, accepted.receipt, origin)
        return None

    def _read_stored(self, chunk: ChunkKey, receipt: Receipt, read: Read) -> Reply:
        key = chunk.reply_key(receipt.intent)
        url = self.store.url_of(key)
        raw = self.store.read(key, max_bytes=receipt.reply_bytes)
        if sha256(raw).hexdigest() != receipt.reply_sha256:
            raise UnusableResponse(
                f"The stored reply {url} is not what its receipt says was received; to buy the "
                f"audio again, remove {self.store.url_of(chunk.prefix)}",
                request_id=receipt.request_id,
            )
        try:
            return read(raw, receipt.order)
        except EngineError as error:
            raise UnusableResponse(
                f"The stored reply {url} was readable once and is not any more: {error}",
                request_id=receipt.request_id,
            ) from error


def _send(attempt: Attempt, send: Callable[[], bytes]) -> bytes:
    """Return the raw reply; the attempt is closed if there is nothing of one."""
    try:
        return send()
    except BrokenReply:
        raise
    except PermanentError as error:
        attempt.close("released", str(error), error.request_id)
        raise
    except EngineError as error:
        state = "lost" if error.may_be_paid else "released"
        attempt.close(state, str(error), error.request_id)
        raise
    except BaseException as error:
        attempt.close("lost", f"{type(error).__name__}: {error}")
        raise
