"""Convert a recording to PCM, measuring its quality and its speech in the same pass."""

from pathlib import Path
from threading import Event

from stenoflow.pipeline.recording import convert as convert_file
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.tasks.limits.machine import DECODERS
from stenoflow.tasks.run_context import run_context
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_stoppable_thread
from stenoflow.tasks.step import step


@step
async def convert(
    recording: RecordingContext, scratch: Path, progress: Progress
) -> RecordingContext:
    """Return the recording with its channels as 16 kHz PCM, their quality and their speech scores."""
    progress.enter("convert")
    return await in_stoppable_thread(_convert, recording, scratch, progress)


def _convert(
    cancelled: Event, recording: RecordingContext, scratch: Path, progress: Progress
) -> RecordingContext:
    run = run_context(recording, scratch, progress, cancelled)
    with DECODERS.slot(cancelled):
        return convert_file(recording, run)
