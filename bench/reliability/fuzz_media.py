"""Recordings made wrong, decoded: each must end in sound or a typed error, in time and in memory.

    python -m bench.reliability.fuzz_media [--inputs 200] [--seed 0] [--keep FOLDER]

Every file of the corpus (the samples, where it is not here) in turn has bits flipped, is cut, is given
the header of another, or has its lengths set to lies. Inputs that end otherwise are kept in FOLDER.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.harness.corpus import ROOT, recordings
from bench.harness.measure import Measure, report
from stenoflow.errors import BadMedia, OverLimit
from stenoflow.media.decoding import decode
from stenoflow.media.options import Limits, MediaOptions
from stenoflow.times import SAMPLE_RATE
from tests.support.mutations import MUTATIONS

LIMITS = Limits(max_duration_s=3600, decode_deadline_s=20, decode_memory_bytes=1024**3)
CHOICES = [MediaOptions(channels=channels) for channels in ("mix", "apart", "one")]
SLACK_S = 10
"""Beyond the deadline: our own work on what came before it, on a machine that others use too."""

KINDS = list(MUTATIONS)


@dataclass(frozen=True, slots=True)
class Ending:
    """How one input ended."""

    kind: str
    outcome: str
    """``sound``, ``sound with warnings``, or the error's type."""
    wall_s: float
    wrong: str | None
    """What must not be, if it was."""


def main() -> None:
    """Make and decode the inputs; say how they ended."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--inputs", type=int, default=200)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--keep", type=Path, help="where inputs are kept that ended as none must")
    chosen = options.parse_args()
    paths = [entry["path"] for entry in recordings()]
    paths = paths or sorted((ROOT / "deployments" / "samples").glob("*.m[pk]*"))
    paths = [path for path in paths if path.stat().st_size]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as threads:
        tasks = (
            threads.submit(try_input, number, chosen.seed, paths, Path(folder), chosen.keep)
            for number in range(chosen.inputs)
        )
        endings = [task.result() for task in list(tasks)]
    print_endings(endings)
    report(measures(endings))


def try_input(
    number: int, seed: int, paths: Sequence[Path], folder: Path, keep: Path | None = None
) -> Ending:
    """Make input ``number`` of a seed, and decode it."""
    random = Random(f"{seed} {number}")
    around, index = divmod(number, len(paths))
    kind = KINDS[(around + index) % len(KINDS)]
    source, other = paths[index], random.choice(paths)
    made = MUTATIONS[kind](source.read_bytes(), other.read_bytes(), random)
    path = folder / f"{number}-{kind}"
    path.write_bytes(made)
    try:
        began = time.perf_counter()
        outcome, wrong = ending(path, CHOICES[number % len(CHOICES)])
        wall_s = time.perf_counter() - began
        if wall_s > LIMITS.decode_deadline_s + SLACK_S:
            wrong = f"took {wall_s:.1f} s"
        if wrong:
            print(f"{path.name} of {source.name}: {wrong}", file=sys.stderr, flush=True)
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / path.name).write_bytes(made)
        return Ending(kind, outcome, wall_s, wrong)
    finally:
        path.unlink()


def ending(path: Path, choice: MediaOptions) -> tuple[str, str | None]:
    """The outcome of decoding a file, and what is wrong with it."""
    samples = 0
    try:
        with decode(path, choice=choice, limits=LIMITS) as decoding:
            for block in decoding:
                samples += len(block)
    except (BadMedia, OverLimit) as error:
        said = str(error)
        fit = said.endswith(".") and "\n" not in said and str(path) not in said
        return type(error).__name__, None if fit else f"said {said!r}"
    except Exception as error:
        return type(error).__name__, f"raised {error!r}"
    outcome = "sound with warnings" if decoding.warnings else "sound"
    if not 0 < samples == decoding.samples <= LIMITS.max_duration_s * SAMPLE_RATE:
        return outcome, f"gave {samples} samples, and said {decoding.samples}"
    return outcome, None


def print_endings(endings: Sequence[Ending]) -> None:
    """A table: outcomes by kind of mutation."""
    counts = Counter((each.kind, each.outcome) for each in endings)
    outcomes = sorted({outcome for _, outcome in counts})
    print(f"{'':8}" + "".join(f"{outcome:>21}" for outcome in outcomes))
    for kind in KINDS:
        print(f"{kind:8}" + "".join(f"{counts[kind, outcome]:21}" for outcome in outcomes))


def measures(endings: Sequence[Ending]) -> list[Measure]:
    """The slowest, the largest, and those that ended as none must."""
    wrong = sum(each.wrong is not None for each in endings)
    slowest = max(each.wall_s for each in endings)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    ourselves = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    mib = 1024**2
    return [
        Measure(
            name=f"fuzzed media, {len(endings)} inputs, ended as none must",
            ours=wrong,
            peer=0,
            unit="inputs",
            against="none",
            at_most=0,
        ),
        Measure(
            name="fuzzed media, slowest",
            ours=slowest,
            peer=LIMITS.decode_deadline_s,
            unit="s",
            against="the deadline",
            at_most=1,
        ),
        Measure(
            name="fuzzed media, largest decoder",
            ours=largest / mib,
            peer=LIMITS.decode_memory_bytes / mib,
            unit="MiB",
            against="the limit",
            at_most=1,
        ),
        Measure(
            name="fuzzed media, this process",
            ours=ourselves / mib,
            peer=LIMITS.decode_memory_bytes / mib,
            unit="MiB",
            against="the decoder's limit",
            at_most=1,
        ),
    ]


if __name__ == "__main__":
    main()
