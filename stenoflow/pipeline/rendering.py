"""The value that renderers work from, assembled from what is known of a recording."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from stenoflow.audio.analysis import AnalyzedChannel
from stenoflow.billing.costs import Costs
from stenoflow.billing.pricing import Prices
from stenoflow.engines.base import Engine
from stenoflow.manifest.model import Manifest
from stenoflow.media.stream_info import UNKNOWN_MEDIA_TYPE, media_type
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.transcription import Transcription
from stenoflow.profile.model import Profile
from stenoflow.rendering import Recording, Rendering, Waveform, compute_waveform
from stenoflow.rendering.playback import playback_url
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.segmentation.timeline import Timeline
from stenoflow.times import Seconds, Span, to_seconds
from stenoflow.transcript.model import Transcript


def rendering_of(recording: RecordingContext, prices: Prices) -> Rendering:
    """Return all that renderers may use; of a recording that was not transcribed, without words.

    Raises ConfigurationError if the profile's playback links point nowhere; StoreUnavailable.
    """
    analysis, transcription, profile = (
        recording.analysis,
        recording.transcription,
        recording.profile,
    )
    duration_s = analysis.duration_s if analysis else Seconds(0.0)
    plans = recording.used_plans
    return Rendering(
        recording=_recording(recording),
        transcript=transcription.transcript
        if transcription
        else Transcript((), (), duration_s=duration_s),
        captions=profile.captions,
        playback=profile.playback,
        redacted=profile.redacts,
        media=analysis.media if analysis else None,
        quality=tuple(each.quality for each in analysis.channels) if analysis else (),
        speech=speech_of(plans),
        removed=removed_from(plans) if transcription else (),
        waveform=_waveform(analysis.channels) if analysis and analysis.samples else None,
        costs=costs_of(transcription, prices, recording.engine) if transcription else None,
    )


def rendering_from_ledger(
    manifest: Manifest, profile: Profile, transcription: Transcription, costs: Costs
) -> Rendering:
    """Return what renderers may use if there is nothing but the manifest and the ledger.

    Neither the recording nor its store is asked, so there is no waveform, no embedded audio and no
    presigned link. Raises ConfigurationError if the profile's playback links point nowhere.
    """
    source = manifest.source
    return Rendering(
        recording=Recording(
            key=source.key,
            url=source.url,
            version=source.version or "",
            size=source.bytes or 0,
            sha256=source.sha256 or "",
            media_type=media_type(manifest.media) if manifest.media else UNKNOWN_MEDIA_TYPE,
            playback_url=_playback_url(profile, source.key, source.url, presign=lambda _: None),
        ),
        transcript=transcription.transcript,
        captions=profile.captions,
        playback=profile.playback,
        redacted=profile.redacts,
        media=manifest.media,
        quality=tuple(each.quality for each in manifest.channels),
        speech=speech_of(transcription.plans),
        removed=removed_from(transcription.plans),
        costs=costs,
    )


def costs_of(transcription: Transcription, prices: Prices, engine: Engine) -> Costs:
    """Return what a transcript cost, and what its recording would have cost as it is."""
    audio_s = sum(to_seconds(plan.samples) for plan in transcription.plans)
    paid_s = transcription.paid_s
    saved_s = max(0.0, audio_s - paid_s)
    estimates = [each.estimate_usd for each in transcription.purchases]
    known = [each for each in estimates if each is not None]
    return Costs(
        audio_s=audio_s,
        paid_s=paid_s,
        bought_s=transcription.bought_s,
        saved_s=saved_s,
        estimate_usd=sum(known, Decimal(0)) if len(known) == len(estimates) else None,
        saved_usd=prices.estimate(engine.name, engine.identity(), saved_s).usd,
        may_have_been_paid=transcription.may_have_been_paid,
    )


def speech_of(plans: Iterable[SegmentationPlan]) -> tuple[Span, ...]:
    """Return where anybody speaks, on whatever channel."""
    return Timeline.of(sorted(span for plan in plans for span in plan.speech)).kept


def removed_from(plans: Iterable[SegmentationPlan]) -> tuple[Span, ...]:
    """Return what no channel sent."""
    plans = list(plans)
    kept = Timeline.of(
        sorted(span for plan in plans for chunk in plan.chunks for span in chunk.timeline.kept)
    ).kept
    length = max((plan.samples for plan in plans), default=0)
    edges = [Span(0, 0), *kept, Span(length, length)]
    gaps = (Span(before.end, max(before.end, after.start)) for before, after in pairwise(edges))
    return tuple(gap for gap in gaps if gap.samples)


def _recording(recording: RecordingContext) -> Recording:
    source, key, fetched = recording.source, recording.key, recording.fetched
    url = source.url_of(key)
    return Recording(
        key=key,
        url=url,
        version=recording.info.version if recording.info else "",
        size=recording.info.size if recording.info else 0,
        sha256=fetched.sha256 if fetched else "",
        media_type=media_type(recording.analysis.media)
        if recording.analysis
        else UNKNOWN_MEDIA_TYPE,
        path=_existing(fetched.path) if fetched and not recording.profile.redacts else None,
        playback_url=_playback_url(
            recording.profile,
            key,
            url,
            presign=lambda expires_s: source.presign(key, expires_s=expires_s),
        ),
    )


def _playback_url(
    profile: Profile, key: str, url: str, *, presign: Callable[[int], str | None]
) -> str | None:
    """Return the address that plays a recording; None where the transcript is redacted."""
    if profile.redacts:
        return None
    return playback_url(profile.playback, key=key, source_url=url, presign=presign)


def _existing(path: Path) -> Path | None:
    return path if path.exists() else None


def _waveform(channels: Sequence[AnalyzedChannel]) -> Waveform:
    """Return the loudest of all channels in each bucket."""
    drawn = [compute_waveform(channel.pcm, samples=channel.samples) for channel in channels]
    peaks = tuple(max(bucket) for bucket in zip(*(each.peaks for each in drawn), strict=True))
    return Waveform(peaks, drawn[0].duration_s)
