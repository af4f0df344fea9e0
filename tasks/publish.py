"""Write down how a recording ended, in the destination and in the Prefect UI."""

from datetime import UTC, datetime
from hashlib import sha256

import httpx
from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact
from prefect.runtime.flow_run import get_id

from stenoflow.engines.prices import prices_in_force
from stenoflow.errors import PrefectUnavailable
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.manifest.model import Manifest
from stenoflow.pipeline.publish import Outcome, render
from stenoflow.pipeline.publish import publish as publish_outcome
from stenoflow.render import Rendering
from stenoflow.render.summary import summary_md
from stenoflow.tasks.findings import Findings
from stenoflow.tasks.handing import Handed
from stenoflow.tasks.job import Job
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_thread
from stenoflow.tasks.step import step

PAGE = "page"
"""The artifact that a person opens first."""


@step
async def publish(job: Job, findings: Findings, progress: Progress) -> Handed[Manifest]:
    """Artifacts, then the manifest, then what a person sees of it all in the Prefect UI."""
    progress.enter("publish")
    outcome = findings.outcome(job.key)
    rendering = await in_thread(
        render, outcome, job.profile, job.source, prices_in_force(), job.engine
    )
    manifest = await in_thread(_publish, job, outcome, rendering, progress, get_id())
    try:
        await _show(job, manifest, rendering)
    except httpx.HTTPError as error:
        raise PrefectUnavailable(
            f"{job.key} is published, but the Prefect server takes no artifacts: {error}"
        ) from error
    return Handed(manifest)


def _publish(
    job: Job, outcome: Outcome, rendering: Rendering, progress: Progress, flow_run: str | None
) -> Manifest:
    return publish_outcome(
        outcome,
        rendering,
        job.profile,
        job.destination,
        engine=job.engine,
        prices=prices_in_force(),
        flow_run=flow_run,
        steps_s=progress.steps_s,
        now=datetime.now(UTC),
    )


async def _show(job: Job, manifest: Manifest, rendering: Rendering) -> None:
    """A recording's artifacts in Prefect: a summary to read, a link to open.

    Their keys are the same for every run on a recording, so that Prefect keeps its history.
    """
    mark = sha256(job.source.url_of(job.key).encode()).hexdigest()[:16]
    key = f"recording-{mark}"
    links = {each.name: job.destination.url_of(each.key) for each in manifest.artifacts}
    version = manifest.source.version or ""
    links["manifest"] = job.destination.url_of(
        manifest_key(job.key, fingerprint(version, job.profile))
    )
    await acreate_markdown_artifact(
        summary_md(rendering, manifest.outcome, manifest.reason, links),
        key=key,
        description=f"{job.key}: {manifest.outcome}",
    )
    if PAGE in links:
        await acreate_link_artifact(
            links[PAGE],
            link_text=rendering.recording.name,
            key=f"{key}-page",
            description=f"{job.key}: the page to read and listen",
        )
