"""Buy the words of a recording, unless the ledger has them."""

from pathlib import Path
from threading import Event

from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.speakers import tell_speakers
from stenoflow.pipeline.transcribe import transcribe as buy_transcript
from stenoflow.tasks.run_context import run_context
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_stoppable_thread
from stenoflow.tasks.step import step
from stenoflow.times import to_seconds


@step
async def transcribe(
    recording: RecordingContext, scratch: Path, progress: Progress
) -> RecordingContext:
    """Return the recording with its words, at their times in the original, and what they cost."""
    progress.enter("transcribe", to_seconds(sum(plan.sent for plan in recording.plans)))
    return await in_stoppable_thread(_transcribe, recording, scratch, progress)


def _transcribe(
    cancelled: Event, recording: RecordingContext, scratch: Path, progress: Progress
) -> RecordingContext:
    run = run_context(recording, scratch, progress, cancelled)
    return tell_speakers(buy_transcript(recording, run), run)
