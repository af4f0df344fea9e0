"""Labelled speech that is lost and pauses that are removed, by the options of a profile.

    python -m bench.audio.vad_curve

It analyzes the corpus' clips that have exhaustive manual labels. What counts is what would be sent to an
engine: speech is lost where a label says speech and the segmentation plan leaves it out; removed is what
it leaves out of labelled pauses of at least half a second. The default profile was chosen by this.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.harness.corpus import recordings
from bench.harness.material import decoded
from bench.harness.measure import Measure, report
from stenoflow.profile.model import Profile
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.planner import plan_channel
from stenoflow.times import to_samples, to_seconds
from stenoflow.vad.detector import speech_scores
from stenoflow.vad.options import VadOptions
from stenoflow.vad.segments import speech_segments

THRESHOLDS = (0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
KEPT_S = (0.0, 0.03, 0.05, 0.06, 0.07, 0.08, 0.1, 0.15)
LONG_PAUSE = to_samples(0.5)
BAR = 0.005

ALWAYS_SEGMENT = {"min_saving": 0.0}
"""Pauses are left out, however little that saves of a clip."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A labelled clip with its speech scores."""

    speech_scores: NDArray[np.float32]
    speech: NDArray[np.bool]
    """For each sample, by the labels."""
    long_pauses: NDArray[np.bool]
    """Samples in pauses of at least half a second, by the labels."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Sums over all clips under one choice, in samples."""

    lost: int
    speech: int
    removed: int
    long_pauses: int

    def __str__(self) -> str:
        return f"{self.lost / self.speech:6.2%} {self.removed / self.long_pauses:6.1%}"


def main() -> None:
    """The curve, others' choices beside it, and the default profile's place on it."""
    clips = list(labelled())
    if not clips:
        print("left out for want of the corpus: vad_curve", file=sys.stderr)
        return
    default = Profile()
    print("labelled speech lost, and removed of pauses >= 0.5 s, by threshold and what is kept\n")
    print(f"{'':9}" + "".join(f"{f'{kept:g} s':>15}" for kept in KEPT_S))
    for threshold in THRESHOLDS:
        settings = default.vad.model_copy(update={"threshold": threshold})
        row = (
            outcome(clips, settings, default.cutting.model_copy(update={"keep_s": kept}))
            for kept in KEPT_S
        )
        print(f"{threshold:<9g}" + "".join(f"{each!s:>15}" for each in row))
    print()
    as_they_are = SegmentationOptions(min_pause_s=0.05, keep_s=0)
    for name, settings in others().items():
        print(f"{outcome(clips, settings, as_they_are)}  {name}")
    chosen = outcome(clips, default.vad, default.cutting)
    print(f"{chosen}  the default profile")
    report(
        [
            Measure(
                name="speech lost by the default profile",
                ours=to_seconds(chosen.lost),
                peer=to_seconds(chosen.speech),
                unit="s",
                against="labelled speech",
                at_most=BAR,
            ),
            Measure(
                name="pauses removed by the default profile",
                ours=to_seconds(chosen.removed),
                peer=to_seconds(chosen.long_pauses),
                unit="s",
                against="labelled pauses >= 0.5 s",
            ),
        ]
    )


def labelled() -> Iterable[Clip]:
    """The clips of the corpus whose labels say of each moment whether somebody speaks."""
    for entry in recordings("vad"):
        if "exhaustive" in (entry["labels_note"] or ""):
            samples = decoded(entry["path"])
            speech = np.zeros(len(samples), np.bool)
            for start_s, end_s in entry["speech_segments"]:
                speech[to_samples(start_s) : to_samples(end_s)] = True
            yield Clip(speech_scores(samples), speech, _long(~speech))


def others() -> dict[str, VadOptions]:
    """Return the defaults of other projects, whose segments are sent as they are."""
    return {
        "silero-vad's defaults": VadOptions(
            threshold=0.5, min_speech_ms=250, min_silence_ms=100, speech_pad_ms=30
        ),
        "the same, silence from 0.5 s, padded by 0.1 s": VadOptions(
            threshold=0.5, min_speech_ms=250, min_silence_ms=500, speech_pad_ms=100
        ),
        "faster-whisper's defaults": VadOptions(
            threshold=0.5, min_speech_ms=0, min_silence_ms=2000, speech_pad_ms=400
        ),
    }


def outcome(clips: Iterable[Clip], settings: VadOptions, cutting: SegmentationOptions) -> Outcome:
    """Return what is lost and removed of all clips together."""
    counts = np.zeros(4, np.int64)
    for clip in clips:
        samples = len(clip.speech)
        found = speech_segments(clip.speech_scores, samples, settings)
        plan = plan_channel(
            found, samples, cutting.model_copy(update=ALWAYS_SEGMENT), longest=samples
        )
        left_out = np.ones(samples, np.bool)
        for chunk in plan.chunks:
            for kept in chunk.timeline.kept:
                left_out[kept.start : kept.end] = False
        sets = (left_out & clip.speech, clip.speech, left_out & clip.long_pauses, clip.long_pauses)
        counts += [np.count_nonzero(each) for each in sets]
    return Outcome(*counts.tolist())


def _long(pausing: NDArray[np.bool]) -> NDArray[np.bool]:
    """Keep only runs of True of at least half a second."""
    edges = np.flatnonzero(np.diff(pausing, prepend=False, append=False)).reshape(-1, 2)
    long = np.zeros_like(pausing)
    for start, end in edges:
        long[start:end] = end - start >= LONG_PAUSE
    return long


if __name__ == "__main__":
    main()
