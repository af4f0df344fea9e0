"""From what was heard to what was said: buy what the ledger does not have, and join it.

The first to buy a recording keeps its cut plan in the ledger, before anything is bought. Whoever
comes later, with whatever decoder, maps times by the plan that the audio was bought with; and since
plan and replies are all it takes, a transcript can be made again from the ledger alone.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pydantic import TypeAdapter

from stenoflow.audio.analysis import AnalyzedChannel, AudioAnalysis
from stenoflow.audio.encoding import RequestAudio, encode
from stenoflow.billing.budget import Budget, RecordingBudget
from stenoflow.billing.pricing import Prices
from stenoflow.engines.base import Engine
from stenoflow.engines.registry import engine_spec
from stenoflow.errors import ConfigurationError, NotFound
from stenoflow.ledger.keys import address_of
from stenoflow.ledger.ledger import Ledger, Origin, PurchasedReply
from stenoflow.pipeline.purchase import Admission, Buyer, Shelf, Wanted
from stenoflow.profile.model import Profile
from stenoflow.segmentation.plan import Chunk, SegmentationPlan
from stenoflow.segmentation.timeline import Timeline
from stenoflow.times import Seconds, Span, to_seconds
from stenoflow.transcript.chunk_reply import ChunkReply
from stenoflow.transcript.merge import merge
from stenoflow.transcript.model import Transcript
from stenoflow.transcript.normalize import normalize

PLAN = "plan.json"
"""Name of the kept plan under a purchase's address."""

_plans = TypeAdapter(tuple[SegmentationPlan, ...])


@dataclass(frozen=True, slots=True)
class Purchase:
    """One request to an engine, as the manifest records it."""

    address: str
    part: str
    """With ``address``, where it lies in the ledger."""
    channel: int
    start_s: Seconds
    """The stretch of the recording that it answers for."""
    end_s: Seconds
    how: Origin
    """``bought`` by this run, ``reused`` from an earlier one, or ``waited`` for while another bought."""
    request_id: str | None
    seconds: float
    """Length of the audio that was sent."""
    estimate_usd: Decimal | None
    """What it cost, whenever it was bought; None where no price is known."""
    bought_at: datetime
    may_have_been_paid: int
    """Attempts beside this one that may have been paid without a usable reply."""


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A transcript, and what it took."""

    transcript: Transcript
    plans: tuple[SegmentationPlan, ...]
    """What was sent, as the ledger keeps it."""
    purchases: tuple[Purchase, ...]
    warnings: tuple[str, ...] = ()
    """About money: what an estimate leaves out."""

    @property
    def seconds(self) -> float:
        """Length of all audio that this transcript was bought with."""
        return sum(each.seconds for each in self.purchases)

    @property
    def seconds_bought(self) -> float:
        """Of that, what this very run has bought."""
        return sum(each.seconds for each in self.purchases if each.how == "bought")

    @property
    def may_have_been_paid(self) -> int:
        """Requests that may have been paid without a usable reply, in this and earlier runs."""
        return sum(each.may_have_been_paid for each in self.purchases)


@dataclass(frozen=True, slots=True)
class Original:
    """The recording itself, for engines that are sent it as it is."""

    path: Path
    size: int
    content_type: str
    presigned: Callable[[], str | None]
    """A URL that the engine may read it at; None where its store has no such thing."""


def transcribe(
    heard: AudioAnalysis,
    plans: Sequence[SegmentationPlan],
    profile: Profile,
    engine: Engine,
    ledger: Ledger,
    source_sha256: str,
    *,
    original: Original,
    prices: Prices,
    budget: Budget,
    admission: Admission,
    scratch: Path,
    stop: threading.Event,
    progress: Callable[[float], None],
) -> Transcribed:
    """What was said in a recording, bought where the ledger does not have it.

    ``plans`` are those of the recording's channels; ``budget`` is the sweep's; ``admission`` what
    each request to the engine must pass through; ``progress`` is told how many seconds of what is
    sent have their reply. Running it again costs nothing for what was bought, even if it failed.

    Raises OverLimit, BudgetSpent and ConfigurationError before anything is sent; EngineRefused,
    EngineAccountError, EngineError and its kinds, UnusableResponse, StoreUnavailable, Stopped.
    """
    if not any(plan.chunks for plan in plans):
        return Transcribed(_joined(profile, engine, plans, ()), tuple(plans), ())
    if profile.sends_original:
        plans = [_uncut(plans, heard.samples)]
    address = address_of(profile, engine, source_sha256)
    kept = ledger.put_once(address, PLAN, _plans, tuple(plans))
    channels = {channel.index: channel for channel in heard.channels}

    def body(plan: SegmentationPlan, part: Chunk, path: Path) -> RequestAudio:
        if profile.sends_original:
            return _whole(original, source_sha256, profile, plan)
        return _packed(channels[plan.channel], plan, part, path, engine, stop)

    shelf = Shelf.of(ledger, address, engine)
    buyer = Buyer(
        shelf=shelf,
        engine=engine,
        prices=prices,
        purse=RecordingBudget(profile.max_cost_usd, budget),
        pack=body,
        admission=admission,
        scratch=scratch,
        stop=stop,
        progress=progress,
        cutting=profile.cutting,
        whole=profile.sends_original,
        channels=_channels_in_body(profile, heard),
        speech_scores={index: each.speech_scores for index, each in channels.items()},
    )
    bought = buyer.buy(shelf.wanted(kept))
    warnings = prices.estimate(engine.name, engine.identity(), 0).warnings
    return _transcribed(profile, engine, kept, bought, warnings)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What a recording takes to transcribe, before anything is bought."""

    wanted_s: float
    """Seconds of audio in all its requests, those of each channel that is heard apart."""
    missing_s: float
    """Of these, what the ledger does not have: what would be paid for."""
    requests: int
    """For what is missing."""


def outstanding(
    heard: AudioAnalysis,
    plans: Sequence[SegmentationPlan],
    profile: Profile,
    engine: Engine,
    ledger: Ledger,
    source_sha256: str,
) -> Outstanding:
    """What :func:`transcribe` would buy. Nothing is written. Raises UnusableResponse, StoreUnavailable."""
    if not any(plan.chunks for plan in plans):
        return Outstanding(0.0, 0.0, 0)
    if profile.sends_original:
        plans = [_uncut(plans, heard.samples)]
    address = address_of(profile, engine, source_sha256)
    kept = ledger.get(address, PLAN, _plans) or tuple(plans)
    missing = Shelf.of(ledger, address, engine).missing(kept)
    channels = _channels_in_body(profile, heard)
    return Outstanding(
        wanted_s=channels * to_seconds(sum(plan.sent for plan in kept)),
        missing_s=channels * sum(each.seconds for each in missing),
        requests=len(missing),
    )


def rebuild(profile: Profile, engine: Engine, ledger: Ledger, source_sha256: str) -> Transcribed:
    """The transcript of a recording from the ledger alone: no audio is read, nothing is bought.

    Raises NotFound where it has not been bought, or not all of it; UnusableResponse, StoreUnavailable.
    """
    address = address_of(profile, engine, source_sha256)
    kept = ledger.get(address, PLAN, _plans)
    wanted = Shelf.of(ledger, address, engine).wanted(kept) if kept else []
    there = [each for each in wanted if each.obtained]
    if kept is None or len(there) < len(wanted):
        had = f"only {len(there)} of its {len(wanted)} parts have" if there else "it has not"
        raise NotFound(
            f"The recording with SHA-256 {source_sha256} cannot be rendered from the ledger: {had} "
            f"been bought from {engine.name} with this profile. Transcribe it first."
        )
    return _transcribed(profile, engine, kept, there, ())


def _uncut(plans: Sequence[SegmentationPlan], samples: int) -> SegmentationPlan:
    """The plan of a recording that is sent as it is: one part, for all channels together."""
    speech = sorted(span for plan in plans for span in plan.speech)
    return SegmentationPlan(
        channel=0,
        samples=samples,
        speech=Timeline.of(speech).kept,
        chunks=(Chunk(span=Span(0, samples), timeline=Timeline.identity(samples)),),
    )


def _whole(
    original: Original, source_sha256: str, profile: Profile, plan: SegmentationPlan
) -> RequestAudio:
    by_url = profile.deepgram.upload == "url"
    url = original.presigned() if by_url else None
    if by_url and url is None:
        raise ConfigurationError(
            "The recordings' store makes no presigned URLs: set the profile's deepgram.upload to "
            "flac or original."
        )
    return RequestAudio(
        path=None if by_url else original.path,
        url=url,
        size=original.size,
        sha256=source_sha256,
        content_type=original.content_type,
        samples=plan.samples,
        speech=plan.speech,
    )


def _packed(
    channel: AnalyzedChannel,
    plan: SegmentationPlan,
    part: Chunk,
    path: Path,
    engine: Engine,
    stop: threading.Event,
) -> RequestAudio:
    # The plan may be another decoder's, that made a few samples more of the recording's end.
    timeline = part.timeline.slice(Span(0, part.timeline.to_sent(channel.samples)))
    audio = encode(
        channel.pcm,
        timeline.kept,
        path,
        encoding=engine.encoding,
        gain=channel.gain,
        stop=stop,
    )
    return replace(audio, speech=timeline.speech_sent(plan.speech))


def _channels_in_body(profile: Profile, heard: AudioAnalysis) -> int:
    return len(heard.channels) if profile.sends_original and _apart(profile) else 1


def _apart(profile: Profile) -> bool:
    return profile.media.channels == "apart"


def _transcribed(
    profile: Profile,
    engine: Engine,
    plans: tuple[SegmentationPlan, ...],
    bought: Sequence[Wanted],
    warnings: tuple[str, ...],
) -> Transcribed:
    answers = [
        ChunkReply(each.plan.channel, each.part, each.obtained.reply)
        for each in bought
        if each.obtained
    ]
    return Transcribed(
        transcript=_joined(profile, engine, plans, answers),
        plans=plans,
        purchases=tuple(_purchase(each, each.obtained) for each in bought if each.obtained),
        warnings=warnings,
    )


def _joined(
    profile: Profile,
    engine: Engine,
    plans: Sequence[SegmentationPlan],
    answers: Sequence[ChunkReply],
) -> Transcript:
    transcript = merge(
        answers,
        duration_s=to_seconds(max((plan.samples for plan in plans), default=0)),
        engine=engine.name,
        accuracy=engine_spec(engine.name).capabilities.accuracy,
        separate_channels=_apart(profile),
    )
    return normalize(transcript)


def _purchase(wanted: Wanted, obtained: PurchasedReply) -> Purchase:
    receipt = obtained.receipt
    return Purchase(
        address=wanted.chunk.address,
        part=wanted.chunk.chunk,
        channel=wanted.plan.channel,
        start_s=wanted.part.span.start_s,
        end_s=wanted.part.span.end_s,
        how=obtained.origin,
        request_id=receipt.request_id,
        seconds=receipt.order.seconds,
        estimate_usd=receipt.order.estimate_usd,
        bought_at=receipt.at,
        may_have_been_paid=receipt.may_have_been_paid + wanted.lost,
    )
