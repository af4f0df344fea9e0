"""One recording's chunks, as the ledger has them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from stenoflow.engines.base import Engine
from stenoflow.ledger.keys import address_of, chunk_key_of
from stenoflow.ledger.ledger import Ledger, PurchasedReply, Read
from stenoflow.ledger.records import ChunkKey
from stenoflow.ledger.validation import reader
from stenoflow.profile.model import Profile
from stenoflow.segmentation.plan import Chunk, SegmentationPlan
from stenoflow.times import Seconds, to_seconds

PLAN = "plan.json"

_plans = TypeAdapter(tuple[SegmentationPlan, ...])
_halves = TypeAdapter(tuple[Chunk, ...])


@dataclass(frozen=True, slots=True, eq=False)
class ChunkRequest:
    """A chunk that is to be bought, or, with ``purchased`` set, has been."""

    plan: SegmentationPlan
    chunk: Chunk
    key: ChunkKey
    purchased: PurchasedReply | None = None
    possibly_paid: int = 0
    """Attempts that may have been paid, on the chunk that this one is the first half of."""

    @property
    def seconds(self) -> Seconds:
        """Return the length of the audio that is sent."""
        return to_seconds(self.chunk.timeline.samples)


@dataclass(frozen=True, slots=True)
class RecordingLedger:
    """The part of a ledger that is about one recording under one profile."""

    ledger: Ledger
    address: str
    read: Read

    @classmethod
    def of(
        cls, ledger: Ledger, profile: Profile, engine: Engine, source_sha256: str
    ) -> "RecordingLedger":
        """Return the recording's part of the ledger, found by its own digest and the profile."""
        return cls(ledger, address_of(profile, engine, source_sha256), reader(engine))

    def plans(self) -> tuple[SegmentationPlan, ...] | None:
        """Return the plans that this recording is bought by; None if there are none yet.

        Raises UnusableResponse, StoreUnavailable.
        """
        return self.ledger.get(self.address, PLAN, _plans)

    def settle_plans(self, plans: tuple[SegmentationPlan, ...]) -> tuple[SegmentationPlan, ...]:
        """Store the plans unless there are some. Return those that are stored.

        Whoever comes later, with whatever decoder, maps times by the plans that the audio was bought by.
        """
        return self.ledger.put_once(self.address, PLAN, _plans, plans)

    def requests(self, plans: Sequence[SegmentationPlan]) -> list[ChunkRequest]:
        """Return every chunk of the plans in order, with the replies that are there.

        Chunks that were halved earlier come as halves. Raises UnusableResponse, StoreUnavailable.
        """
        return [found for each in self._chunks(plans) for found in self._found(each)]

    def missing(self, plans: Sequence[SegmentationPlan]) -> list[ChunkRequest]:
        """Return the chunks that would have to be bought. Writes nothing.

        Raises UnusableResponse, StoreUnavailable.
        """
        return [missing for each in self._chunks(plans) for missing in self._missing(each)]

    def settle_halves(self, request: ChunkRequest, halves: tuple[Chunk, ...]) -> list[ChunkRequest]:
        """Store how a chunk is halved, unless that is stored. Return the halves that are stored."""
        stored = self.ledger.put_once(self.address, _split_name(request.key), _halves, halves)
        return list(self._halved(request, stored))

    def _chunks(self, plans: Sequence[SegmentationPlan]) -> Iterator[ChunkRequest]:
        for plan in plans:
            for chunk in plan.chunks:
                yield ChunkRequest(plan, chunk, self._key(plan, chunk))

    def _found(self, request: ChunkRequest) -> Iterator[ChunkRequest]:
        if purchased := self.ledger.find(request.key, self.read):
            yield replace(request, purchased=purchased)
        elif halves := self._halves_of(request):
            for half in self._halved(request, halves):
                yield from self._found(half)
        else:
            yield request

    def _missing(self, request: ChunkRequest) -> Iterator[ChunkRequest]:
        if self.ledger.has_reply(request.key):
            return
        if halves := self._halves_of(request):
            for half in self._halved(request, halves):
                yield from self._missing(half)
        else:
            yield request

    def _halves_of(self, request: ChunkRequest) -> tuple[Chunk, ...] | None:
        return self.ledger.get(self.address, _split_name(request.key), _halves)

    def _halved(self, request: ChunkRequest, halves: Sequence[Chunk]) -> Iterator[ChunkRequest]:
        possibly_paid = request.possibly_paid + len(self.ledger.possibly_paid(request.key))
        for half in halves:
            key = self._key(request.plan, half)
            yield ChunkRequest(request.plan, half, key, possibly_paid=possibly_paid)
            possibly_paid = 0

    def _key(self, plan: SegmentationPlan, chunk: Chunk) -> ChunkKey:
        return chunk_key_of(self.address, plan.channel, chunk)


def _split_name(key: ChunkKey) -> str:
    return f"parts/{key.chunk}/split.json"
