"""The quality of a channel, measured in one pass and rated by the profile's thresholds.

All levels are dB relative to full scale (dBFS): 20 log10(x / 32768) of an RMS or peak value x on the
16-bit scale, so that a full-scale square wave is 0 dBFS and a full-scale sine -3 dBFS. RMS values are taken
about the mean, that of each window or of all samples: a DC offset makes no sound.

=============== ==============================================================================
rms_dbfs        RMS level of all samples
peak_dbfs       largest magnitude
speech_dbfs     RMS level of the windows that the speech detector calls speech: an active speech
                level as in ITU-T P.56, with Silero in the place of P.56's envelope threshold
snr_db          10 log10((S - N) / N). S is the mean power of the windows of speech, N the median
                power of the windows without (of the quietest tenth of all, where those make up
                less than half a second): a door or a breath is not the background noise.
                Speech is added to the noise, hence S - N. White noise added to clean speech at
                5 to 30 dB reads within 1 dB
clipping_ratio  share of samples within 0.1 dB of full scale; 0 where the peak excludes clipping:
                above full scale in floating-point PCM, above twice full scale in any other recording
                (a lossy copy of a clipped recording exceeds full scale by less)
silence_ratio   share of windows whose RMS level is below the profile's ``silence_dbfs``
score           ``clarity * loudness * integrity``, each from 0 to 1, as any of them alone can spoil
                the recording: clarity is 1 from 30 dB of SNR, falling to 0 at 0 dB; loudness is 1 from
                a speech level 10 dB over ``quiet_dbfs``, falling to 0 at 20 dB below it; integrity
                is 1 without clipping, falling to 0 at ten times the clipping that is warned of.
                The three lines are this project's choice; 0 without speech
=============== ==============================================================================

A window is 512 samples (32 ms), the speech detector's own. N is at least the noise of rounding to 16
bits, a twelfth of a step squared (W. R. Bennett, "Spectra of Quantized Signals", 1948), so that digital
silence between words still has an SNR. A measure without a value, such as the level of digital silence,
is None.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stenoflow.audio.options import QualityOptions
from stenoflow.errors import BelowQuality
from stenoflow.vad.scores import WINDOW

Level = Literal["excellent", "good", "fair", "poor"]

FULL_SCALE = 32768

CLIPPED_FROM = 32393
"""0.1 dB below full scale: resampling and lossy coding take a little off a clipped peak."""

FLOAT_EXCEEDS, LOSSY_EXCEEDS = 1.001, 2.0
"""A peak beyond this multiple of full scale means that samples there are not clipped."""

NOISE_BELOW = 0.1
"""Windows with a lower speech score are noise. Those between are neither: word ends, breath."""

MIN_SPEECH_WINDOWS = 8
"""A quarter of a second, Silero's own shortest speech: fewer windows are taken for chance."""

MIN_NOISE_WINDOWS = 16
"""Half a second: noise is not measured over less."""

QUIETEST_SHARE = 0.1
ROUNDING_POWER = 1 / 12
CLEAR_SNR_DB = 30.0
LOWEST_SNR_DB = -20.0

_FLOOR_CDB = -12_000
"""Hundredths of a dBFS that stand for digital silence: the faintest window of 16 bits has -117 dBFS."""

_CEILING_CDB = 15_000
"""Floating-point samples may exceed full scale."""

_POWERS = FULL_SCALE**2 * 10 ** (np.arange(_FLOOR_CDB, _CEILING_CDB + 1) / 1000)
"""The mean square that each level stands for, by hundredths of a dB from the floor to the ceiling."""
_POWERS[0] = 0


@dataclass(frozen=True, slots=True)
class Quality:
    """The measures of one channel, and their rating. Every value can be written as JSON."""

    score: float
    """From 0 to 1."""
    level: Level
    snr_db: float | None
    """None without speech."""
    speech_dbfs: float | None
    """None without speech."""
    rms_dbfs: float | None
    """None for digital silence."""
    peak_dbfs: float | None
    """None for digital silence."""
    clipping_ratio: float
    silence_ratio: float
    warnings: tuple[str, ...]
    """Sentences for people, worst first."""


class QualityMeter:
    """Measures one channel of one recording, fed in blocks of any size.

    Windows with a speech score of at least ``speech_threshold`` are speech. Of each window only its level
    is kept, and only until its speech score is known.
    """

    def __init__(self, speech_threshold: float = 0.5) -> None:
        self._speech_threshold = speech_threshold
        self._levels_cdb = bytearray()
        self._hist = np.zeros(len(_POWERS), np.int64)
        self._speech_hist = np.zeros_like(self._hist)
        self._noise_hist = np.zeros_like(self._hist)
        self._rest = np.zeros(0, np.float32)
        self._samples = 0
        self._energy = 0.0
        self._sum = 0.0
        self._peak = 0.0
        self._clipped = 0

    def feed(self, samples: NDArray[np.float32] | NDArray[np.int16]) -> None:
        """Measure the next ``samples`` (on the scale of 16-bit integers, mono, 16 kHz, shape (n,))."""
        if not len(samples):
            return
        self._samples += len(samples)
        peak = max(float(samples.max()), -float(samples.min()))
        self._peak = max(self._peak, peak)
        if peak >= CLIPPED_FROM:
            self._clipped += int(np.count_nonzero(samples >= CLIPPED_FROM))
            self._clipped += int(np.count_nonzero(samples <= -CLIPPED_FROM))
        values = samples.astype(np.float32, copy=False)
        if len(self._rest):
            values = np.concatenate([self._rest, values])
        whole = len(values) // WINDOW * WINDOW
        self._rest = values[whole:].copy()
        self._measure(values[:whole].reshape(-1, WINDOW))

    def skip(self, windows: int) -> None:
        """Measure that many windows of silence at the beginning, none of which is speech or noise."""
        self._samples += windows * WINDOW
        self._hist[0] += windows

    def add_speech_scores(self, scores: NDArray[np.float32]) -> None:
        """Take the speech scores of the next windows, all of which have been fed."""
        size = 2 * len(scores)
        levels = np.frombuffer(bytes(self._levels_cdb[:size]), np.int16) - _FLOOR_CDB
        del self._levels_cdb[:size]
        for hist, chosen in (
            (self._hist, levels),
            (self._speech_hist, levels[scores >= self._speech_threshold]),
            (self._noise_hist, levels[scores < NOISE_BELOW]),
        ):
            np.add(hist, np.bincount(chosen, minlength=len(hist)), out=hist)

    def finish(
        self, scores: NDArray[np.float32], options: QualityOptions, *, float_pcm: bool = False
    ) -> Quality:
        """Return the quality of all that was fed, given the speech scores that were not added yet.

        ``float_pcm`` is true of a recording of floating-point PCM, in which what exceeds full scale is whole.
        """
        if len(self._rest):
            self._measure(self._rest[np.newaxis])
            self._rest = self._rest[:0]
        self.add_speech_scores(scores)
        speech_dbfs, snr_db = _speech_and_snr(self._speech_hist, self._noise_hist, self._hist)
        windows = int(self._hist.sum())
        silence_end = math.ceil(100 * options.silence_dbfs) - _FLOOR_CDB
        quiet = int(self._hist[:silence_end].sum())
        exceeds = self._peak > FULL_SCALE * (FLOAT_EXCEEDS if float_pcm else LOSSY_EXCEEDS)
        clipped = 0 if exceeds else self._clipped
        clipping_ratio = clipped / self._samples if self._samples else 0.0
        silence_ratio = quiet / windows if windows else 1.0
        score = _score(snr_db, speech_dbfs, clipping_ratio, options)
        return Quality(
            score=score,
            level=_level(score, options),
            snr_db=snr_db,
            speech_dbfs=speech_dbfs,
            rms_dbfs=self._rms_dbfs(),
            peak_dbfs=_dbfs(self._peak**2) if self._peak else None,
            clipping_ratio=clipping_ratio,
            silence_ratio=silence_ratio,
            warnings=_warnings(snr_db, speech_dbfs, clipping_ratio, silence_ratio, options),
        )

    def _rms_dbfs(self) -> float | None:
        if not self._samples:
            return None
        mean = self._sum / self._samples
        power = self._energy / self._samples - mean**2
        # Of a constant no more is left than what rounding leaves.
        return _dbfs(power) if power > 1e-9 * mean**2 else None

    def _measure(self, windows: NDArray[np.float32]) -> None:
        means = windows.mean(axis=1, dtype=np.float64)
        values = windows - means.astype(np.float32)[:, np.newaxis]
        length = windows.shape[1]
        powers = np.vecdot(values, values) / length
        self._energy += length * float(powers.sum(dtype=np.float64) + means @ means)
        self._sum += length * float(means.sum())
        with np.errstate(divide="ignore"):
            levels_cdb = 1000 * np.log10(powers / FULL_SCALE**2)
        self._levels_cdb += (
            levels_cdb.clip(_FLOOR_CDB, _CEILING_CDB).round().astype(np.int16).tobytes()
        )


def check_quality_gate(channels: Iterable[Quality], options: QualityOptions) -> None:
    """Raise BelowQuality if even the best of the channels scores below the profile's gate."""
    best = max(channels, key=lambda quality: quality.score)
    if best.score < options.min_score:
        warnings = "; ".join(best.warnings) or "no single cause stands out"
        raise BelowQuality(
            f"The recording's quality is {best.score:.2f}, below the profile's gate of "
            f"{options.min_score:.2f} ({warnings}). Nothing was sent to the engine; lower "
            "`quality.min_score` to transcribe it all the same."
        )


def _speech_and_snr(
    speech_hist: NDArray[np.int64], noise_hist: NDArray[np.int64], hist: NDArray[np.int64]
) -> tuple[float | None, float | None]:
    """Return speech level and SNR from histograms of window levels; None without speech."""
    count = int(speech_hist.sum())
    speech = float(speech_hist @ _POWERS) / max(count, 1)
    if count < MIN_SPEECH_WINDOWS or not speech:
        return None, None
    if noise_hist.sum() < MIN_NOISE_WINDOWS:
        noise_hist = _quietest(hist, max(1, int(hist.sum() * QUIETEST_SHARE)))
    noise = max(_median_power(noise_hist), ROUNDING_POWER)
    above = max(speech - noise, noise * 10 ** (LOWEST_SNR_DB / 10))
    return _dbfs(speech), 10 * float(np.log10(above / noise))


def _quietest(counts: NDArray[np.int64], windows: int) -> NDArray[np.int64]:
    """Return the histogram of the faintest ``windows`` windows of a histogram."""
    return np.diff(np.minimum(np.cumsum(counts), windows), prepend=0)


def _median_power(counts: NDArray[np.int64]) -> float:
    """Return the median over a histogram that is not empty; between two, their mean."""
    below = np.cumsum(counts)
    middle = [(below[-1] - 1) // 2, below[-1] // 2]
    return float(_POWERS[np.searchsorted(below, middle, side="right")].mean())


def _score(
    snr_db: float | None,
    speech_dbfs: float | None,
    clipping_ratio: float,
    options: QualityOptions,
) -> float:
    if snr_db is None or speech_dbfs is None:
        return 0.0
    clarity = _unit(snr_db / CLEAR_SNR_DB)
    loudness = _unit((speech_dbfs - (options.quiet_dbfs - 20)) / 30)
    worst_clipping = 10 * options.clipping_ratio
    integrity = _unit(1 - clipping_ratio / worst_clipping) if worst_clipping else 1.0
    return clarity * loudness * integrity


def _level(score: float, options: QualityOptions) -> Level:
    if score >= options.excellent_score:
        return "excellent"
    if score >= options.good_score:
        return "good"
    return "fair" if score >= options.fair_score else "poor"


def _warnings(
    snr_db: float | None,
    speech_dbfs: float | None,
    clipping_ratio: float,
    silence_ratio: float,
    options: QualityOptions,
) -> tuple[str, ...]:
    found: list[str] = []
    if snr_db is None or speech_dbfs is None:
        found.append("No speech was detected.")
    else:
        if snr_db < options.low_snr_db:
            found.append(
                f"The speech hardly stands out from the noise (SNR {snr_db:.0f} dB): "
                "expect wrong words."
            )
        if speech_dbfs < options.quiet_dbfs:
            found.append(
                f"The speech is very quiet ({speech_dbfs:.0f} dBFS): expect missing words."
            )
    if clipping_ratio > options.clipping_ratio:
        found.append(
            f"The recording is too loud for its format: {clipping_ratio:.1%} of it is clipped."
        )
    if silence_ratio > options.silence_ratio:
        found.append(f"{silence_ratio:.0%} of the recording is silence.")
    return tuple(found)


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _dbfs(power: float) -> float:
    return 10 * float(np.log10(power / FULL_SCALE**2))
