"""A thousand short recordings, each decoded, analyzed and searched for speech, beside FFmpeg decoding
each alone.

    python -m bench.audio.short_files [--files 1000] [--rounds 1] [--seed 0]

Short files cost starts rather than decoding: of FFmpeg, its sandbox, the pipe, the files.
"""

import argparse
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.audio.prepare import ffmpeg_alone, ours
from bench.harness.material import speech, write_recording
from bench.harness.measure import Measure, report
from bench.harness.timing import take_turns
from stenoflow.times import to_samples

SHORTEST_S, LONGEST_S = 5.0, 15.0


def main() -> None:
    """Run all of them through the analysis, then all through FFmpeg, in turn."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--files", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="short-") as name:
        folder = Path(name)
        paths = recordings(folder, chosen.files, random.Random(chosen.seed))
        rivals = {
            "ours": _each([ours(path, folder) for path in paths]),
            "FFmpeg": _each([ffmpeg_alone(path) for path in paths]),
        }
        costs = take_turns(rivals, chosen.rounds)
    report(
        Measure(
            name=f"short files, {name}",
            ours=1000 * getattr(costs["ours"], figure) / len(paths),
            peer=1000 * getattr(costs["FFmpeg"], figure) / len(paths),
            unit=f"{name} ms a file",
            against="FFmpeg decoding each to nowhere",
        )
        for name, figure in (("wall", "wall_s"), ("CPU", "cpu_s"))
    )


def recordings(folder: Path, files: int, chance: random.Random) -> list[Path]:
    """Write short mp3 files, taken from the material at random; return their paths."""
    samples = speech()
    found: list[Path] = []
    for number in range(files):
        length = to_samples(chance.uniform(SHORTEST_S, LONGEST_S))
        start = chance.randrange(len(samples) - length)
        path = folder / f"short-{number:04}.mp3"
        found.append(write_recording(path, samples[start : start + length]))
    return found


def _each(works: list[Callable[[], None]]) -> Callable[[], None]:
    def work() -> None:
        for one in works:
            one()

    return work


if __name__ == "__main__":
    main()
