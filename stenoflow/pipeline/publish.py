"""Write down how a recording ended: its artifacts, then its manifest.

Artifacts lie under the recording's own key, whichever profile made them. So before the first of them is
written, manifests that speak of earlier ones go: at no time does a manifest name a file that is
another one. Whoever is interrupted leaves no manifest, and the work is done again.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

from stenoflow.audio.analysis import AnalyzedChannel, AudioAnalysis
from stenoflow.billing.pricing import Prices
from stenoflow.engines.base import Engine
from stenoflow.errors import Rejected
from stenoflow.ledger.ledger import Ledger
from stenoflow.manifest.keys import artifact_key, fingerprint, manifest_key, manifests_of
from stenoflow.manifest.model import (
    Costs,
    Cut,
    Finished,
    Manifest,
    Published,
    Source,
    Unpublished,
    Words,
    read_manifest,
    written,
)
from stenoflow.media.binaries import chosen_decoder
from stenoflow.media.stream_info import UNKNOWN_MEDIA_TYPE, media_type
from stenoflow.pipeline.transcribe import Transcribed, rebuild
from stenoflow.profile.model import Profile
from stenoflow.render import (
    Artifact,
    Recording,
    Rendering,
    Waveform,
    compute_waveform,
    render_all,
)
from stenoflow.render import Costs as RenderedCosts
from stenoflow.render.playback import playback_url
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.segmentation.timeline import Timeline
from stenoflow.storage import Fetched, ObjectInfo, Store
from stenoflow.times import Seconds, Span, to_seconds
from stenoflow.transcript.model import Transcript
from stenoflow.transcript.speakers import speakers

NOBODY = "Nobody speaks in this recording{loudness}. Nothing was sent to the engine."
PACKAGES = ("stenoflow", "silero-vad", "onnxruntime", "numpy")


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """All that is known of a recording at its end."""

    key: str
    info: ObjectInfo | None
    """None where its store has no such object, or does not tell."""
    recording: Fetched | None
    heard: AudioAnalysis | None
    plans: tuple[SegmentationPlan, ...]
    transcribed: Transcribed | None
    rejection: Rejected | None

    @property
    def finished(self) -> Finished:
        if self.rejection:
            return "rejected"
        return "published" if self.transcribed else "no_speech"

    @property
    def reason(self) -> str | None:
        if self.rejection:
            return str(self.rejection)
        return None if self.transcribed else nobody(self.heard)


def nobody(heard: AudioAnalysis | None) -> str:
    """The sentence about a recording without speech; how loud it is tells silence from music."""
    peaks = [each.quality.peak_dbfs for each in heard.channels] if heard else []
    loudest = max((peak for peak in peaks if peak is not None), default=None)
    loudness = "digital silence" if loudest is None else f"its peak is {loudest:.0f} dBFS"
    return NOBODY.format(loudness=f" ({loudness})")


def render(
    outcome: Outcome, profile: Profile, source: Store, prices: Prices, engine: Engine
) -> Rendering:
    """Everything that renderers may use. Of a recording that was not transcribed, without words.

    Raises ConfigurationError where the profile's playback links point nowhere; StoreUnavailable.
    """
    heard, transcribed = outcome.heard, outcome.transcribed
    plans = transcribed.plans if transcribed else outcome.plans
    duration_s = heard.duration_s if heard else Seconds(0.0)
    return Rendering(
        recording=_recording(outcome, profile, source),
        transcript=transcribed.transcript
        if transcribed
        else Transcript((), (), duration_s=duration_s),
        captions=profile.captions,
        playback=profile.playback,
        media=heard.media if heard else None,
        quality=tuple(each.quality for each in heard.channels) if heard else (),
        speech=_speech(plans),
        removed=_removed(plans) if transcribed else (),
        waveform=_waveform(heard.channels) if heard and heard.samples else None,
        costs=_rendered(_costs(transcribed, prices, engine)) if transcribed else None,
    )


def publish(
    outcome: Outcome,
    rendering: Rendering,
    profile: Profile,
    destination: Store,
    *,
    engine: Engine,
    prices: Prices,
    flow_run: str | None,
    steps_s: Callable[[], Mapping[str, float]],
    now: datetime,
) -> Manifest:
    """Write a recording's artifacts and, last, its manifest.

    ``steps_s`` is asked when the manifest is about to be written. A format that fails is told in the
    manifest, and fails nothing else. Raises StoreUnavailable, AccessDenied; ConfigurationError where the
    profile names artifacts that nobody renders.
    """
    published, failures = (
        _artifacts(rendering, profile.artifacts, destination, {})
        if outcome.transcribed
        else ((), ())
    )
    manifest = Manifest(
        outcome=outcome.finished,
        reason=outcome.reason,
        error=type(outcome.rejection).__name__ if outcome.rejection else None,
        source=_source(outcome, rendering.recording.url),
        media=rendering.media,
        duration_s=outcome.heard.duration_s if outcome.heard else None,
        profile=profile,
        profile_digest=profile.digest(),
        versions=_versions(outcome, engine),
        steps_s={step: round(took, 3) for step, took in steps_s().items()},
        channels=_cuts(outcome),
        purchases=outcome.transcribed.purchases if outcome.transcribed else (),
        costs=_costs(outcome.transcribed, prices, engine) if outcome.transcribed else None,
        transcript=_words(rendering.transcript) if outcome.transcribed else None,
        artifacts=published,
        failures=failures,
        warnings=_warnings(outcome, rendering),
        flow_run=flow_run,
        finished=now,
    )
    _close(manifest, destination)
    return manifest


def publish_again(
    manifest: Manifest,
    profile: Profile,
    destination: Store,
    *,
    engine: Engine,
    prices: Prices,
    now: datetime,
) -> Manifest:
    """Publish a recording otherwise, from its manifest and the ledger alone.

    Where the profile differs in its choice of artifacts only, those that are there already stay as
    they are. Neither the recording, nor its store, nor the engine is asked for anything, so a page shows no
    waveform and embeds no sound, and no link is presigned. Raises NotFound where the ledger has not
    all of what this profile would send; ConfigurationError where the profile names artifacts that nobody
    renders; UnusableResponse, StoreUnavailable, AccessDenied.
    """
    source = manifest.source
    transcribed = rebuild(profile, engine, Ledger(destination), source.sha256 or "")
    costs = _costs(transcribed, prices, engine)
    plans = transcribed.plans
    rendering = Rendering(
        recording=Recording(
            key=source.key,
            url=source.url,
            version=source.version or "",
            size=source.bytes or 0,
            sha256=source.sha256 or "",
            media_type=media_type(manifest.media) if manifest.media else UNKNOWN_MEDIA_TYPE,
            playback_url=playback_url(
                profile.playback, key=source.key, source_url=source.url, presign=lambda _: None
            ),
        ),
        transcript=transcribed.transcript,
        captions=profile.captions,
        playback=profile.playback,
        media=manifest.media,
        quality=tuple(each.quality for each in manifest.channels),
        speech=_speech(plans),
        removed=_removed(plans),
        costs=_rendered(costs),
    )
    same = profile.model_copy(update={"artifacts": manifest.profile.artifacts}) == manifest.profile
    kept = {each.name: each for each in manifest.artifacts if same}
    published, failures = _artifacts(rendering, profile.artifacts, destination, kept)
    again = manifest.model_copy(
        update={
            "profile": profile,
            "profile_digest": profile.digest(),
            "versions": manifest.versions | {"stenoflow": version("stenoflow")},
            "purchases": transcribed.purchases,
            "costs": costs,
            "transcript": _words(rendering.transcript),
            "artifacts": published,
            "failures": failures,
            "finished": now,
        }
    )
    _close(again, destination)
    return again


def _close(manifest: Manifest, destination: Store) -> None:
    """Write the manifest, after all that it names."""
    mark = fingerprint(manifest.source.version or "", manifest.profile)
    place = manifest_key(manifest.source.key, mark)
    destination.put(place, written(manifest), content_type="application/json")


def _costs(transcribed: Transcribed, prices: Prices, engine: Engine) -> Costs:
    """What a transcript cost, and what its recording would have cost as it is."""
    audio_s = sum(to_seconds(plan.samples) for plan in transcribed.plans)
    paid_s = transcribed.seconds
    saved_s = max(0.0, audio_s - paid_s)
    estimates = [each.estimate_usd for each in transcribed.purchases]
    known = [each for each in estimates if each is not None]
    return Costs(
        audio_s=audio_s,
        paid_s=paid_s,
        bought_s=transcribed.seconds_bought,
        saved_s=saved_s,
        estimate_usd=sum(known, Decimal(0)) if len(known) == len(estimates) else None,
        saved_usd=prices.estimate(engine.name, engine.identity(), saved_s).usd,
        may_have_been_paid=transcribed.may_have_been_paid,
    )


def _rendered(costs: Costs) -> RenderedCosts:
    return RenderedCosts(
        paid_s=Seconds(costs.paid_s),
        saved_s=Seconds(costs.saved_s),
        estimate_usd=costs.estimate_usd,
        saved_usd=costs.saved_usd,
        may_have_been_paid=costs.may_have_been_paid,
    )


def _artifacts(
    rendering: Rendering,
    wanted: Sequence[str],
    destination: Store,
    kept: Mapping[str, Published],
) -> tuple[tuple[Published, ...], tuple[Unpublished, ...]]:
    """Write all artifacts ``wanted``, but those ``kept``, by name, as they are.

    What is published then, and what could not be written.
    """
    key = rendering.recording.key
    artifacts, failures = render_all(rendering, [name for name in wanted if name not in kept])
    files = [artifact_key(key, each.file_name) for each in artifacts]
    if artifacts:
        _make_way(destination, key, {*files, *(each.key for each in kept.values())})
    return (
        (
            *(kept[name] for name in wanted if name in kept),
            *(_put(destination, key, each) for each in artifacts),
        ),
        tuple(Unpublished(name=each.name, error=each.error) for each in failures),
    )


def _make_way(destination: Store, key: str, staying: Container[str]) -> None:
    """Remove manifests of what is about to be overwritten, and what they name beside ``staying``."""
    for found in list(destination.list(manifests_of(key))):
        earlier = read_manifest(destination, found.key)
        destination.delete(found.key)
        for artifact in earlier.artifacts if earlier else ():
            if artifact.key not in staying:
                destination.delete(artifact.key)


def _put(destination: Store, key: str, artifact: Artifact) -> Published:
    place = artifact_key(key, artifact.file_name)
    destination.put(place, artifact.body, content_type=artifact.content_type)
    return Published(
        name=artifact.name,
        key=place,
        content_type=artifact.content_type,
        bytes=len(artifact.body),
        sha256=sha256(artifact.body).hexdigest(),
    )


def _recording(outcome: Outcome, profile: Profile, source: Store) -> Recording:
    url = source.url_of(outcome.key)
    fetched = outcome.recording
    return Recording(
        key=outcome.key,
        url=url,
        version=outcome.info.version if outcome.info else "",
        size=outcome.info.size if outcome.info else 0,
        sha256=fetched.sha256 if fetched else "",
        media_type=media_type(outcome.heard.media) if outcome.heard else UNKNOWN_MEDIA_TYPE,
        path=_existing(fetched.path) if fetched else None,
        playback_url=playback_url(
            profile.playback,
            key=outcome.key,
            source_url=url,
            presign=lambda expires_s: source.presign(outcome.key, expires_s=expires_s),
        ),
    )


def _existing(path: Path) -> Path | None:
    return path if path.exists() else None


def _source(outcome: Outcome, url: str) -> Source:
    return Source(
        key=outcome.key,
        url=url,
        version=outcome.info.version if outcome.info else None,
        bytes=outcome.info.size if outcome.info else None,
        modified=outcome.info.modified if outcome.info else None,
        sha256=outcome.recording.sha256 if outcome.recording else None,
    )


def _cuts(outcome: Outcome) -> tuple[Cut, ...]:
    if outcome.heard is None:
        return ()
    plans = outcome.transcribed.plans if outcome.transcribed else outcome.plans
    channels = {channel.index: channel for channel in outcome.heard.channels}
    return tuple(
        Cut(
            quality=channels[plan.channel].quality,
            gain=channels[plan.channel].gain,
            segments=len(plan.speech),
            speech_s=to_seconds(sum(span.samples for span in plan.speech)),
            plan=plan,
            proofs=tuple(part.timeline.proof(plan.samples) for part in plan.chunks),
        )
        for plan in plans
        if plan.channel in channels
    )


def _words(transcript: Transcript) -> Words:
    return Words(
        words=len(transcript.words),
        utterances=len(transcript.utterances),
        speakers=len(speakers(transcript)),
        language=transcript.language,
        model=transcript.model,
        accuracy=transcript.accuracy,
    )


def _versions(outcome: Outcome, engine: Engine) -> dict[str, str]:
    versions = {name: version(name) for name in PACKAGES}
    versions["ffmpeg"] = chosen_decoder().version
    if outcome.transcribed and outcome.transcribed.transcript.model:
        versions[engine.name] = outcome.transcribed.transcript.model
    return versions


def _warnings(outcome: Outcome, rendering: Rendering) -> tuple[str, ...]:
    """Each sentence once, in the order in which they arose."""
    said: list[str] = []
    if outcome.recording and outcome.recording.resumed:
        said.append(f"Reading the recording broke off {outcome.recording.resumed} times.")
    if outcome.heard:
        said += outcome.heard.warnings
        for channel in outcome.heard.channels:
            said += channel.quality.warnings
    if outcome.transcribed:
        said += outcome.transcribed.warnings
    said += rendering.transcript.warnings
    return tuple(dict.fromkeys(said))


def _speech(plans: Iterable[SegmentationPlan]) -> tuple[Span, ...]:
    """Where anybody speaks, on whatever channel."""
    return Timeline.of(sorted(span for plan in plans for span in plan.speech)).kept


def _removed(plans: Iterable[SegmentationPlan]) -> tuple[Span, ...]:
    """What no channel sent."""
    plans = list(plans)
    kept = Timeline.of(
        sorted(span for plan in plans for part in plan.chunks for span in part.timeline.kept)
    ).kept
    length = max((plan.samples for plan in plans), default=0)
    edges = [Span(0, 0), *kept, Span(length, length)]
    gaps = (Span(before.end, max(before.end, after.start)) for before, after in pairwise(edges))
    return tuple(gap for gap in gaps if gap.samples)


def _waveform(channels: Sequence[AnalyzedChannel]) -> Waveform:
    """The loudest of all channels in each bucket."""
    drawn = [compute_waveform(channel.pcm, samples=channel.samples) for channel in channels]
    peaks = tuple(max(bucket) for bucket in zip(*(each.peaks for each in drawn), strict=True))
    return Waveform(peaks, drawn[0].duration_s)
