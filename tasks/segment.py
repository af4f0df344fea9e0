"""Find the speech, and decide what goes to the engine."""

from steno.cutting import CutPlan
from steno.listening import Heard
from steno.segmenting import plans_of
from tasks.handing import Handed
from tasks.job import Job
from tasks.progress import Progress
from tasks.retrying import step
from tasks.threads import in_thread


@step
async def segment(heard: Heard, job: Job, progress: Progress) -> Handed[tuple[CutPlan, ...]]:
    """For each channel its stretches of speech, and the requests in which they are sent."""
    progress.enter("segment")
    return Handed(await in_thread(plans_of, heard, job.profile, job.engine))
