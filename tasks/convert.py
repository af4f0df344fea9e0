"""Convert a recording to PCM, hearing its quality and its speech in the same pass."""

from pathlib import Path
from threading import Event

from stenoflow.audio.analysis import AudioAnalysis, analyze
from stenoflow.profile.model import Profile
from stenoflow.storage import Fetched
from stenoflow.tasks.limits.machine import DECODERS
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_stoppable_thread
from stenoflow.tasks.step import step


@step
async def convert(
    recording: Fetched, profile: Profile, scratch: Path, progress: Progress
) -> AudioAnalysis:
    """The recording's channels as 16 kHz PCM in ``scratch``, each with its quality and, for every
    32 ms, the probability that somebody speaks."""
    progress.enter("convert")
    return await in_stoppable_thread(_convert, recording, profile, scratch, progress)


def _convert(
    stop: Event, recording: Fetched, profile: Profile, scratch: Path, progress: Progress
) -> AudioAnalysis:
    with DECODERS.slot(stop):
        return analyze(
            recording.path, profile.analysis, scratch, stop=stop, progress=progress.advance
        )
