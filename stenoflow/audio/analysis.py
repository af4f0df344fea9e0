"""Analysis: one pass over a recording's samples while FFmpeg decodes it.

Converting, measuring quality and finding speech appear as two steps, `convert` and `segment`, yet the
samples are read once. What needs the samples is done here, while they stream from the decoder and are in
memory anyway, and leaves a few numbers behind: for each channel its quality, and a speech score for every
32 ms. What needs only those numbers, which spans are speech and what is sent, is done by `segment`: it
takes milliseconds, and may be repeated with other options without reading the samples again.

    decoder ──> blocks of samples ──> SampleWriter ───────> files of samples (encoded later for the engine)
                                 ├──> QualityMeter          (levels, noise, clipping)
                                 └──> SpeechDetector ─────> files of speech scores ──> `segment`

Samples are the decoder's floating-point numbers: nothing is clipped or cut to 16 bits before it was measured.
Channels that are mixed are analyzed each by itself (`tracks.py`), and mixed when their levels are known
(`mixing.py`).

FFmpeg runs in its own process and works ahead while a block is analyzed, so that on two cores all of
this is hidden behind the decoding.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stenoflow.audio.channel_analyzer import ChannelAnalyzer
from stenoflow.audio.gain import gain_for
from stenoflow.audio.mixing import MixedTrack, balance, loudest_of, write_mix
from stenoflow.audio.options import AnalysisOptions
from stenoflow.audio.quality import Quality
from stenoflow.audio.tracks import Tracks
from stenoflow.media.decoding import Decoding, decode
from stenoflow.media.stream_info import MediaInfo
from stenoflow.times import Seconds, to_seconds
from stenoflow.vad.scores import SpeechScores


@dataclass(frozen=True, slots=True, eq=False)
class AnalyzedChannel:
    """One channel of a recording after its analysis."""

    index: int
    """From 0 among the channels kept apart; 0 where there is only one, chosen or mixed."""
    pcm: Path
    """Its samples, as decoded: see :mod:`stenoflow.audio.samples`."""
    samples: int
    speech_scores: SpeechScores
    """One for each window of 512 samples: ceil(samples / 512) of them."""
    quality: Quality
    gain: float
    """Factor that is applied to samples when they are encoded for an engine; 1 leaves them as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioAnalysis:
    """A recording after its analysis."""

    media: MediaInfo
    channels: tuple[AnalyzedChannel, ...]
    samples: int
    """Length of each channel."""
    warnings: tuple[str, ...]
    """The decoder's, and those about channels that were mixed, in sentences."""

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
    :class:`stenoflow.media.decoding.Decoding` raises: BadMedia, OverLimit, ProcessTimedOut, ProcessKilled,
    Stopped, NotFound.
    """
    with ExitStack() as stack:
        decoding = stack.enter_context(
            decode(path, choice=options.media, limits=options.limits, stop=stop)
        )
        work = _Work(decoding, options, folder, stack, stop)
        mixes = options.media.channels == "mix" and decoding.channels > 1
        channels, warnings = (_mixed if mixes else _apart)(work, progress)
        return AudioAnalysis(
            decoding.info, channels, decoding.samples, decoding.warnings + warnings
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """A recording that is being analyzed."""

    decoding: Decoding
    options: AnalysisOptions
    folder: Path
    stack: ExitStack
    stop: threading.Event | None

    @property
    def threshold(self) -> float:
        return self.options.vad.threshold

    def quality(self, analyzer: ChannelAnalyzer) -> Quality:
        return analyzer.finish(self.options.quality, float_pcm=self.decoding.is_float)

    def channel(self, index: int, analyzer: ChannelAnalyzer, quality: Quality) -> AnalyzedChannel:
        """Return an analyzed channel."""
        return AnalyzedChannel(
            index=index,
            pcm=analyzer.pcm,
            samples=self.decoding.samples,
            speech_scores=analyzer.speech_scores,
            quality=quality,
            gain=self.gain(quality, exact=analyzer.exact),
        )

    def gain(self, quality: Quality, *, exact: bool) -> float:
        level_dbfs, float_pcm = self.options.media.level_dbfs, self.decoding.is_float
        return gain_for(quality, level_dbfs, exact=exact, float_pcm=float_pcm)


Analyzed = tuple[tuple[AnalyzedChannel, ...], tuple[str, ...]]
"""Channels, and warnings about them."""


def _apart(work: _Work, progress: Callable[[Seconds], None] | None) -> Analyzed:
    """Analyze each channel by itself."""
    analyzers = [
        ChannelAnalyzer(work.folder / f"channel-{index}", work.stack, work.threshold)
        for index in range(work.decoding.channels)
    ]
    for block in work.decoding:
        for index, analyzer in enumerate(analyzers):
            analyzer.feed(np.ascontiguousarray(block[:, index]))
        if progress:
            progress(work.decoding.duration_s)
    return tuple(
        work.channel(index, analyzer, work.quality(analyzer))
        for index, analyzer in enumerate(analyzers)
    ), ()


def _mixed(work: _Work, progress: Callable[[Seconds], None] | None) -> Analyzed:
    """Analyze all channels, and mix them to one."""
    tracks = Tracks(work.folder, work.stack, work.threshold)
    for block in work.decoding:
        tracks.feed(np.ascontiguousarray(block.T))
        if progress:
            progress(work.decoding.duration_s)
    tracks.finish_silent()
    found = list(tracks)
    parts = [
        MixedTrack(
            track.first,
            track.analyzer.pcm,
            track.analyzer.speech_scores,
            work.quality(track.analyzer),
        )
        for track in found
    ]
    loudest = found[parts.index(loudest_of(parts))]
    signed = [
        replace(part, sign=tracks.sign(loudest, track))
        for part, track in zip(parts, found, strict=True)
    ]
    mix = balance(signed, work.decoding.samples, work.threshold)
    if mix.alone:
        [kept] = [track for track in found if track.first == mix.tracks[0].channel]
        return (work.channel(0, kept.analyzer, mix.tracks[0].quality),), mix.warnings
    pcm, speech_scores, quality = write_mix(
        mix,
        work.decoding.samples,
        work.folder / "mix",
        work.options.quality,
        threshold=work.threshold,
        stop=work.stop,
    )
    channel = AnalyzedChannel(
        index=0,
        pcm=pcm,
        samples=work.decoding.samples,
        speech_scores=speech_scores,
        quality=quality,
        gain=work.gain(quality, exact=False),
    )
    for part in parts:
        part.remove()
    return (channel,), mix.warnings
