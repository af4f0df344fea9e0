"""Publication: a recording's artifacts, then its manifest.

Artifacts have the recording's own key, whichever profile made them. So before the first of them is
written, manifests that name others are deleted: at no time does a manifest name a file that is
another one. Whoever is interrupted leaves no manifest, and the work is done again. A manifest whose
files are written again as they are stays, so that a store in trouble loses nothing that is published.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version

from stenoflow.billing.pricing import Prices
from stenoflow.engines.base import Engine
from stenoflow.ledger.ledger import Ledger
from stenoflow.manifest.keys import artifact_key, fingerprint, manifest_key, manifests_of
from stenoflow.manifest.model import Manifest, Published, Unpublished, read_manifest, written
from stenoflow.pipeline.manifest_builder import build_manifest, summarize
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.rendering import costs_of, rendering_from_ledger
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.speakers import tell_speakers_again
from stenoflow.pipeline.transcribe import rebuild
from stenoflow.profile.model import Profile
from stenoflow.rendering import Artifact, Rendering, render_all
from stenoflow.storage import Store


def publish(recording: RecordingContext, rendering: Rendering, run: RunContext) -> Manifest:
    """Write a recording's artifacts and, last, its manifest. Return the manifest.

    A format that fails is recorded in the manifest, and does not affect the others. Raises
    StoreUnavailable, StoreRefused; ConfigurationError if the profile names an unknown format.
    """
    published, failures = (
        _write_artifacts(rendering, recording.profile.artifacts, recording.destination, {})
        if recording.finished == "published"
        else ((), ())
    )
    manifest = build_manifest(recording, rendering, published, failures, run)
    _write_manifest(manifest, recording.destination)
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
    """Publish a recording under another profile, from its manifest and the ledger alone.

    If the profile differs in its choice of artifacts only, those that are there already stay as they
    are. Raises NotFound if the ledger does not have all of what this profile would send;
    ConfigurationError if the profile names an unknown format; UnusableResponse, StoreUnavailable,
    StoreRefused.
    """
    found = rebuild(profile, engine, Ledger(destination), manifest.source.sha256 or "")
    transcription = tell_speakers_again(profile, manifest, found)
    costs = costs_of(transcription, prices, engine)
    rendering = rendering_from_ledger(manifest, profile, transcription, costs)
    same = profile.model_copy(update={"artifacts": manifest.profile.artifacts}) == manifest.profile
    kept = {each.name: each for each in manifest.artifacts if same}
    published, failures = _write_artifacts(rendering, profile.artifacts, destination, kept)
    again = manifest.model_copy(
        update={
            "profile": profile,
            "profile_digest": profile.digest(),
            "versions": manifest.versions | {"stenoflow": version("stenoflow")},
            "purchases": transcription.purchases,
            "costs": costs,
            "transcript": summarize(rendering.transcript),
            "speaker_turns": transcription.speaker_turns,
            "known_speakers": rendering.transcript.known_speakers,
            "artifacts": published,
            "failures": failures,
            "finished": now,
        }
    )
    _write_manifest(again, destination)
    return again


def _write_manifest(manifest: Manifest, destination: Store) -> None:
    """Write the manifest, after all that it names."""
    mark = fingerprint(manifest.source.version or "", manifest.profile)
    key = manifest_key(manifest.source.key, mark)
    destination.put(key, written(manifest), content_type="application/json")


def _write_artifacts(
    rendering: Rendering,
    names: Sequence[str],
    destination: Store,
    kept: Mapping[str, Published],
) -> tuple[tuple[Published, ...], tuple[Unpublished, ...]]:
    """Write the artifacts of these names, except those ``kept``, which stay as they are.

    Return what is published then, and what could not be written.
    """
    key = rendering.recording.key
    artifacts, failures = render_all(rendering, [name for name in names if name not in kept])
    published = (
        *(kept[name] for name in names if name in kept),
        *(_published(key, each) for each in artifacts),
    )
    if artifacts:
        _delete_stale_manifests(destination, key, {each.key: each.sha256 for each in published})
    for each in artifacts:
        destination.put(
            artifact_key(key, each.file_name), each.body, content_type=each.content_type
        )
    return published, tuple(Unpublished(name=each.name, error=each.error) for each in failures)


def _delete_stale_manifests(destination: Store, key: str, published: Mapping[str, str]) -> None:
    """Delete a recording's manifests that name other files, and those of their files that go.

    ``published`` has the digest of each file that there will be, by its key.
    """
    for found in list(destination.list(manifests_of(key))):
        earlier = read_manifest(destination, found.key)
        named = {each.key: each.sha256 for each in earlier.artifacts} if earlier else {}
        if named and named.items() <= published.items():
            continue
        destination.delete(found.key)
        for gone in named.keys() - published.keys():
            destination.delete(gone)


def _published(recording_key: str, artifact: Artifact) -> Published:
    """Return what a manifest says of an artifact."""
    return Published(
        name=artifact.name,
        key=artifact_key(recording_key, artifact.file_name),
        content_type=artifact.content_type,
        bytes=len(artifact.body),
        sha256=sha256(artifact.body).hexdigest(),
    )
