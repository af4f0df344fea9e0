"""Publish how a recording ended, in the destination and in the Prefect UI."""

import re
from hashlib import sha256
from pathlib import Path
from threading import Event
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.runtime.flow_run import get_id
from prefect.runtime.task_run import get_id as get_task_run_id

from stenoflow.errors import PrefectUnavailable
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.manifest.model import Manifest
from stenoflow.pipeline.publish import publish as write_results
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.rendering import rendering_of
from stenoflow.rendering import Rendering
from stenoflow.rendering.summary import summary_md
from stenoflow.tasks.run_context import run_context
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_stoppable_thread
from stenoflow.tasks.step import step, steps_are_task_runs

PAGE = "page"
"""The artifact that a person opens first."""
SLUG_CHARS = 80
"""Most characters of a recording's key in the key of its Prefect artifacts."""


@step
async def publish(recording: RecordingContext, scratch: Path, progress: Progress) -> Manifest:
    """Write the artifacts, then the manifest, then what a person sees of them in the Prefect UI.

    In a sweep that is only the summary of a recording that was rejected. Return the manifest. Raises
    PrefectUnavailable if the Prefect server takes no artifacts.
    """
    progress.enter("publish")
    manifest, rendering = await in_stoppable_thread(_publish, recording, scratch, progress)
    if not steps_are_task_runs() and manifest.outcome != "rejected":
        return manifest
    try:
        await _create_prefect_artifacts(recording, manifest, rendering)
    except httpx.HTTPError as error:
        raise PrefectUnavailable(
            f"{recording.key} is published, but the Prefect server takes no artifacts: {error}"
        ) from error
    return manifest


def _publish(
    cancelled: Event, recording: RecordingContext, scratch: Path, progress: Progress
) -> tuple[Manifest, Rendering]:
    run = run_context(recording, scratch, progress, cancelled)
    rendering = rendering_of(recording, run.prices)
    return write_results(recording, rendering, run), rendering


def artifact_key(recording: RecordingContext) -> str:
    """Return the key of a recording's artifacts in Prefect: readable, and its own.

    It is the same for every run on a recording, so that Prefect keeps its history. Prefect allows
    lower-case letters, digits and dashes.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", recording.key.lower()).strip("-")[-SLUG_CHARS:].strip("-")
    digest = sha256(recording.source.url_of(recording.key).encode()).hexdigest()[:8]
    return f"{slug}-{digest}" if slug else f"recording-{digest}"


async def _create_prefect_artifacts(
    recording: RecordingContext, manifest: Manifest, rendering: Rendering
) -> None:
    """Create a summary to read and a link to the page."""
    key, url_of = artifact_key(recording), recording.destination.url_of
    run, task_run = get_id(), get_task_run_id()
    links = {each.name: url_of(each.key) for each in manifest.artifacts}
    mark = fingerprint(manifest.source.version or "", recording.profile)
    links["manifest"] = url_of(manifest_key(recording.key, mark))
    summary = summary_md(rendering, manifest.outcome, manifest.reason, links)
    shown = [(key, f"{recording.key}: {manifest.outcome}", summary)]
    if PAGE in links:
        page = f"[{rendering.recording.name}]({links[PAGE]})"
        shown.append((f"{key}-page", f"{recording.key}: the page to read and listen", page))
    async with get_client() as client:
        for name, description, text in shown:
            await client.create_artifact(
                ArtifactCreate(
                    type="markdown",
                    key=name,
                    description=description,
                    data=text,
                    flow_run_id=UUID(run) if run else None,
                    task_run_id=UUID(task_run) if task_run else None,
                )
            )
