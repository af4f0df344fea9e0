"""Find the speech, and decide what goes to the engine."""

from functools import partial

from stenoflow.audio.analysis import AudioAnalysis
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.segmentation.planner import plan_channels
from stenoflow.tasks.handing import Handed
from stenoflow.tasks.job import Job
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_thread
from stenoflow.tasks.step import step


@step
async def segment(
    heard: AudioAnalysis, job: Job, progress: Progress
) -> Handed[tuple[SegmentationPlan, ...]]:
    """Find each channel's speech segments, and decide in which requests they are sent."""
    progress.enter("segment")
    profile = job.profile
    find = partial(
        plan_channels,
        heard.channels,
        profile.vad,
        profile.cutting,
        max_request_bytes=job.engine.max_request_bytes,
    )
    return Handed(await in_thread(find))
