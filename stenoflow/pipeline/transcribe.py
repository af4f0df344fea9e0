"""From an analysed recording to its transcript: buy what the ledger does not have, and merge it.

The first to buy a recording stores its segmentation plans in the ledger, before anything is bought.
Whoever comes later, with whatever decoder, maps times by the plans that the audio was bought by; and
since plans and replies are all it takes, a transcript can be made again from the ledger alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stenoflow.billing.budget import RecordingBudget
from stenoflow.engines.base import Engine
from stenoflow.engines.registry import engine_spec, fit_vocabulary
from stenoflow.errors import NotFound
from stenoflow.ledger.ledger import Ledger, PurchasedReply
from stenoflow.manifest.model import Purchase
from stenoflow.media.stream_info import media_type
from stenoflow.pipeline.purchase import ChunkPurchaser
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.recording_ledger import ChunkRequest, RecordingLedger
from stenoflow.pipeline.requests import OriginalFile, RequestBuilder, requested_plans
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.transcription import Transcription
from stenoflow.profile.model import Profile
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.times import to_seconds
from stenoflow.transcript.chunk_reply import ChunkReply
from stenoflow.transcript.merge import merge
from stenoflow.transcript.model import Transcript
from stenoflow.transcript.normalize import normalize
from stenoflow.transcript.repetitions import repetition_warnings


def transcribe(recording: RecordingContext, run: RunContext) -> RecordingContext:
    """Return the recording with its transcription, bought if the ledger does not have it.

    Running it again costs nothing for what was bought, even if it failed. ``run.progress`` is called with the
    seconds of audio that have their reply. Raises OverLimit, BudgetSpent and ConfigurationError before
    anything is sent; EngineRefused, EngineAccountError, EngineError and its kinds, UnusableResponse,
    StoreUnavailable, Stopped.
    """
    profile, engine = recording.profile, recording.engine
    builder = _request_builder(recording)
    if not recording.has_speech:
        empty = _merged(profile, engine, recording.plans, ())
        return replace(recording, transcription=Transcription(empty, recording.plans, ()))
    sha256 = builder.original.sha256
    ledger = RecordingLedger.of(run.ledger, profile, engine, sha256)
    wanted = requested_plans(recording.plans, profile, builder.analysis.samples)
    plans = ledger.settle_plans(wanted)
    budget = RecordingBudget(profile.max_cost_usd, run.budget)
    bought = ChunkPurchaser(ledger, builder, budget, run).buy(ledger.requests(plans))
    warnings = run.prices.estimate(engine.name, engine.identity(), 0).warnings
    return replace(
        recording, transcription=_transcription(profile, engine, plans, bought, warnings)
    )


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Inputs of a recording's transcription, before anything is bought."""

    wanted_s: float
    """Seconds of audio in all its requests, once for each channel that is transcribed separately."""
    missing_s: float
    """Seconds of these that the ledger does not have, and that would be paid for."""
    requests: int
    """Requests for what is missing."""


def outstanding(recording: RecordingContext, ledger: Ledger) -> Outstanding:
    """Return what :func:`transcribe` would buy. Writes nothing.

    Raises UnusableResponse, StoreUnavailable.
    """
    if not recording.has_speech:
        return Outstanding(0.0, 0.0, 0)
    builder = _request_builder(recording)
    own = RecordingLedger.of(ledger, recording.profile, recording.engine, builder.original.sha256)
    plans = own.plans() or requested_plans(
        recording.plans, recording.profile, builder.analysis.samples
    )
    missing = own.missing(plans)
    return Outstanding(
        wanted_s=builder.channels_in_body * to_seconds(sum(plan.sent for plan in plans)),
        missing_s=sum(builder.seconds(each.chunk) for each in missing),
        requests=len(missing),
    )


def rebuild(profile: Profile, engine: Engine, ledger: Ledger, source_sha256: str) -> Transcription:
    """Return the transcription of a recording from the ledger alone: nothing is read or bought.

    Raises NotFound if it has not been bought, or not all of it; UnusableResponse, StoreUnavailable.
    """
    own = RecordingLedger.of(ledger, profile, engine, source_sha256)
    plans = own.plans()
    requests = own.requests(plans) if plans else []
    bought = [each for each in requests if each.purchased]
    if plans is None or len(bought) < len(requests):
        had = f"only {len(bought)} of its {len(requests)} chunks have" if bought else "it has not"
        raise NotFound(
            f"The recording with SHA-256 {source_sha256} cannot be rendered from the ledger: {had} "
            f"been bought from {engine.name} with this profile. Transcribe it first."
        )
    return _transcription(profile, engine, plans, bought, ())


def _request_builder(recording: RecordingContext) -> RequestBuilder:
    fetched, analysis, profile = recording.fetched, recording.analysis, recording.profile
    if fetched is None or analysis is None:
        raise ValueError(f"{recording.key} must be fetched and analysed before it is transcribed")
    original = OriginalFile(
        path=fetched.path,
        size=fetched.info.size,
        sha256=fetched.sha256,
        content_type=media_type(analysis.media),
        presign=lambda expires_s: recording.source.presign(recording.key, expires_s=expires_s),
    )
    return RequestBuilder(analysis, original, profile, recording.engine)


def _transcription(
    profile: Profile,
    engine: Engine,
    plans: tuple[SegmentationPlan, ...],
    bought: Sequence[ChunkRequest],
    warnings: tuple[str, ...],
) -> Transcription:
    replies = [
        ChunkReply(each.plan.channel, each.chunk, each.purchased.reply)
        for each in bought
        if each.purchased
    ]
    transcript = _merged(profile, engine, plans, replies)
    unfit = fit_vocabulary(engine_spec(engine.name), profile).warnings
    return Transcription(
        transcript=replace(
            transcript,
            warnings=(*unfit, *transcript.warnings, *repetition_warnings(transcript)),
        ),
        plans=plans,
        purchases=tuple(_purchase(each, each.purchased) for each in bought if each.purchased),
        warnings=warnings,
    )


def _merged(
    profile: Profile,
    engine: Engine,
    plans: Sequence[SegmentationPlan],
    replies: Sequence[ChunkReply],
) -> Transcript:
    transcript = merge(
        replies,
        duration_s=to_seconds(max((plan.samples for plan in plans), default=0)),
        engine=engine.name,
        accuracy=engine_spec(engine.name).capabilities.accuracy,
        separate_channels=profile.media.channels == "apart",
    )
    return normalize(transcript)


def _purchase(request: ChunkRequest, purchased: PurchasedReply) -> Purchase:
    receipt = purchased.receipt
    return Purchase(
        address=request.key.address,
        chunk=request.key.chunk,
        channel=request.plan.channel,
        start_s=request.chunk.span.start_s,
        end_s=request.chunk.span.end_s,
        how=purchased.origin,
        request_id=receipt.request_id,
        seconds=receipt.order.seconds,
        estimate_usd=receipt.order.estimate_usd,
        bought_at=receipt.at,
        may_have_been_paid=receipt.may_have_been_paid + request.possibly_paid,
    )
