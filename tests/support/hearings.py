"""Recordings as they are after their one pass, made from tones whose places are known."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stenoflow.audio.analysis import AudioAnalysis, Channel
from stenoflow.audio.options import QualityOptions
from stenoflow.audio.quality import QualityMeter
from stenoflow.media.stream_info import MediaInfo
from stenoflow.profile.model import Profile
from stenoflow.segmentation.planner import SegmentationPlan, plan
from stenoflow.testing.tones import Tone, synthesize
from stenoflow.times import Span
from stenoflow.vad.detector import WINDOW


def evenly(count: int, *, every_s: float = 1.0, first_hz: int = 200) -> list[Tone]:
    """Tones of 0.3 s and of a pitch each, so long apart."""
    step = int(every_s * 16_000)
    return [
        Tone(at * step + 8000, at * step + 8000 + 4800, first_hz + 20 * at) for at in range(count)
    ]


def heard_of(folder: Path, *channels: Sequence[Tone]) -> AudioAnalysis:
    """A recording of these tones; each channel is as long as the one with the latest tone."""
    samples = max(tone.end for tones in channels for tone in tones) + 8000
    return AudioAnalysis(
        media=MediaInfo("wav", (), has_video=False, claimed_s=None),
        channels=tuple(_channel(folder, at, tones, samples) for at, tones in enumerate(channels)),
        samples=samples,
        warnings=(),
    )


def plans_of(
    profile: Profile, heard: AudioAnalysis, *channels: Sequence[Tone], longest_s: float = 3600.0
) -> list[SegmentationPlan]:
    """How these tones are cut, if each is a stretch of speech."""
    return [
        plan(
            [Span(tone.start, tone.end) for tone in tones],
            heard.samples,
            profile.cutting,
            longest=int(longest_s * 16_000),
            channel=at,
        )
        for at, tones in enumerate(channels)
    ]


def _channel(folder: Path, index: int, tones: Sequence[Tone], samples: int) -> Channel:
    pcm = synthesize(tones, samples)
    path = folder / f"channel-{index}.pcm"
    path.write_bytes(pcm.astype("<i2").tobytes())
    probabilities = np.full(-(-samples // WINDOW), 0.1, np.float32)
    meter = QualityMeter()
    meter.feed(pcm)
    quality = meter.finish(probabilities, QualityOptions())
    return Channel(index, path, samples, probabilities, quality, gain=1.0)
