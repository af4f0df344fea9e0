"""Transcription of one recording from Python, without Prefect: what ``stenoflow.transcribe`` is."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from os import PathLike, fspath
from tempfile import TemporaryDirectory
from threading import Event

from stenoflow.engines.credentials import Credential
from stenoflow.engines.registry import open_engine
from stenoflow.errors import NotFound, Rejected, error_type
from stenoflow.ledger.ledger import Ledger
from stenoflow.manifest.model import Manifest
from stenoflow.media.scratch import scratch_folder
from stenoflow.pipeline.publish import publish
from stenoflow.pipeline.recording import find_manifest, look_up, run_steps
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.rendering import rendering_of
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.speakers import tell_speakers_again
from stenoflow.pipeline.transcribe import rebuild
from stenoflow.profile.model import Profile
from stenoflow.profile.vocabulary_file import read_vocabulary
from stenoflow.rendering.registry import check_artifacts
from stenoflow.storage import locate, open_store
from stenoflow.times import Seconds
from stenoflow.transcript.model import Transcript


def transcribe(
    recording: str | PathLike[str],
    *,
    profile: Profile | None = None,
    destination: str | PathLike[str] | None = None,
    credential: Credential | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Event | None = None,
) -> Transcript:
    """Return the transcript of one recording, without words if it has no speech.

    ``recording`` is a path or an ``s3://BUCKET/KEY`` URL. ``profile`` is how it is treated; by default as
    by ``Profile()``, with an engine that needs no account. ``credential`` is the engine's; by default
    that of the environment, such as DEEPGRAM_API_KEY.

    ``destination`` is a folder or an ``s3://BUCKET/PREFIX`` URL. Artifacts, manifest and ledger are
    written there, as the flow writes them, so that no audio is bought twice; what is published there
    already is not done again. Without it nothing is kept, and an engine is paid at each call.

    ``progress`` is called with the seconds of audio that the current step has done; setting ``cancelled``
    ends the work soon. Nothing is retried here: a :class:`TransientError` may be.

    Raises Rejected (BadMedia, OverLimit and others) if the recording cannot become a transcript;
    StoreRefused (NotFound, AccessDenied and others) if a store does not give it or take its transcript;
    ConfigurationError, EngineAccountError, UnusableResponse, MissingDependency; TransientError and its
    kinds; Stopped.
    """
    profile = read_vocabulary(profile or Profile())
    check_artifacts(profile.artifacts)
    source, key = locate(fspath(recording))
    engine = open_engine(profile, credential=credential)
    with ExitStack() as stack:
        if destination is None:
            target = stack.enter_context(TemporaryDirectory(prefix="stenoflow-"))
        else:
            target = fspath(destination)
        context = RecordingContext(
            key, open_store(source), open_store(target, create=True), profile, engine
        )
        run = RunContext(
            scratch=stack.enter_context(scratch_folder()),
            ledger=Ledger(context.destination),
            cancelled=cancelled or Event(),
        )
        if progress:
            run = replace(run, progress=progress)
        return _transcribe(context, run, keep=destination is not None)


def _transcribe(recording: RecordingContext, run: RunContext, *, keep: bool) -> Transcript:
    recording = look_up(recording)
    if keep and (manifest := find_manifest(recording)):
        with suppress(NotFound):  # The ledger is gone: the recording is transcribed again.
            return _published(manifest, recording, run.ledger)
    recording = run_steps(recording, run)
    if keep:
        publish(recording, rendering_of(recording, run.prices), run)
    if recording.rejection:
        raise recording.rejection
    if recording.transcription:
        return recording.transcription.transcript
    return _without_words(recording.analysis.duration_s if recording.analysis else 0.0)


def _published(manifest: Manifest, recording: RecordingContext, ledger: Ledger) -> Transcript:
    """Return the transcript of an earlier run, or raise the error by which it was rejected."""
    if manifest.outcome == "no_speech":
        return _without_words(manifest.duration_s or 0.0)
    if manifest.outcome == "rejected":
        raise _rejection(manifest)
    sha256 = manifest.source.sha256 or ""
    found = rebuild(recording.profile, recording.engine, ledger, sha256)
    return tell_speakers_again(recording.profile, manifest, found).transcript


def _rejection(manifest: Manifest) -> Rejected:
    kind = error_type(manifest.error)
    message = manifest.reason or f"{manifest.source.key} was rejected."
    return kind(message) if issubclass(kind, Rejected) else Rejected(message)


def _without_words(duration_s: float) -> Transcript:
    return Transcript((), (), duration_s=Seconds(duration_s))
