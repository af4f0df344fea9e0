"""Fetch a recording from its store, unless its transcript is published already."""

from pathlib import Path
from threading import Event

from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.manifest.model import Manifest, read_manifest
from stenoflow.storage import Fetched, ObjectInfo
from stenoflow.tasks.findings import Findings
from stenoflow.tasks.job import Job
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_stoppable_thread, in_thread
from stenoflow.tasks.step import step


@step
async def fetch(
    job: Job, findings: Findings, scratch: Path, progress: Progress, *, force: bool = False
) -> Fetched | Manifest:
    """The recording as a local file; or, unless ``force``, the manifest of an earlier run that has
    finished this very version of it under this very profile."""
    progress.enter("fetch")
    findings.info = await in_thread(job.source.stat, job.key)
    if not force and (done := await in_thread(find_manifest, job, findings.info)):
        return done
    return await in_stoppable_thread(_fetch, job, scratch / "recording")


def find_manifest(job: Job, info: ObjectInfo) -> Manifest | None:
    """The manifest of this version of the recording under this profile, if there is one."""
    key = manifest_key(job.key, fingerprint(info.version, job.profile))
    return read_manifest(job.destination, key)


def _fetch(stop: Event, job: Job, path: Path) -> Fetched:
    return job.source.fetch(job.key, path, max_bytes=job.profile.limits.max_bytes, stop=stop)
