"""Find the speech, and plan what is sent to the engine."""

from stenoflow.pipeline.recording import segment as plan_requests
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_thread
from stenoflow.tasks.step import step


@step
async def segment(recording: RecordingContext, progress: Progress) -> RecordingContext:
    """Return the recording with its speech segments and the chunks they are sent in."""
    progress.enter("segment")
    return await in_thread(plan_requests, recording)
