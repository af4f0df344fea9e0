"""From a recording that was heard to what goes to the engine: speech, then the requests it is sent in."""

from stenoflow.audio.analysis import AudioAnalysis
from stenoflow.engines.base import Engine
from stenoflow.profile.model import Profile
from stenoflow.segmentation.planner import SegmentationPlan, longest_request, plan
from stenoflow.vad.detector import speech_segments


def plans_of(
    heard: AudioAnalysis, profile: Profile, engine: Engine
) -> tuple[SegmentationPlan, ...]:
    """For each channel its stretches of speech, and the requests in which they are sent."""
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
