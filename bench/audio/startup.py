"""From a cold start of Python to the first speech segment.

    python -m bench.audio.startup [--seconds 10] [--rounds 7]

Ours is ``python -c`` with all that a recording's process does before anything is bought; the peer is the
shortest program in which the wheel does the same, FFmpeg decoding. Most of the peer's time is the wheel's
import of torch, which is shown by itself.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.harness.material import speech_for, write_recording
from bench.harness.measure import Measure, report
from bench.harness.timing import take_turns

OURS = """
import sys, tempfile
from pathlib import Path
from stenoflow.audio.analysis import analyze
from stenoflow.profile.model import Profile
from stenoflow.vad.segments import speech_segments
with tempfile.TemporaryDirectory() as folder:
    [channel] = analyze(Path(sys.argv[1]), Profile().analysis, Path(folder)).channels
    assert speech_segments(channel.speech_scores, channel.samples, Profile().vad)
"""

WHEEL = """
import subprocess, sys
command = ["ffmpeg", "-v", "error", "-i", sys.argv[1], "-ac", "1", "-ar", "16000", "-f", "f32le", "-"]
pcm = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
import torch, silero_vad
audio = torch.frombuffer(bytearray(pcm), dtype=torch.float32)
assert silero_vad.get_speech_timestamps(audio, silero_vad.load_silero_vad())
"""

IMPORT = "import silero_vad"


def main() -> None:
    """Ours, the wheel, and its import alone, in turn."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--seconds", type=float, default=10, help="length of the recording")
    options.add_argument("--rounds", type=int, default=7)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="startup-") as folder:
        path = write_recording(Path(folder) / "recording.mp3", speech_for(chosen.seconds))
        programs = {"ours": OURS, "the wheel's own program": WHEEL, "import silero_vad": IMPORT}
        rivals = {name: _cold(program, path) for name, program in programs.items()}
        costs = take_turns(rivals, chosen.rounds)
    report(
        Measure(
            name=f"start-up, {name}, against {peer}",
            ours=getattr(costs["ours"], figure),
            peer=getattr(costs[peer], figure),
            unit=f"{name} s",
            against=peer,
        )
        for peer in programs
        if peer != "ours"
        for name, figure in (("wall", "wall_s"), ("CPU", "cpu_s"))
    )


def _cold(program: str, path: Path) -> Callable[[], object]:
    command = [sys.executable, "-c", program, str(path)]
    return lambda: subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
