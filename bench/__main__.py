"""Run every bench, one after the other, and print one table and one JSON line for each measure.

    python -m bench [audio.vad audio.prepare ...]

Each runs in a process of its own, as by itself, so none pays for another's imports or memory. What they
have to say meanwhile goes to standard error. Exit status 1 where one of them missed a bar or failed.
"""

import argparse
import os
import subprocess
import sys

from bench.harness.measure import TOGETHER, Measure, read_measure, report

BENCHES: dict[str, list[str]] = {
    "audio.vad": [],
    "audio.prepare": [],
    "audio.memory": [],
    "audio.startup": [],
    "audio.short_files": ["--files", "200"],
    "audio.vad_curve": [],
    "audio.decoders": [],
    "reliability.fuzz_media": [],
    "audio.times": [],
    "storage.listing": [],
    "storage.fetching": [],
    "reliability.kills": ["--kills", "25"],
    "reliability.storm": ["--recordings", "40"],
    "scale.recordings": ["--recordings", "20"],
    "scale.corpus": ["--kind", "nonspeech"],
}
"""Modules of this package, in the order in which they run, with arguments that keep them short."""


def main() -> None:
    """Run those that were named, or all."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("bench", nargs="*", help=f"{', '.join(BENCHES)}; all, if none is named")
    named = options.parse_args().bench or list(BENCHES)
    if unknown := set(named) - set(BENCHES):
        options.error(f"there is no bench {', '.join(sorted(unknown))}")
    measures: list[Measure] = []
    failed: list[str] = []
    for name in named:
        print(f"\n--- {name}", file=sys.stderr, flush=True)
        found, status = run(name, BENCHES[name])
        measures += found
        if status and not any(measure.missed for measure in found):
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    report(measures)
    if failed:
        sys.exit(1)


def run(name: str, arguments: list[str]) -> tuple[list[Measure], int]:
    """A bench's measures and exit status; its other output goes to standard error as it comes."""
    command = [sys.executable, "-m", f"bench.{name}", *arguments]
    found: list[Measure] = []
    environment = os.environ | {TOGETHER: "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        for line in process.stdout:
            if measure := read_measure(line):
                found.append(measure)
            else:
                print(line, end="", file=sys.stderr, flush=True)
    return found, process.returncode


if __name__ == "__main__":
    main()
