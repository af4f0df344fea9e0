"""Labelled speech that is lost and pauses that are removed, by the options of a profile.

    python -m bench.audio.vad_curve

It analyzes the corpus' clips whose manual labels cover each moment. What counts is what
would be sent to an engine: speech is lost where a label says speech and the segmentation plan leaves it
out; removed is what it leaves out of labelled pauses of at least half a second.

The clips are in two halves, by a hash of their names. The table of settings is made from the half to
choose on, and from it alone the default profile is chosen; the figures that are reported are those of the
other half. Recordings of meetings, whose labels are coarser and whose microphones are far away, are a
third group that nothing is chosen on either.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bench.harness.corpus import half_of, recordings
from bench.harness.material import decoded
from bench.harness.measure import Measure, report
from stenoflow.profile.model import Profile
from stenoflow.segmentation.doubtful import judge
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.planner import plan_channel
from stenoflow.times import Span, to_samples, to_seconds
from stenoflow.vad.detector import speech_scores
from stenoflow.vad.options import VadOptions
from stenoflow.vad.segments import speech_segments

THRESHOLDS = (0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
KEPT_S = (0.0, 0.03, 0.05, 0.06, 0.07, 0.08, 0.1, 0.15)
LONG_PAUSE = to_samples(0.5)
MOST_LOST = 0.002
MOST_SENT = 0.52
"""Bars of the half that is reported."""

Group = Literal["to choose on", "to report", "meetings"]
GROUPS: tuple[Group, ...] = ("to choose on", "to report", "meetings")

ALWAYS_SEGMENT = {"min_saving": 0.0}
"""Pauses are left out, however little that saves of a clip."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A labelled clip with its speech scores."""

    group: Group
    samples: NDArray[np.int16]
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
    every = list(labelled())
    if not every:
        print("left out for want of the corpus: vad_curve", file=sys.stderr)
        return
    default = Profile()
    clips = [clip for clip in every if clip.group == "to choose on"]
    print("labelled speech lost, and removed of pauses >= 0.5 s, by threshold and what is kept,")
    print(f"on the {len(clips)} clips to choose on\n")
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
    print()
    by_group = {
        group: outcome(
            [clip for clip in every if clip.group == group], default.vad, default.cutting
        )
        for group in GROUPS
    }
    for group, found in by_group.items():
        print(f"{found}  the default profile, clips {group}")
    reported = by_group["to report"]
    report(
        [
            Measure(
                name="speech lost by the default profile",
                ours=to_seconds(reported.lost),
                peer=to_seconds(reported.speech),
                unit="s",
                against="labelled speech of the clips to report",
                at_most=MOST_LOST,
            ),
            Measure(
                name="pauses sent by the default profile",
                ours=to_seconds(reported.long_pauses - reported.removed),
                peer=to_seconds(reported.long_pauses),
                unit="s",
                against="labelled pauses >= 0.5 s of the clips to report",
                at_most=MOST_SENT,
            ),
        ]
    )


def labelled() -> Iterable[Clip]:
    """The clips of the corpus whose labels cover each moment."""
    for kind in ("vad", "conversation"):
        for entry in recordings(kind):
            if (group := group_of(entry)) is None:
                continue
            samples = decoded(entry["path"])
            speech = np.zeros(len(samples), np.bool)
            for start_s, end_s in entry["speech_segments"]:
                speech[to_samples(start_s) : to_samples(end_s)] = True
            yield Clip(group, samples, speech_scores(samples), speech, _long(~speech))


def group_of(entry: Mapping[str, Any]) -> Group | None:
    """Return the group of a recording; None if its labels do not cover each moment."""
    if not entry["speech_segments"]:
        return None
    if entry["kind"] == "conversation":
        return "meetings"
    if "exhaustive" not in (entry["labels_note"] or ""):
        return None
    return half_of(entry["name"])


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
        found = judge(
            speech_segments(clip.speech_scores, samples, settings),
            clip.speech_scores,
            samples,
            partial(_read, clip.samples),
            settings,
            min_pause=to_samples(cutting.min_pause_s),
        )
        plan = plan_channel(
            found.speech, samples, cutting.model_copy(update=ALWAYS_SEGMENT), longest=samples
        )
        left_out = np.ones(samples, np.bool)
        for chunk in plan.chunks:
            for kept in chunk.timeline.kept:
                left_out[kept.start : kept.end] = False
        sets = (left_out & clip.speech, clip.speech, left_out & clip.long_pauses, clip.long_pauses)
        counts += [np.count_nonzero(each) for each in sets]
    return Outcome(*counts.tolist())


def _read(samples: NDArray[np.int16], span: Span) -> NDArray[np.int16]:
    return samples[span.start : span.end]


def _long(pausing: NDArray[np.bool]) -> NDArray[np.bool]:
    """Keep only runs of True of at least half a second."""
    edges = np.flatnonzero(np.diff(pausing, prepend=False, append=False)).reshape(-1, 2)
    long = np.zeros_like(pausing)
    for start, end in edges:
        long[start:end] = end - start >= LONG_PAUSE
    return long


if __name__ == "__main__":
    main()
