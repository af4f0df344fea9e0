"""Decode broken recordings: each must give audio or a typed error, in time and in memory.

    python -m bench.reliability.fuzz_media [--inputs 200] [--seed 0] [--keep FOLDER]

Every file of the corpus (of the samples, if there is no corpus) in turn has bits flipped, is truncated,
gets the header of another, or has its lengths falsified. Inputs that end otherwise are kept in FOLDER.
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
from bench.harness.media_mutations import MUTATIONS
from stenoflow.errors import BadMedia, OverLimit
from stenoflow.media.decoding import decode
from stenoflow.media.options import Limits, MediaOptions
from stenoflow.times import to_samples

LIMITS = Limits(max_duration_s=3600, decode_deadline_s=20, decode_memory_bytes=1024**3)
CHOICES = [MediaOptions(channels=channels) for channels in ("mix", "apart", "one")]
SLACK_S = 10
"""Beyond the deadline: work on the samples decoded before it, on a machine that others use too."""

KINDS = list(MUTATIONS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one input."""

    kind: str
    result: str
    """``audio``, ``audio with warnings``, or the error's type."""
    wall_s: float
    violation: str | None
    """The violation, if there was one."""


def main() -> None:
    """Make and decode the inputs; print how they ended."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--inputs", type=int, default=200)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--keep", type=Path, help="where inputs with a violation are kept")
    chosen = options.parse_args()
    paths = [entry["path"] for entry in recordings()]
    paths = paths or sorted((ROOT / "deployments" / "samples").glob("*.m[pk]*"))
    paths = [path for path in paths if path.stat().st_size]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as threads:
        tasks = (
            threads.submit(try_input, number, chosen.seed, paths, Path(folder), chosen.keep)
            for number in range(chosen.inputs)
        )
        outcomes = [task.result() for task in list(tasks)]
    print_outcomes(outcomes)
    report(measures(outcomes))


def try_input(
    number: int, seed: int, paths: Sequence[Path], folder: Path, keep: Path | None = None
) -> Outcome:
    """Make input ``number`` of a seed, decode it, and return the outcome."""
    random = Random(f"{seed} {number}")
    around, index = divmod(number, len(paths))
    kind = KINDS[(around + index) % len(KINDS)]
    source, other = paths[index], random.choice(paths)
    made = MUTATIONS[kind](source.read_bytes(), other.read_bytes(), random)
    path = folder / f"{number}-{kind}"
    path.write_bytes(made)
    try:
        began = time.perf_counter()
        result, violation = decode_result(path, CHOICES[number % len(CHOICES)])
        wall_s = time.perf_counter() - began
        if wall_s > LIMITS.decode_deadline_s + SLACK_S:
            violation = f"took {wall_s:.1f} s"
        if violation:
            print(f"{path.name} of {source.name}: {violation}", file=sys.stderr, flush=True)
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / path.name).write_bytes(made)
        return Outcome(kind, result, wall_s, violation)
    finally:
        path.unlink()


def decode_result(path: Path, choice: MediaOptions) -> tuple[str, str | None]:
    """Decode a file; return the result, and a violation if there is one."""
    samples = 0
    try:
        with decode(path, choice=choice, limits=LIMITS) as decoding:
            for block in decoding:
                samples += len(block)
    except (BadMedia, OverLimit) as error:
        message = str(error)
        fit = message.endswith(".") and "\n" not in message and str(path) not in message
        return type(error).__name__, None if fit else f"has the message {message!r}"
    except Exception as error:
        return type(error).__name__, f"raised {error!r}"
    result = "audio with warnings" if decoding.warnings else "audio"
    if not 0 < samples == decoding.samples <= to_samples(LIMITS.max_duration_s):
        return result, f"gave {samples} samples, but counted {decoding.samples}"
    return result, None


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Print a table of results by kind of mutation."""
    counts = Counter((each.kind, each.result) for each in outcomes)
    results = sorted({result for _, result in counts})
    print(f"{'':8}" + "".join(f"{result:>21}" for result in results))
    for kind in KINDS:
        print(f"{kind:8}" + "".join(f"{counts[kind, result]:21}" for result in results))


def measures(outcomes: Sequence[Outcome]) -> list[Measure]:
    """Return the number of violations, the slowest input and the largest process."""
    violations = sum(each.violation is not None for each in outcomes)
    slowest = max(each.wall_s for each in outcomes)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    mib = 1024**2
    return [
        Measure(
            name=f"fuzzed media, {len(outcomes)} inputs, violations",
            ours=violations,
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
            ours=own / mib,
            peer=LIMITS.decode_memory_bytes / mib,
            unit="MiB",
            against="the decoder's limit",
            at_most=1,
        ),
    ]


if __name__ == "__main__":
    main()
