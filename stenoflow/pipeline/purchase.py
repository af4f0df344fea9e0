"""Buying the parts of one recording: from the ledger where they are, else from the engine, once.

The order of steps for a part is what keeps the money together: look into the ledger, set money aside,
pack, wait for a turn at the engine, write the intent, send, store, read. So nothing is packed or set
aside for what is there already, and between intent and request there is nothing to wait for.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from pydantic import TypeAdapter

from stenoflow.audio.encoding import RequestAudio
from stenoflow.billing.budget import RecordingBudget, RecordingReservation
from stenoflow.billing.pricing import PriceEstimate, Prices
from stenoflow.engines.base import Engine
from stenoflow.errors import (
    EngineAccountError,
    EngineError,
    EngineRefused,
    PermanentError,
    RequestTooLong,
    Stopped,
    TransientError,
)
from stenoflow.ledger.keys import chunk_key_of
from stenoflow.ledger.ledger import Ledger, PurchasedReply, Read, Unclaimed
from stenoflow.ledger.records import ChunkKey, Order
from stenoflow.ledger.validation import reader
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.plan import Chunk, SegmentationPlan
from stenoflow.segmentation.planner import halve
from stenoflow.times import Seconds, to_seconds
from stenoflow.vad.scores import SpeechScores

AT_ONCE = 4
"""Requests of one recording that are open at once."""

Admission = Callable[[threading.Event], AbstractContextManager[None]]
"""What a request passes through; it is inside for as long as the request is open."""

Pack = Callable[[SegmentationPlan, Chunk, Path], RequestAudio]
"""Makes the body of a part, in the file given if it needs one."""


_halves = TypeAdapter(tuple[Chunk, ...])


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """One part of a plan, and its reply once it is there."""

    plan: SegmentationPlan
    part: Chunk
    chunk: ChunkKey
    obtained: PurchasedReply | None = None
    lost: int = 0
    """Attempts that may have been paid, on the part that this one is a half of."""

    @property
    def seconds(self) -> Seconds:
        return to_seconds(self.part.timeline.samples)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the ledger has of one recording."""

    ledger: Ledger
    address: str
    read: Read

    @classmethod
    def of(cls, ledger: Ledger, address: str, engine: Engine) -> "Shelf":
        return cls(ledger, address, reader(engine))

    def wanted(self, plans: Sequence[SegmentationPlan]) -> list[Wanted]:
        """Every part of the plans in order, those halved earlier as halves, with the replies that
        are there. Raises UnusableResponse, StoreUnavailable."""
        parts = (
            Wanted(plan, part, self._lot(plan, part)) for plan in plans for part in plan.chunks
        )
        return [found for part in parts for found in self._found(part)]

    def missing(self, plans: Sequence[SegmentationPlan]) -> list[Wanted]:
        """The parts that would have to be bought, told without writing anything. Raises UnusableResponse,
        StoreUnavailable."""
        parts = (
            Wanted(plan, part, self._lot(plan, part)) for plan in plans for part in plan.chunks
        )
        return [missing for part in parts for missing in self._missing(part)]

    def halves(self, wanted: Wanted, halves: Sequence[Chunk]) -> list[Wanted]:
        """Keep it in mind that a part goes in halves; the halves, as whoever came first made them."""
        kept = self.ledger.put_once(self.address, _split_name(wanted.chunk), _halves, tuple(halves))
        return list(self._apart(wanted, kept))

    def _found(self, wanted: Wanted) -> Iterator[Wanted]:
        if obtained := self.ledger.find(wanted.chunk, self.read):
            yield replace(wanted, obtained=obtained)
        elif halves := self.ledger.get(self.address, _split_name(wanted.chunk), _halves):
            for half in self._apart(wanted, halves):
                yield from self._found(half)
        else:
            yield wanted

    def _missing(self, wanted: Wanted) -> Iterator[Wanted]:
        if self.ledger.has_reply(wanted.chunk):
            return
        halves = self.ledger.get(self.address, _split_name(wanted.chunk), _halves)
        if halves is None:
            yield wanted
        else:
            for half in self._apart(wanted, halves):
                yield from self._missing(half)

    def _apart(self, wanted: Wanted, halves: Sequence[Chunk]) -> Iterator[Wanted]:
        lost = wanted.lost + len(self.ledger.possibly_paid(wanted.chunk))
        for half in halves:
            yield Wanted(wanted.plan, half, self._lot(wanted.plan, half), lost=lost)
            lost = 0

    def _lot(self, plan: SegmentationPlan, part: Chunk) -> ChunkKey:
        return chunk_key_of(self.address, plan.channel, part)


def _split_name(chunk: ChunkKey) -> str:
    return f"parts/{chunk.chunk}/split.json"


@dataclass(slots=True)
class Buyer:
    """Buys what is missing of one recording."""

    shelf: Shelf
    engine: Engine
    prices: Prices
    purse: RecordingBudget
    pack: Pack
    admission: Admission
    scratch: Path
    stop: threading.Event
    progress: Callable[[float], None]
    """Told after each part how many seconds of audio have their reply."""
    cutting: SegmentationOptions
    whole: bool
    """The recording is sent as it is: one request that cannot be halved."""
    channels: int = 1
    """Channels in one body, each paid."""
    speech_scores: Mapping[int, SpeechScores] = field(default_factory=dict[int, SpeechScores])
    """By channel: where to halve speech without a pause."""
    _done_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _halted: threading.Event = field(default_factory=threading.Event)
    _counted: set[ChunkKey] = field(default_factory=set[ChunkKey])

    def estimate(self, wanted: Wanted) -> PriceEstimate:
        """What a part costs."""
        seconds = wanted.seconds * self.channels
        return self.prices.estimate(self.engine.name, self.engine.identity(), seconds)

    def buy(self, wanted: Sequence[Wanted]) -> list[Wanted]:
        """All parts with their replies, in order; what was bought is in the ledger even if another
        part fails.

        Raises OverLimit, BudgetSpent and ConfigurationError before anything is sent; the worst of what the
        parts met: EngineAccountError, EngineRefused, UnusableResponse, Stopped, EngineError,
        StoreUnavailable.
        """
        for each in wanted:
            if each.obtained:
                self._count(each.obtained)
        held = self._reserve([each for each in wanted if each.obtained is None])
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="purchase") as threads:
            # Limits kept elsewhere find out whose request it is by context.
            futures = [
                threads.submit(copy_context().run, self._obtain, each, held.get(each.chunk))
                for each in wanted
            ]
        if errors := [error for each in futures if (error := each.exception())]:
            raise max(errors, key=_weight)
        return [part for each in futures for part in each.result()]

    def _count(self, obtained: PurchasedReply) -> None:
        payments = 1 + obtained.receipt.may_have_been_paid
        self.purse.count((obtained.receipt.order.estimate_usd or Decimal(0)) * payments)

    def _count_lost(self, turn: Unclaimed) -> None:
        """Earlier runs' attempts count as spent, but once: this run's own are counted as they end."""
        if turn.chunk not in self._counted:
            self._counted.add(turn.chunk)
            for intent in turn.possibly_paid:
                self.purse.count(intent.order.estimate_usd or Decimal(0))
            self.purse.check()

    def _reserve(self, missing: Sequence[Wanted]) -> dict[ChunkKey, RecordingReservation]:
        """Money for all of them, or for none."""
        held: dict[ChunkKey, RecordingReservation] = {}
        try:
            for each in missing:
                held[each.chunk] = self.purse.reserve(self.estimate(each).usd)
        except PermanentError:
            for reserved in held.values():
                reserved.release()
            raise
        return held

    def _obtain(self, wanted: Wanted, held: RecordingReservation | None) -> list[Wanted]:
        if wanted.obtained or held is None:
            self._advance(wanted)
            return [wanted]
        try:
            return self._bought(wanted, held)
        except BaseException:
            # What is under way goes on, as it is paid for; nothing new is begun.
            self._halted.set()
            raise

    def _bought(self, wanted: Wanted, held: RecordingReservation) -> list[Wanted]:
        tries = 0
        while True:
            tries += 1
            try:
                with held:
                    return [] if self._halted.is_set() else [self._bought_whole(wanted, held)]
            except RequestTooLong as error:
                if tries > 1 or not error.again:
                    return self._bought_in_halves(wanted, error)
            held = self.purse.reserve(self.estimate(wanted).usd)

    def _bought_whole(self, wanted: Wanted, held: RecordingReservation) -> Wanted:
        path = self.scratch / f"{wanted.chunk.chunk}.body"
        body: RequestAudio | None = None
        obtained: PurchasedReply | None = None
        try:
            while obtained is None:
                turn = self.shelf.ledger.wait(wanted.chunk, self.shelf.read, cancelled=self.stop)
                if isinstance(turn, PurchasedReply):
                    obtained = turn
                else:
                    self._count_lost(turn)
                    body = body or self.pack(wanted.plan, wanted.part, path)
                    obtained = self._send(turn, wanted, body, held)
        finally:
            path.unlink(missing_ok=True)
        done = replace(wanted, obtained=obtained)
        self._advance(done)
        return done

    def _bought_in_halves(self, wanted: Wanted, error: RequestTooLong) -> list[Wanted]:
        if self.whole:
            raise EngineRefused(
                f"{error} A recording that is sent as it is cannot be sent in parts: set the "
                "profile's deepgram.upload to flac.",
                request_id=error.request_id,
            ) from error
        speech_scores = self.speech_scores.get(wanted.plan.channel)
        try:
            halves = halve(
                wanted.part, wanted.plan.speech, self.cutting, speech_scores=speech_scores
            )
        except RequestTooLong as shortest:
            if error.again:
                raise error from shortest
            raise EngineRefused(f"{error} {shortest}", request_id=error.request_id) from error
        bought: list[Wanted] = []
        for half in self.shelf.halves(wanted, halves):
            bought += self._bought(half, self.purse.reserve(self.estimate(half).usd))
        return bought

    def _send(
        self, turn: Unclaimed, wanted: Wanted, body: RequestAudio, held: RecordingReservation
    ) -> PurchasedReply | None:
        order = Order(
            engine=self.engine.name,
            body_sha256=body.sha256,
            body_bytes=body.size,
            seconds=to_seconds(body.samples),
            exact=not self.whole,
            estimate_usd=self.estimate(wanted).usd,
        )
        paid = False

        def send() -> bytes:
            nonlocal paid
            paid = True
            try:
                return self.engine.transcribe(body, stop=self.stop)
            except (EngineRefused, EngineAccountError, EngineError) as error:
                paid = isinstance(error, EngineError) and error.may_be_paid
                raise

        try:
            with self.admission(self.stop):
                return self.shelf.ledger.buy(
                    turn, order, send, self.shelf.read, cancelled=self.stop
                )
        finally:
            if paid:
                held.commit()

    def _advance(self, wanted: Wanted) -> None:
        with self._lock:
            self._done_s += wanted.seconds
            self.progress(self._done_s)


def _weight(error: BaseException) -> int:
    """Which of several errors says most about what to do next."""
    kinds = (TransientError, Stopped, PermanentError, EngineAccountError)
    return max((at for at, kind in enumerate(kinds) if isinstance(error, kind)), default=len(kinds))
