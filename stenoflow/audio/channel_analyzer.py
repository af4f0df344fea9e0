"""The analysis of one channel, block by block: its samples, speech scores and quality."""

from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from stenoflow.audio.options import QualityOptions
from stenoflow.audio.quality import Quality, QualityMeter
from stenoflow.audio.samples import SampleWriter
from stenoflow.vad.detector import SpeechDetector
from stenoflow.vad.scores import WINDOW, StoredScores


class ChannelAnalyzer:
    """Analyzes one channel: stores its samples and speech scores, and measures its quality.

    Files are named after ``path`` and closed by ``stack``; windows with a speech score of at least
    ``speech_threshold`` are speech.
    """

    def __init__(self, path: Path, stack: ExitStack, speech_threshold: float) -> None:
        self.speech_scores = StoredScores(path.with_suffix(".speech"))
        self._threshold = speech_threshold
        self._stack = stack
        self._meter = QualityMeter(speech_threshold)
        self._detector = SpeechDetector()
        self._writer = SampleWriter(path.with_suffix(".pcm"), stack)
        self._scores_file: BinaryIO = stack.enter_context(self.speech_scores.path.open("wb"))

    @property
    def pcm(self) -> Path:
        """Its samples, see :mod:`stenoflow.audio.samples`."""
        return self._writer.pcm

    @property
    def exact(self) -> bool:
        """True while all samples are whole numbers of 16 bits."""
        return self._writer.exact

    def feed(self, samples: NDArray[np.float32]) -> None:
        """Analyze the next ``samples`` (on the scale of 16-bit integers, mono, 16 kHz, shape (n,))."""
        self._writer.write(samples)
        self._meter.feed(samples)
        self._add(self._detector.feed(samples))

    def skip(self, samples: int) -> None:
        """Analyze silence at the beginning, without reading it."""
        windows = samples // WINDOW
        self._writer.skip(windows)
        self._meter.skip(windows)
        self._scores_file.write(np.zeros(windows, np.float32).data)
        self.feed(np.zeros(samples - windows * WINDOW, np.float32))

    def copy_to(self, path: Path) -> "ChannelAnalyzer":
        """Return one that goes on where this one is, with a copy of its files."""
        copy = ChannelAnalyzer(path, self._stack, self._threshold)
        self._scores_file.flush()
        copy._scores_file.write(self.speech_scores.path.read_bytes())
        copy._meter = deepcopy(self._meter)
        copy._detector = self._detector.copy()
        copy._writer = self._writer.copy_to(copy.pcm)
        return copy

    def finish(self, options: QualityOptions, *, float_pcm: bool) -> Quality:
        """Return the quality of all that was fed."""
        scores = self._detector.finish()
        self._scores_file.write(scores.data)
        self._scores_file.flush()
        self._writer.flush()
        return self._meter.finish(scores, options, float_pcm=float_pcm)

    def _add(self, scores: NDArray[np.float32]) -> None:
        self._meter.add_speech_scores(scores)
        self._scores_file.write(scores.data)
