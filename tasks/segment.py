"""Find the speech, and decide what goes to the engine."""

from stenoflow.audio.analysis import AudioAnalysis
from stenoflow.segmentation.channel_plans import plans_of
from stenoflow.segmentation.planner import SegmentationPlan
from stenoflow.tasks.handing import Handed
from stenoflow.tasks.job import Job
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_thread
from stenoflow.tasks.step import step


@step
async def segment(
    heard: AudioAnalysis, job: Job, progress: Progress
) -> Handed[tuple[SegmentationPlan, ...]]:
    """For each channel its stretches of speech, and the requests in which they are sent."""
    progress.enter("segment")
    return Handed(await in_thread(plans_of, heard, job.profile, job.engine))
