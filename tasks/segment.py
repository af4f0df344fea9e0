"""Find the speech, and decide what goes to the engine."""

from steno.cutting import CutPlan, longest_request, plan
from steno.engines import Engine
from steno.listening import Heard
from steno.profile import Profile
from steno.vad import speech_segments
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


def plans_of(heard: Heard, profile: Profile, engine: Engine) -> tuple[CutPlan, ...]:
    """The same, without Prefect."""
    longest = longest_request(profile.cutting, engine.max_request_bytes)
    return tuple(
        plan(
            speech_segments(channel.probabilities, channel.samples, profile.vad),
            channel.samples,
            profile.cutting,
            longest=longest,
            channel=channel.index,
            probabilities=channel.probabilities,
        )
        for channel in heard.channels
    )
