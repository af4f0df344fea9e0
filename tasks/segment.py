"""Find the speech, and decide what goes to the engine."""

from steno.cutting import CutPlan, plan
from steno.engines import Engine
from steno.listening import Heard
from steno.profile import Profile
from steno.vad import speech_segments
from tasks.progress import Progress
from tasks.retrying import step
from tasks.threads import in_thread


@step
async def segment(
    heard: Heard, profile: Profile, engine: Engine, progress: Progress
) -> tuple[CutPlan, ...]:
    """For each channel its stretches of speech and the requests they are sent in."""
    progress.enter("segment")
    return await in_thread(_segment, heard, profile, engine)


def _segment(heard: Heard, profile: Profile, engine: Engine) -> tuple[CutPlan, ...]:
    plans: list[CutPlan] = []
    for channel in heard.channels:
        speech = speech_segments(channel.probabilities, channel.samples, profile.vad)
        plans.append(plan(speech, channel, profile.cutting, engine))
    return tuple(plans)
