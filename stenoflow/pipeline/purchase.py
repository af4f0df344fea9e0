"""The purchase of a recording's chunks: from the ledger if they are there, else from the engine, once.

The order of steps for a chunk is what keeps the money together: look into the ledger, reserve money,
encode, wait for the engine's limits, write the intent, send, store, read. So nothing is encoded or
reserved for what is there already, and nothing is waited for between intent and request.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from decimal import Decimal
from threading import Event, Lock

from stenoflow.audio.encoding import RequestAudio
from stenoflow.billing.budget import RecordingBudget, RecordingReservation
from stenoflow.engines.base import Engine
from stenoflow.errors import (
    EngineAccountError,
    EngineError,
    PermanentError,
    RequestTooLong,
    StenoflowError,
    Stopped,
    TransientError,
)
from stenoflow.ledger.ledger import PurchasedReply, Unclaimed
from stenoflow.ledger.records import ChunkKey, Order
from stenoflow.ledger.unanswered import Unanswered
from stenoflow.pipeline.recording_ledger import ChunkRequest, RecordingLedger
from stenoflow.pipeline.requests import RequestBuilder
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.timeouts import TimeoutLimit
from stenoflow.times import to_seconds

OPEN_REQUESTS = 4
"""Requests of one recording that are open at the same time."""


@dataclass(slots=True)
class ChunkPurchaser:
    """Buys the chunks of one recording that are missing."""

    ledger: RecordingLedger
    builder: RequestBuilder
    budget: RecordingBudget
    run: RunContext
    _done_s: float = 0.0
    _lock: Lock = field(default_factory=Lock)
    _halted: Event = field(default_factory=Event)
    _timeouts: TimeoutLimit = field(default_factory=lambda: TimeoutLimit(0))
    _attempted: set[ChunkKey] = field(default_factory=set[ChunkKey])

    @property
    def engine(self) -> Engine:
        """Return the engine that is asked."""
        return self.builder.engine

    def buy(self, requests: Sequence[ChunkRequest]) -> list[ChunkRequest]:
        """Return all chunks with their replies, in order.

        What was bought is in the ledger even if another chunk fails. Raises OverLimit, BudgetSpent and
        ConfigurationError before anything is sent; else the worst of what the chunks met:
        EngineAccountError, EngineRefused, RequestRefused, EngineTooSlow, UnusableResponse, Stopped,
        EngineError, StoreUnavailable, StoreRefused.
        """
        for each in requests:
            if each.purchased:
                self._count(each.purchased)
        missing = [each for each in requests if each.purchased is None]
        self._timeouts = TimeoutLimit(len(missing))
        reserved = self._reserve(missing)
        with ThreadPoolExecutor(OPEN_REQUESTS, thread_name_prefix="purchase") as threads:
            # Limits kept elsewhere find out by context whose request it is.
            futures = [
                threads.submit(copy_context().run, self._obtain, each, reserved.get(each.key))
                for each in requests
            ]
        if errors := [error for each in futures if (error := each.exception())]:
            worst = max(errors, key=_weight)
            if isinstance(worst, StenoflowError):
                self._add_costs(worst, {each.key for each in missing})
            raise worst
        return [request for each in futures for request in each.result()]

    def _add_costs(self, error: StenoflowError, missing: set[ChunkKey]) -> None:
        """Add to an error what was, or may have been, paid for this recording without a usable reply.

        ``missing`` are the chunks that were not there before; their halves are among those attempted.
        """
        total = Unanswered()
        with suppress(StenoflowError), ThreadPoolExecutor(OPEN_REQUESTS) as threads:
            chunks = missing | self._attempted
            total = sum(threads.map(self.ledger.ledger.unanswered, chunks), Unanswered())
        if total.requests > error.possibly_paid:
            error.possibly_paid, error.possibly_paid_usd = total.requests, total.usd
            error.args = (
                f"{error} {total} for this recording may have been paid without a usable reply.",
            )

    def _usd(self, request: ChunkRequest) -> Decimal | None:
        seconds = self.builder.seconds(request.chunk)
        return self.run.prices.estimate(self.engine.name, self.engine.identity(), seconds).usd

    def _count(self, purchased: PurchasedReply) -> None:
        payments = 1 + purchased.receipt.may_have_been_paid
        self.budget.count((purchased.receipt.order.estimate_usd or Decimal(0)) * payments)

    def _count_attempts(self, unclaimed: Unclaimed) -> None:
        """Count earlier runs' attempts as spent, but once: this run's own are counted as they end."""
        if unclaimed.chunk not in self._attempted:
            self._attempted.add(unclaimed.chunk)
            for intent in unclaimed.possibly_paid:
                self.budget.count(intent.order.estimate_usd or Decimal(0))
            self.budget.check()

    def _reserve(self, missing: Sequence[ChunkRequest]) -> dict[ChunkKey, RecordingReservation]:
        """Reserve money for all of them, or for none."""
        reserved: dict[ChunkKey, RecordingReservation] = {}
        try:
            for each in missing:
                reserved[each.key] = self.budget.reserve(self._usd(each))
        except PermanentError:
            for reservation in reserved.values():
                reservation.release()
            raise
        return reserved

    def _obtain(
        self, request: ChunkRequest, reservation: RecordingReservation | None
    ) -> list[ChunkRequest]:
        if request.purchased or reservation is None:
            self._advance(request)
            return [request]
        try:
            return self._buy_or_halve(request, reservation, most_tries=2)
        except BaseException:
            # What is under way goes on, as it is paid for; nothing new is started.
            self._halted.set()
            raise

    def _buy_or_halve(
        self, request: ChunkRequest, reservation: RecordingReservation, *, most_tries: int
    ) -> list[ChunkRequest]:
        """Buy a chunk, or its halves if it is too large, or timed out ``most_tries`` times."""
        tries = 0
        while True:
            tries += 1
            try:
                with reservation:
                    return [] if self._halted.is_set() else [self._buy(request, reservation)]
            except RequestTooLong as error:
                if error.again:
                    self._timeouts.count(error)
                if tries == most_tries or not error.again:
                    return self._buy_halves(request, error)
            reservation = self.budget.reserve(self._usd(request))

    def _buy(self, request: ChunkRequest, reservation: RecordingReservation) -> ChunkRequest:
        path = self.run.scratch / f"{request.key.chunk}.body"
        body: RequestAudio | None = None
        purchased: PurchasedReply | None = None
        ledger, read = self.ledger.ledger, self.ledger.read
        try:
            while purchased is None:
                found = ledger.wait(request.key, read, cancelled=self.run.cancelled)
                if isinstance(found, PurchasedReply):
                    purchased = found
                    continue
                self._count_attempts(found)
                if body is None:
                    body = self.builder.body(request.plan, request.chunk, path, self.run.cancelled)
                purchased = self._send(found, self._order(request, body), body, reservation)
        finally:
            path.unlink(missing_ok=True)
        self._timeouts.reset()
        done = replace(request, purchased=purchased)
        self._advance(done)
        return done

    def _buy_halves(self, request: ChunkRequest, error: RequestTooLong) -> list[ChunkRequest]:
        halves = self.builder.halves(request.plan, request.chunk, error)
        bought: list[ChunkRequest] = []
        for half in self.ledger.settle_halves(request, halves):
            reservation = self.budget.reserve(self._usd(half))
            bought += self._buy_or_halve(half, reservation, most_tries=1)
        return bought

    def _order(self, request: ChunkRequest, body: RequestAudio) -> Order:
        return Order(
            engine=self.engine.name,
            body_sha256=body.sha256,
            body_bytes=body.size,
            seconds=to_seconds(body.samples),
            exact=not self.builder.sends_original,
            estimate_usd=self._usd(request),
        )

    def _send(
        self,
        unclaimed: Unclaimed,
        order: Order,
        body: RequestAudio,
        reservation: RecordingReservation,
    ) -> PurchasedReply | None:
        cancelled = self.run.cancelled
        paid = False

        def send() -> bytes:
            nonlocal paid
            paid = True
            try:
                return self.engine.transcribe(body, stop=cancelled)
            except (PermanentError, EngineError) as error:
                paid = isinstance(error, EngineError) and error.may_be_paid
                raise

        try:
            with self.run.limiter(cancelled):
                return self.ledger.ledger.buy(
                    unclaimed, order, send, self.ledger.read, cancelled=cancelled
                )
        finally:
            if paid:
                reservation.commit()

    def _advance(self, request: ChunkRequest) -> None:
        with self._lock:
            self._done_s += request.seconds
            self.run.progress(self._done_s)


def _weight(error: BaseException) -> int:
    """Return a rank: of several errors the highest says most about what to do next."""
    kinds = (TransientError, Stopped, PermanentError, EngineAccountError)
    return max((at for at, kind in enumerate(kinds) if isinstance(error, kind)), default=len(kinds))
