"""The manifest of a recording, built from what is known of it."""

from collections.abc import Iterable
from importlib.metadata import version

from stenoflow.engines.base import Engine
from stenoflow.manifest.model import (
    ChannelRecord,
    Manifest,
    Published,
    Source,
    TranscriptSummary,
    Unpublished,
)
from stenoflow.media.binaries import chosen_decoder
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.run_context import RunContext
from stenoflow.rendering import Rendering
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.times import format_clock, to_seconds
from stenoflow.transcript.model import Transcript
from stenoflow.transcript.speakers import speakers

MOST_TIMES = 5
"""So many places are named in a warning; the others are counted."""

PACKAGES = ("stenoflow", "silero-vad", "onnxruntime", "numpy")


def build_manifest(
    recording: RecordingContext,
    rendering: Rendering,
    published: tuple[Published, ...],
    failures: tuple[Unpublished, ...],
    run: RunContext,
) -> Manifest:
    """Return the manifest of a recording whose artifacts are written."""
    transcription = recording.transcription
    return Manifest(
        outcome=recording.finished,
        reason=recording.reason,
        error=type(recording.rejection).__name__ if recording.rejection else None,
        source=_source(recording, rendering.recording.url),
        media=rendering.media,
        duration_s=recording.analysis.duration_s if recording.analysis else None,
        profile=recording.profile,
        profile_digest=recording.profile.digest(),
        versions=_versions(recording, recording.engine),
        steps_s={step: round(took_s, 3) for step, took_s in run.steps_s().items()},
        channels=_channels(recording),
        purchases=transcription.purchases if transcription else (),
        costs=rendering.costs,
        transcript=summarize(rendering.transcript) if transcription else None,
        speaker_turns=transcription.speaker_turns if transcription else (),
        known_speakers=rendering.transcript.known_speakers,
        artifacts=published,
        failures=failures,
        warnings=_warnings(recording, rendering),
        flow_run=run.flow_run,
        finished=run.now(),
    )


def summarize(transcript: Transcript) -> TranscriptSummary:
    """Return a transcript in numbers."""
    return TranscriptSummary(
        words=len(transcript.words),
        utterances=len(transcript.utterances),
        speakers=len(speakers(transcript)),
        language=transcript.language,
        model=transcript.model,
        accuracy=transcript.accuracy,
    )


def _source(recording: RecordingContext, url: str) -> Source:
    info = recording.info
    return Source(
        key=recording.key,
        url=url,
        version=info.version if info else None,
        bytes=info.size if info else None,
        modified=info.modified if info else None,
        sha256=recording.fetched.sha256 if recording.fetched else None,
    )


def _channels(recording: RecordingContext) -> tuple[ChannelRecord, ...]:
    if recording.analysis is None:
        return ()
    channels = {channel.index: channel for channel in recording.analysis.channels}
    return tuple(
        ChannelRecord(
            quality=channels[plan.channel].quality,
            gain=channels[plan.channel].gain,
            segments=len(plan.speech),
            speech_s=to_seconds(sum(span.samples for span in plan.speech)),
            plan=plan,
            proofs=tuple(chunk.timeline.proof(plan.samples) for chunk in plan.chunks),
        )
        for plan in recording.used_plans
        if plan.channel in channels
    )


def _versions(recording: RecordingContext, engine: Engine) -> dict[str, str]:
    versions = {name: version(name) for name in PACKAGES}
    versions["ffmpeg"] = chosen_decoder().version
    if recording.transcription and recording.transcription.transcript.model:
        versions[engine.name] = recording.transcription.transcript.model
    return versions


def _warnings(recording: RecordingContext, rendering: Rendering) -> tuple[str, ...]:
    """Return each sentence once, in the order in which they arose."""
    warnings: list[str] = []
    if recording.fetched and recording.fetched.resumed:
        warnings.append(f"Reading the recording broke off {recording.fetched.resumed} times.")
    if recording.analysis:
        warnings += recording.analysis.warnings
        for channel in recording.analysis.channels:
            warnings += channel.quality.warnings
    warnings += _uncertain_speech(recording.used_plans)
    if recording.transcription:
        warnings += recording.transcription.warnings
    warnings += rendering.transcript.warnings
    return tuple(dict.fromkeys(warnings))


def _uncertain_speech(plans: Iterable[SegmentationPlan]) -> tuple[str, ...]:
    """Return a warning about sounds that may be speech and were not sent; () if there are none."""
    spans = sorted(span for plan in plans for span in plan.uncertain)
    times = list(dict.fromkeys(format_clock(span.start_s) for span in spans))
    if not times:
        return ()
    named = ", ".join(times[:MOST_TIMES])
    more = f" and {len(times) - MOST_TIMES} more times" if len(times) > MOST_TIMES else ""
    return (
        f"Faint or short sounds were taken for noise and not sent, at {named}{more}: "
        "if these are words, lower `vad.threshold`.",
    )
