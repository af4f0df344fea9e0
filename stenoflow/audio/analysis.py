"""One pass over a recording: all that is learnt from its sound while FFmpeg decodes it.

Decoding, measuring quality and finding speech are told apart as two steps, `convert` and `segment`,
yet the sound is read once. The dividing line is this: what needs the samples is done here, while they
stream from the decoder and are in memory anyway, and leaves a few numbers behind: for each channel its
quality, and a probability of speech for every 32 ms. What needs only those numbers, which stretches
are speech and what is cut, is `segment`'s, takes milliseconds, and may be repeated with other settings
without touching the sound again.

    decoder ──> blocks of samples ──> raw PCM files         (for packing what an engine is sent)
                                 ├──> QualityMeter          (how well it can be heard)
                                 └──> SpeechDetector ─────> files of probabilities ──> `segment`

FFmpeg runs in its own process and works ahead while a block is listened to, so that on two cores all
of this hides behind the decoding.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from stenoflow.audio.options import QualityOptions
from stenoflow.audio.quality import FULL_SCALE, Quality, QualityMeter
from stenoflow.media.ffmpeg import Decoding, decode
from stenoflow.media.stream_info import MediaInfo
from stenoflow.profile.model import Profile
from stenoflow.times import Seconds, to_seconds
from stenoflow.vad.detector import SpeechDetector
from stenoflow.vad.scores import SpeechScores, StoredScores


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One channel of a recording as it was heard."""

    index: int
    """From 0 among the channels kept apart; 0 where there is but one."""
    pcm: Path
    """Its sound: raw 16-bit little-endian samples, mono, 16 kHz, without header, as decoded."""
    samples: int
    probabilities: SpeechScores
    """Of speech, one a window of 512 samples: ceil(samples / 512) of them."""
    quality: Quality
    gain: float
    """What samples are multiplied by when they are packed for an engine; 1 leaves them as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioAnalysis:
    """A recording after its one pass."""

    media: MediaInfo
    channels: tuple[Channel, ...]
    samples: int
    """Length of each channel."""
    warnings: tuple[str, ...]
    """What the decoder had to say, in sentences."""

    @property
    def duration_s(self) -> Seconds:
        return to_seconds(self.samples)


def listen(
    path: Path,
    profile: Profile,
    folder: Path,
    *,
    stop: threading.Event | None = None,
    progress: Callable[[Seconds], None] | None = None,
) -> AudioAnalysis:
    """Decode the recording at ``path`` into ``folder``, and learn what there is to learn from it.

    ``progress`` is told after each block how many seconds have been heard. Raises what
    :class:`stenoflow.media.ffmpeg.Decoding` raises: BadMedia, OverLimit, ProcessKilled, Stopped, NotFound.
    """
    with ExitStack() as stack:
        decoding = stack.enter_context(
            decode(path, choice=profile.media, limits=profile.limits, stop=stop)
        )
        ears = [
            _Ear(folder / f"channel-{index}", stack, profile.vad.threshold)
            for index in range(decoding.channels)
        ]
        for block in decoding:
            for index, ear in enumerate(ears):
                ear.hear(np.ascontiguousarray(block[:, index]))
            if progress:
                progress(decoding.duration_s)
        return _heard(decoding, ears, profile)


class _Ear:
    """Hears one channel: keeps its samples, and feeds those who learn from them."""

    def __init__(self, path: Path, stack: ExitStack, speech_from: float) -> None:
        self.pcm = path.with_suffix(".pcm")
        self.probabilities = StoredScores(path.with_suffix(".speech"))
        self._meter = QualityMeter(speech_from)
        self._detector = SpeechDetector()
        self._sound: BinaryIO = stack.enter_context(self.pcm.open("wb"))
        self._speech: BinaryIO = stack.enter_context(self.probabilities.path.open("wb"))

    def hear(self, samples: NDArray[np.int16]) -> None:
        self._sound.write(samples.data)
        self._meter.feed(samples)
        known = self._detector.feed(samples)
        self._meter.tell(known)
        self._speech.write(known.data)

    def finish(self, thresholds: QualityOptions) -> Quality:
        """Its quality."""
        rest = self._detector.finish()
        self._speech.write(rest.data)
        return self._meter.finish(rest, thresholds)


def _heard(decoding: Decoding, ears: list[_Ear], profile: Profile) -> AudioAnalysis:
    channels: list[Channel] = []
    for index, ear in enumerate(ears):
        quality = ear.finish(profile.quality)
        channels.append(
            Channel(
                index=index,
                pcm=ear.pcm,
                samples=decoding.samples,
                probabilities=ear.probabilities,
                quality=quality,
                gain=level_gain(quality, profile.media.level_dbfs),
            )
        )
    return AudioAnalysis(decoding.info, tuple(channels), decoding.samples, decoding.warnings)


def level_gain(quality: Quality, target_dbfs: float | None) -> float:
    """The factor that brings speech to ``target_dbfs``, or as near as no sample clips that did not.

    1 where there is no target, or no speech to go by.
    """
    if target_dbfs is None or quality.speech_dbfs is None or quality.peak_dbfs is None:
        return 1.0
    wanted_db = target_dbfs - quality.speech_dbfs
    headroom_db = 20 * float(np.log10((FULL_SCALE - 1) / FULL_SCALE)) - quality.peak_dbfs
    return float(10 ** (min(wanted_db, max(headroom_db, 0.0)) / 20))
