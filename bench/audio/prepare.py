"""Decoding, quality and speech detection in one pass, beside FFmpeg decoding alone to nowhere.

    python -m bench.audio.prepare [--minutes 20] [--rounds 5] [--kinds mp3 m4a opus flac wav]
        [--channels mono same call tracks]

The floor is the same FFmpeg with the same conversion of all channels, its sound thrown away. Ours runs it as
the workflow does: sandboxed, analyzed, written to disk, and searched for speech segments. Files of all kinds
are stereo with the same sound twice. WAV files of other channels follow: one channel, the same twice, two
sides of a call that say different things, six microphones. Channels that differ are analyzed each.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from bench.harness.material import CHANNELS, CODECS, speech_for, write_channels, write_recording
from bench.harness.measure import Measure, report
from bench.harness.timing import Cost, take_turns
from stenoflow.audio.analysis import analyze
from stenoflow.media.binaries import chosen_decoder
from stenoflow.profile.model import Profile
from stenoflow.times import SAMPLE_RATE
from stenoflow.vad.segments import speech_segments

WALL_BAR = 1.15
CPU_BAR = 1.6


def main() -> None:
    """Each kind of file in turn."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--minutes", type=float, default=20)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--kinds", nargs="*", choices=CODECS, default=list(CODECS))
    options.add_argument("--channels", nargs="*", choices=CHANNELS, default=list(CHANNELS))
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="prepare-") as folder:
        samples = speech_for(60 * chosen.minutes)
        measures: list[Measure] = []
        for kind in (*chosen.kinds, *chosen.channels):
            path = Path(folder) / f"recording.{kind if kind in CODECS else 'wav'}"
            if kind in CODECS:
                write_recording(path, samples)
            else:
                write_channels(path, samples, CHANNELS[kind])
            rivals = {"ours": ours(path, Path(folder)), "FFmpeg": ffmpeg_alone(path)}
            costs = take_turns(rivals, chosen.rounds)
            measures += compared(kind, 60 * chosen.minutes, costs["ours"], costs["FFmpeg"])
            path.unlink()
        report(measures)


def ours(path: Path, folder: Path) -> Callable[[], None]:
    """Everything up to the speech segments."""
    profile = Profile()

    def prepare() -> None:
        for channel in analyze(path, profile.analysis, folder).channels:
            speech_segments(channel.speech_scores, channel.samples, profile.vad)

    return prepare


def ffmpeg_alone(path: Path) -> Callable[[], None]:
    """Decoded and converted alike, and thrown away."""
    command = [chosen_decoder().path, "-v", "error", "-nostdin", "-threads", "1", "-i", str(path)]
    command += ["-ar", str(SAMPLE_RATE), "-flush_packets", "0", "-f", "f32le", "-y"]
    return lambda: subprocess.run([*command, "/dev/null"], check=True) and None


def compared(kind: str, audio_s: float, ours: Cost, floor: Cost) -> Iterable[Measure]:
    """Wall and CPU time; the bars are for mp3, which most recordings are."""
    ours, floor = ours.per_hour(audio_s), floor.per_hour(audio_s)
    for name, mine, theirs, bar in (
        ("wall", ours.wall_s, floor.wall_s, WALL_BAR),
        ("CPU", ours.cpu_s, floor.cpu_s, CPU_BAR),
    ):
        yield Measure(
            name=f"prepare {kind}, {name}",
            ours=mine,
            peer=theirs,
            unit=f"{name} s per hour",
            against="FFmpeg decoding to nowhere",
            at_most=bar if kind == "mp3" else None,
        )


if __name__ == "__main__":
    main()
