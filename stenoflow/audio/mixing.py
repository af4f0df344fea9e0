"""Mixing: one channel in which the speech of every channel can be understood.

The plain mean of all channels, the usual downmix, loses speech: a side of a call that is far quieter, a
microphone beside a loud one without speech, and all of two channels of which one has the opposite
sign. Here each track (see ``tracks.py``) has been analyzed by itself, and

- silent and duplicate channels have no track, so that they do not weaken the others;
- a track without speech is left out if it is loud enough to disturb those with speech;
- a track is turned if it has the opposite sign of the loudest;
- a track whose speech is more than 10 dB quieter than the loudest is raised, as far as its noise allows, if
  it has speech while no louder one has any. What is only crosstalk stays as it is.

The mix is the sum, divided by the number of tracks with speech: of two channels with speech of similar level
it is the plain mean. Without speech, it is the plain mean of all tracks.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stenoflow.audio.options import QualityOptions
from stenoflow.audio.quality import (
    FULL_SCALE,
    MIN_SPEECH_WINDOWS,
    NOISE_BELOW,
    Quality,
    QualityMeter,
)
from stenoflow.audio.samples import SampleWriter, exponents_path, read_samples
from stenoflow.errors import Stopped
from stenoflow.times import Span
from stenoflow.vad.scores import WINDOW, SpeechScores, StoredScores

QUIETER_DB = 10.0
"""Speech that is so much quieter than the loudest is raised to its level."""

MOST_RAISED_DB = 60.0

NOISE_BELOW_SPEECH_DB = 15.0
"""Noise is raised at most up to so much below the loudest speech."""

DISTURBS_BELOW_DB = 20.0
"""A track without speech disturbs if its level is above that of the faintest speech less this."""

WORD_END_WINDOWS = 5
"""A louder track may still be speaking so many windows, 160 ms, from where its score is low."""

READ_WINDOWS = 256
"""Windows that are mixed at once: 8.2 s."""


@dataclass(frozen=True, slots=True, eq=False)
class MixedTrack:
    """A track that has been analyzed, and its part in the mix."""

    channel: int
    """The first of its channels."""
    pcm: Path
    speech_scores: SpeechScores
    quality: Quality
    sign: int = 1
    """-1 if it has the opposite sign of the loudest track."""
    gain: float = 1.0
    """0 if it is left out."""

    @property
    def speaks(self) -> bool:
        """True if there is speech on it."""
        return self.quality.speech_dbfs is not None

    def remove(self) -> None:
        """Remove its samples, once they are in the mix."""
        for path in (self.pcm, exponents_path(self.pcm)):
            path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Which part each track has in the mix."""

    tracks: tuple[MixedTrack, ...]
    """Those that are not left out."""
    warnings: tuple[str, ...]

    @property
    def divisor(self) -> int:
        """By what the sum of the tracks is divided."""
        return sum(track.speaks for track in self.tracks) or len(self.tracks)

    @property
    def alone(self) -> bool:
        """True if the mix is a track as it is."""
        return len(self.tracks) == 1


def loudest_of(tracks: Sequence[MixedTrack]) -> MixedTrack:
    """Return the track with the loudest speech, or else the loudest."""
    return max(
        tracks,
        key=lambda track: (
            track.speaks,
            track.quality.speech_dbfs or track.quality.rms_dbfs or -1e9,
        ),
    )


def balance(tracks: Sequence[MixedTrack], samples: int, threshold: float) -> Mix:
    """Return the part that each track has in the mix, given their signs.

    ``samples`` is their length; windows whose speech score is at least ``threshold`` are speech.
    """
    speaking = sorted(
        (track for track in tracks if track.speaks),
        key=lambda track: -(track.quality.speech_dbfs or 0.0),
    )
    if not speaking:
        return Mix(tuple(tracks), ())
    louder: list[MixedTrack] = []
    mixed: dict[int, MixedTrack] = {}
    warnings: list[str] = []
    for track in speaking:
        own_dbfs = _own_speech_dbfs(track, louder, samples, threshold)
        gain_db, warning = _raised(track, own_dbfs, speaking[0])
        mixed[track.channel] = replace(track, gain=10 ** (gain_db / 20))
        warnings += [warning] if warning else []
        louder.append(track)
    faintest_dbfs = min(
        (track.quality.speech_dbfs or 0.0) + 20 * np.log10(track.gain) for track in mixed.values()
    )
    for track in tracks:
        if track.speaks:
            continue
        level_dbfs = track.quality.rms_dbfs
        if level_dbfs is None or level_dbfs < faintest_dbfs - DISTURBS_BELOW_DB:
            mixed[track.channel] = track
        else:
            warnings.append(
                f"Nobody speaks on channel {track.channel}, counted from 0, but it is loud: it was left out."
            )
    return Mix(tuple(mixed[channel] for channel in sorted(mixed)), tuple(warnings))


def _raised(
    track: MixedTrack, own_dbfs: float | None, loudest: MixedTrack
) -> tuple[float, str | None]:
    """Return by how many dB a track is raised, and the warning about it."""
    level_dbfs, snr_db = loudest.quality.speech_dbfs, track.quality.snr_db
    if own_dbfs is None or level_dbfs is None or level_dbfs - own_dbfs <= QUIETER_DB:
        return 0.0, None
    missing_db = level_dbfs - own_dbfs
    noise_dbfs = (track.quality.speech_dbfs or own_dbfs) - max(snr_db or 0.0, 0.0)
    allowed_db = max(level_dbfs - NOISE_BELOW_SPEECH_DB - noise_dbfs, 0.0)
    gain_db = min(missing_db, allowed_db, MOST_RAISED_DB)
    quiet = (
        f"Channel {track.channel}, counted from 0, is {missing_db:.0f} dB quieter than channel "
        f"{loudest.channel}"
    )
    if missing_db - gain_db > QUIETER_DB:
        return gain_db, f"{quiet}, and too noisy to be raised as much: expect missing words."
    return gain_db, f"{quiet}: it was raised by {gain_db:.0f} dB."


def _own_speech_dbfs(
    track: MixedTrack, louder: Sequence[MixedTrack], samples: int, threshold: float
) -> float | None:
    """Return the level of a track's speech while no louder track has any.

    None if that is too little to be speech.
    """
    if not louder:
        return track.quality.speech_dbfs
    energy, windows = 0.0, 0
    for span, scores in _slices(samples, [track, *louder]):
        elsewhere = np.greater_equal(scores[1:].max(axis=0), NOISE_BELOW)
        own = (scores[0] >= threshold) & ~_widened(elsewhere)
        own = own[: span.samples // WINDOW]
        if own.any():
            values = read_samples(track.pcm, span)
            chosen = values[: len(own) * WINDOW].reshape(-1, WINDOW)[own]
            chosen -= chosen.mean(axis=1, keepdims=True)
            energy += float(np.vecdot(chosen, chosen).sum(dtype=np.float64)) / WINDOW
            windows += len(chosen)
    if windows < MIN_SPEECH_WINDOWS or not energy:
        return None
    return 10 * float(np.log10(energy / windows / FULL_SCALE**2))


def _widened(windows: NDArray[np.bool]) -> NDArray[np.bool]:
    """Return windows with those around them, as the end of a word scores low."""
    return np.convolve(windows, np.ones(2 * WORD_END_WINDOWS + 1), mode="same") > 0


def write_mix(
    mix: Mix,
    samples: int,
    path: Path,
    options: QualityOptions,
    *,
    threshold: float,
    stop: threading.Event | None,
) -> tuple[Path, StoredScores, Quality]:
    """Write the mix of tracks of so many ``samples``; return its samples, speech scores and quality.

    In each window the speech score is the highest of all tracks. Raises Stopped.
    """
    speech_scores = StoredScores(path.with_suffix(".speech"))
    meter = QualityMeter(threshold)
    with ExitStack() as stack:
        writer = SampleWriter(path.with_suffix(".pcm"), stack)
        scores_file = stack.enter_context(speech_scores.path.open("wb"))
        last = np.zeros(0, np.float32)
        for span, scores in _slices(samples, mix.tracks):
            if stop is not None and stop.is_set():
                raise Stopped("Stopped while mixing the channels.")
            mixed = np.zeros(span.samples, np.float32)
            for track in mix.tracks:
                mixed += read_samples(track.pcm, span) * np.float32(track.sign * track.gain)
            mixed /= np.float32(mix.divisor)
            highest = scores.max(axis=0)
            writer.write(mixed)
            meter.feed(mixed)
            meter.add_speech_scores(highest[: span.samples // WINDOW])
            scores_file.write(highest.data)
            last = highest[span.samples // WINDOW :]
        writer.flush()
    return writer.pcm, speech_scores, meter.finish(last, options)


def _slices(
    samples: int, tracks: Sequence[MixedTrack]
) -> Iterator[tuple[Span, NDArray[np.float32]]]:
    """Yield spans of the tracks, and their speech scores, shape (tracks, windows)."""
    for start in range(0, samples, READ_WINDOWS * WINDOW):
        span = Span(start, min(start + READ_WINDOWS * WINDOW, samples))
        windows = slice(start // WINDOW, -(-span.end // WINDOW))
        yield span, np.stack([track.speech_scores[windows] for track in tracks])
