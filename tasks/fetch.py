"""Fetch a recording from its store, unless its transcript is published already."""

from dataclasses import replace
from pathlib import Path
from threading import Event

from stenoflow.errors import Rejected
from stenoflow.manifest.model import Manifest
from stenoflow.pipeline.recording import fetch as fetch_file
from stenoflow.pipeline.recording import find_manifest, look_up
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.tasks.run_context import run_context
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_stoppable_thread, in_thread
from stenoflow.tasks.step import step


@step
async def fetch(
    recording: RecordingContext, scratch: Path, progress: Progress, *, force: bool = False
) -> RecordingContext | Manifest:
    """Return the recording with a local copy of its file.

    Unless ``force``, return the manifest of an earlier run instead that has finished this very version
    of it under this very profile. A recording that is too large is returned with its rejection, as an
    error would lose which version that is about. Raises StoreRefused, StoreUnavailable, SourceChanged,
    LocalWriteFailed.
    """
    progress.enter("fetch")
    recording = await in_thread(look_up, recording)
    if not force and (manifest := await in_thread(find_manifest, recording)):
        return manifest
    return await in_stoppable_thread(_fetch, recording, scratch, progress)


def _fetch(
    cancelled: Event, recording: RecordingContext, scratch: Path, progress: Progress
) -> RecordingContext:
    try:
        return fetch_file(recording, run_context(recording, scratch, progress, cancelled))
    except Rejected as rejection:
        return replace(recording, rejection=rejection)
