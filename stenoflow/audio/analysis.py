"""Analysis: one pass over a recording's samples while FFmpeg decodes it.

Converting, measuring quality and finding speech appear as two steps, `convert` and `segment`, yet the
samples are read once. What needs the samples is done here, while they stream from the decoder and are in
memory anyway, and leaves a few numbers behind: for each channel its quality, and a speech score for every
32 ms. What needs only those numbers, which spans are speech and what is sent, is done by `segment`: it
takes milliseconds, and may be repeated with other options without reading the samples again.

    decoder ──> blocks of samples ──> raw PCM files         (encoded later for the engine)
                                 ├──> QualityMeter          (levels, noise, clipping)
                                 └──> SpeechDetector ─────> files of speech scores ──> `segment`

FFmpeg runs in its own process and works ahead while a block is analyzed, so that on two cores all of
this is hidden behind the decoding.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from stenoflow.audio.options import AnalysisOptions, QualityOptions
from stenoflow.audio.quality import FULL_SCALE, Quality, QualityMeter
from stenoflow.media.decoding import Decoding, decode
from stenoflow.media.stream_info import MediaInfo
from stenoflow.times import Seconds, to_seconds
from stenoflow.vad.detector import SpeechDetector
from stenoflow.vad.scores import SpeechScores, StoredScores


@dataclass(frozen=True, slots=True, eq=False)
class AnalyzedChannel:
    """One channel of a recording after its analysis."""

    index: int
    """From 0 among the channels kept apart; 0 where there is only one."""
    pcm: Path
    """Its samples: raw 16-bit little-endian, mono, 16 kHz, without header, as decoded."""
    samples: int
    speech_scores: SpeechScores
    """One for each window of 512 samples: ceil(samples / 512) of them."""
    quality: Quality
    gain: float
    """What samples are multiplied by when they are encoded for an engine; 1 leaves them as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioAnalysis:
    """A recording after its analysis."""

    media: MediaInfo
    channels: tuple[AnalyzedChannel, ...]
    samples: int
    """Length of each channel."""
    warnings: tuple[str, ...]
    """The decoder's, in sentences."""

    @property
    def duration_s(self) -> Seconds:
        """Length of the recording."""
        return to_seconds(self.samples)


def analyze(
    path: Path,
    options: AnalysisOptions,
    folder: Path,
    *,
    stop: threading.Event | None = None,
    progress: Callable[[Seconds], None] | None = None,
) -> AudioAnalysis:
    """Decode the recording at ``path`` into ``folder``, measuring each channel in the same pass.

    ``progress`` is called after each block with the seconds analyzed so far. Raises what
    :class:`stenoflow.media.decoding.Decoding` raises: BadMedia, OverLimit, ProcessTimedOut,
    ProcessKilled, Stopped, NotFound.
    """
    with ExitStack() as stack:
        decoding = stack.enter_context(
            decode(path, choice=options.media, limits=options.limits, stop=stop)
        )
        analyzers = [
            ChannelAnalyzer(folder / f"channel-{index}", stack, options.vad.threshold)
            for index in range(decoding.channels)
        ]
        for block in decoding:
            for index, analyzer in enumerate(analyzers):
                analyzer.feed(np.ascontiguousarray(block[:, index]))
            if progress:
                progress(decoding.duration_s)
        return _concluded(decoding, analyzers, options)


class ChannelAnalyzer:
    """Analyzes one channel: stores its samples and speech scores, and measures its quality.

    Files are named after ``path`` and closed by ``stack``; windows with a speech score of at least
    ``speech_threshold`` are speech.
    """

    def __init__(self, path: Path, stack: ExitStack, speech_threshold: float) -> None:
        self.pcm = path.with_suffix(".pcm")
        self.speech_scores = StoredScores(path.with_suffix(".speech"))
        self._meter = QualityMeter(speech_threshold)
        self._detector = SpeechDetector()
        self._pcm_file: BinaryIO = stack.enter_context(self.pcm.open("wb"))
        self._scores_file: BinaryIO = stack.enter_context(self.speech_scores.path.open("wb"))

    def feed(self, samples: NDArray[np.int16]) -> None:
        """Analyze the next ``samples`` (int16, mono, 16 kHz, shape (n,))."""
        self._pcm_file.write(samples.data)
        self._meter.feed(samples)
        scores = self._detector.feed(samples)
        self._meter.add_speech_scores(scores)
        self._scores_file.write(scores.data)

    def finish(self, options: QualityOptions) -> Quality:
        """Return the quality of all that was fed."""
        scores = self._detector.finish()
        self._scores_file.write(scores.data)
        return self._meter.finish(scores, options)


def _concluded(
    decoding: Decoding, analyzers: list[ChannelAnalyzer], options: AnalysisOptions
) -> AudioAnalysis:
    channels: list[AnalyzedChannel] = []
    for index, analyzer in enumerate(analyzers):
        quality = analyzer.finish(options.quality)
        channels.append(
            AnalyzedChannel(
                index=index,
                pcm=analyzer.pcm,
                samples=decoding.samples,
                speech_scores=analyzer.speech_scores,
                quality=quality,
                gain=level_gain(quality, options.media.level_dbfs),
            )
        )
    return AudioAnalysis(decoding.info, tuple(channels), decoding.samples, decoding.warnings)


def level_gain(quality: Quality, target_dbfs: float | None) -> float:
    """Return the factor that brings speech to ``target_dbfs``, or as near as is possible without clipping.

    It is 1 without a target or without speech.
    """
    if target_dbfs is None or quality.speech_dbfs is None or quality.peak_dbfs is None:
        return 1.0
    wanted_db = target_dbfs - quality.speech_dbfs
    headroom_db = 20 * float(np.log10((FULL_SCALE - 1) / FULL_SCALE)) - quality.peak_dbfs
    return float(10 ** (min(wanted_db, max(headroom_db, 0.0)) / 20))
