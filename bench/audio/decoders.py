"""The cost of decoding with each available decoder: the system's FFmpeg, the wheel's, and PyAV.

    python -m bench.audio.decoders [--minutes 10] [--rounds 3]

The two FFmpegs run as they do for every recording, in a sandboxed child. PyAV runs in a separate
Python process, as it would have to: hostile media is not decoded in the main one. CPU seconds are those
of an hour of speech; for short files, where the start counts, those of 100 of them.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]

from bench.harness.material import CODECS, speech_for, write_recording
from bench.harness.measure import Measure, report
from bench.harness.timing import Cost, take_turns
from stenoflow.media.binaries import VARIABLE
from stenoflow.media.decoding import decode
from stenoflow.media.ffmpeg import CONTAINERS
from stenoflow.times import SAMPLE_RATE

SHORT_S = 5
SHORT_FILES = 10

PYAV = f"""
import sys, av
options = {{"protocol_whitelist": "file", "format_whitelist": "{CONTAINERS}"}}
resampler = av.AudioResampler("s16", "mono", {SAMPLE_RATE})
with av.open(sys.argv[1], options=options) as container:
    for frame in container.decode(audio=0):
        for piece in resampler.resample(frame):
            sys.stdout.buffer.write(memoryview(piece.planes[0])[: 2 * piece.samples])
    for piece in resampler.resample(None):
        sys.stdout.buffer.write(memoryview(piece.planes[0])[: 2 * piece.samples])
"""

Decode = Callable[[Path], None]


def main() -> None:
    """Let them take turns at each format, then at short files."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--minutes", type=float, default=10, help="length of the long files")
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    found: list[Measure] = []
    with tempfile.TemporaryDirectory() as folder:
        for suffix in CODECS:
            long = write_recording(Path(folder) / f"long.{suffix}", speech_for(chosen.minutes * 60))
            costs = take_turns(rivals(long, 1), chosen.rounds)
            hour = {name: cost.per_hour(chosen.minutes * 60) for name, cost in costs.items()}
            found += measures(f"decoding {suffix}", hour, "s per hour of audio", at_most=1.1)
            long.unlink()
        short = write_recording(Path(folder) / "short.mp3", speech_for(SHORT_S))
        costs = take_turns(rivals(short, SHORT_FILES), chosen.rounds)
        each = {name: hundred(cost) for name, cost in costs.items()}
        found += measures(f"decoding {SHORT_S} s of mp3", each, "s per 100 files")
    report(found)


def rivals(path: Path, times: int) -> dict[str, Callable[[], object]]:
    """Each decoder that is here, decoding a file so many times."""
    decoders: dict[str, Decode] = {
        "imageio-ffmpeg": with_ffmpeg(imageio_ffmpeg.get_ffmpeg_exe()),
        "PyAV": with_pyav,
    }
    if installed := shutil.which("ffmpeg"):
        decoders = {"system FFmpeg": with_ffmpeg(installed), **decoders}
    return {
        name: lambda run=run: [run(path) for _ in range(times)] for name, run in decoders.items()
    }


def with_ffmpeg(program: str) -> Decode:
    """Our own decoding, with this FFmpeg."""

    def run(path: Path) -> None:
        with named(program), decode(path) as decoding:
            for _ in decoding:
                pass

    return run


@contextmanager
def named(program: str) -> Generator[None]:
    """While the block lasts, this FFmpeg is the one to use."""
    os.environ[VARIABLE] = program
    try:
        yield
    finally:
        del os.environ[VARIABLE]


def with_pyav(path: Path) -> None:
    """PyAV in a process of its own, its samples read from a pipe."""
    with subprocess.Popen([sys.executable, "-c", PYAV, path], stdout=subprocess.PIPE) as child:
        assert child.stdout
        while child.stdout.read(1 << 18):
            pass
    assert child.returncode == 0


def hundred(cost: Cost) -> Cost:
    """The cost of a hundred files, from that of fewer."""
    return Cost(cost.wall_s * 100 / SHORT_FILES, cost.cpu_s * 100 / SHORT_FILES)


def measures(
    name: str, costs: dict[str, Cost], unit: str, at_most: float | None = None
) -> list[Measure]:
    """The first rival against each other one, in CPU and wall seconds; the bar is for CPU."""
    (_, ours), *others = costs.items()
    return [
        Measure(
            name=f"{name}, {what}, beside {peer}",
            ours=mine,
            peer=theirs,
            unit=unit,
            against=peer,
            at_most=bar,
        )
        for peer, cost in others
        for what, mine, theirs, bar in (
            ("CPU", ours.cpu_s, cost.cpu_s, at_most),
            ("wall", ours.wall_s, cost.wall_s, None),
        )
    ]


if __name__ == "__main__":
    main()
