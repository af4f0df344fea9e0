"""Peak memory of analyzing and segmenting a recording, by its length. Linux only.

    python -m bench.audio.memory [--hours 0.167 1 4 12]

Each length is analyzed by a fresh process. The figure is that process' own resident memory at its highest;
FFmpeg's comes on top (some 30 MB), and does not grow with an mp3 either.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.harness.material import write_long_mp3
from bench.harness.measure import Measure, report

LENGTHS_H = (1 / 6, 1.0, 4.0, 12.0)
BAR = 1.05


def main() -> None:
    """One length after the other, each beside an hour."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--hours", type=float, nargs="+", default=LENGTHS_H)
    options.add_argument(
        "--analyze", type=Path, help="analyze this file, print how much memory it took"
    )
    chosen = options.parse_args()
    if chosen.analyze:
        print_peak(chosen.analyze)
        return
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        path = Path(folder) / "recording.mp3"
        peaks = {hours: peak_mb(write_long_mp3(path, hours)) for hours in {1.0, *chosen.hours}}
    report(
        Measure(
            name=f"memory, {round(60 * hours)} min",
            ours=peaks[hours],
            peer=peaks[1.0],
            unit="MB at the peak",
            against="an hour",
            at_most=BAR,
        )
        for hours in chosen.hours
    )


def peak_mb(path: Path) -> float:
    """Return what a separate process takes to analyze a recording, MB."""
    command = [sys.executable, "-m", "bench.audio.memory", "--analyze", str(path)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def print_peak(path: Path) -> None:
    """Do what a recording's process does before anything is bought, and print the peak in MB."""
    from stenoflow.audio.analysis import analyze  # noqa: PLC0415
    from stenoflow.profile.model import Profile  # noqa: PLC0415
    from stenoflow.segmentation.planner import longest_request, plan_channel  # noqa: PLC0415
    from stenoflow.vad.segments import speech_segments  # noqa: PLC0415

    profile = Profile()
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        for channel in analyze(path, profile.analysis, Path(folder)).channels:
            speech = speech_segments(channel.speech_scores, channel.samples, profile.vad)
            longest = longest_request(profile.cutting)
            plan_channel(speech, channel.samples, profile.cutting, longest=longest)
    # Not `ru_maxrss`, which a process takes over from the one that started it.
    [peak_kb] = re.findall(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    print(int(peak_kb) / 1000)


if __name__ == "__main__":
    main()
