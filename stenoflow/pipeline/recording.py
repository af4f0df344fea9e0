"""The steps of one recording, as plain functions: look up, fetch, convert, segment, gate, transcribe.

Each takes what is known of the recording and returns it with more fields set. A Prefect flow wraps them
in tasks; :func:`run_steps` runs them one after the other. What comes then is
:func:`stenoflow.pipeline.publish.publish`.
"""

from dataclasses import replace

from stenoflow.audio.analysis import analyze
from stenoflow.audio.quality import check_quality_gate
from stenoflow.errors import Rejected, StoreRefused, error_type
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.manifest.model import Manifest, read_manifest
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.speakers import tell_speakers
from stenoflow.pipeline.transcribe import transcribe
from stenoflow.segmentation.planner import plan_channels


def look_up(recording: RecordingContext) -> RecordingContext:
    """Return the recording with what its store knows of it. Raises StoreRefused."""
    return replace(recording, info=recording.source.stat(recording.key))


def find_manifest(recording: RecordingContext) -> Manifest | None:
    """Return the manifest of this version of the recording under this profile, if there is one."""
    if recording.info is None:
        raise ValueError(f"{recording.key} must be looked up first")
    mark = fingerprint(recording.info.version, recording.profile)
    manifest = read_manifest(recording.destination, manifest_key(recording.key, mark))
    # Version 0.1.0 called a recording rejected if its store refused to give it.
    refused = manifest is not None and issubclass(error_type(manifest.error), StoreRefused)
    return None if refused else manifest


def fetch(recording: RecordingContext, run: RunContext) -> RecordingContext:
    """Return the recording with a local copy of its file in the scratch folder.

    Raises OverLimit, StoreRefused, SourceChanged, StoreUnavailable, Stopped.
    """
    fetched = recording.source.fetch(
        recording.key,
        run.scratch / "recording",
        max_bytes=recording.profile.limits.max_bytes,
        stop=run.cancelled,
    )
    return replace(recording, info=fetched.info, fetched=fetched)


def convert(recording: RecordingContext, run: RunContext) -> RecordingContext:
    """Return the recording with its analysis: samples in the scratch folder, quality, speech scores.

    Raises BadMedia, OverLimit, ProcessTimedOut, ProcessKilled, Stopped, NotFound.
    """
    if recording.fetched is None:
        raise ValueError(f"{recording.key} must be fetched first")
    analysis = analyze(
        recording.fetched.path,
        recording.profile.analysis,
        run.scratch,
        stop=run.cancelled,
        progress=run.progress,
    )
    return replace(recording, analysis=analysis)


def segment(recording: RecordingContext) -> RecordingContext:
    """Return the recording with its segmentation plans, one a channel."""
    if recording.analysis is None:
        raise ValueError(f"{recording.key} must be converted first")
    plans = plan_channels(
        recording.analysis.channels,
        recording.profile.vad,
        recording.profile.cutting,
        max_request_bytes=recording.engine.max_request_bytes,
    )
    return replace(recording, plans=plans)


def check_gate(recording: RecordingContext) -> None:
    """Raise BelowQuality if the recording is below the profile's quality gate."""
    if recording.analysis is None:
        raise ValueError(f"{recording.key} must be converted first")
    qualities = [each.quality for each in recording.analysis.channels]
    check_quality_gate(qualities, recording.profile.quality)


def run_steps(recording: RecordingContext, run: RunContext) -> RecordingContext:
    """Take a recording that was looked up from fetch to transcribe. Return all that is known of it.

    If it is rejected, ``rejection`` says why. Nothing is retried or published here. Raises
    TransientError, StoreRefused, ConfigurationError, EngineAccountError, BudgetSpent,
    UnusableResponse, MissingDependency, Stopped.
    """
    try:
        recording = fetch(recording, run)
        recording = convert(recording, run)
        recording = segment(recording)
        if recording.has_speech:
            check_gate(recording)
            recording = tell_speakers(transcribe(recording, run), run)
    except Rejected as rejection:
        return replace(recording, rejection=rejection)
    return recording
