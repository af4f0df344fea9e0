"""Analyses of recordings made from tones, whose positions are known."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stenoflow.audio.analysis import AnalyzedChannel, AudioAnalysis
from stenoflow.audio.options import QualityOptions
from stenoflow.audio.quality import QualityMeter
from stenoflow.media.stream_info import MediaInfo
from stenoflow.profile.model import Profile
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.segmentation.planner import plan_channel
from stenoflow.testing.tones import Tone, synthesize
from stenoflow.times import Span, to_samples
from stenoflow.vad.scores import WINDOW


def evenly(count: int, *, every_s: float = 1.0, first_hz: int = 200) -> list[Tone]:
    """Return tones of 0.3 s, each of another pitch, one every ``every_s`` seconds."""
    step = to_samples(every_s)
    return [
        Tone(at * step + 8000, at * step + 8000 + 4800, first_hz + 20 * at) for at in range(count)
    ]


def analysis_of(folder: Path, *channels: Sequence[Tone]) -> AudioAnalysis:
    """Return the analysis of a recording of these tones; all channels are as long as the longest."""
    samples = max(tone.end for tones in channels for tone in tones) + 8000
    return AudioAnalysis(
        media=MediaInfo("wav", (), has_video=False, claimed_s=None),
        channels=tuple(_channel(folder, at, tones, samples) for at, tones in enumerate(channels)),
        samples=samples,
        warnings=(),
    )


def plans_for(
    profile: Profile, analysis: AudioAnalysis, *channels: Sequence[Tone], longest_s: float = 3600.0
) -> list[SegmentationPlan]:
    """Return the plans for a recording of which each tone is a speech segment."""
    return [
        plan_channel(
            [Span(tone.start, tone.end) for tone in tones],
            analysis.samples,
            profile.cutting,
            longest=to_samples(longest_s),
            channel=at,
        )
        for at, tones in enumerate(channels)
    ]


def _channel(folder: Path, index: int, tones: Sequence[Tone], samples: int) -> AnalyzedChannel:
    pcm = synthesize(tones, samples)
    path = folder / f"channel-{index}.pcm"
    path.write_bytes(pcm.astype("<i2").tobytes())
    speech_scores = np.full(-(-samples // WINDOW), 0.1, np.float32)
    meter = QualityMeter()
    meter.feed(pcm)
    quality = meter.finish(speech_scores, QualityOptions())
    return AnalyzedChannel(index, path, samples, speech_scores, quality, gain=1.0)
