"""Run benches one after the other, and print one table, and one line of JSON for each measure.

    python -m bench [audio storage.listing ...]

Names are those of groups or of single benches; without names all run. Each bench runs in a process of
its own, so that none pays for the imports or memory of another. Their other output goes to standard
error. The exit status is 1 if a bench failed or missed a bar.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from bench.harness.measure import TOGETHER, Measure, read_measure, report

BENCHES: dict[str, list[str]] = {
    "audio.vad": [],
    "audio.prepare": [],
    "audio.memory": [],
    "audio.startup": [],
    "audio.short_files": ["--files", "200"],
    "audio.vad_curve": [],
    "audio.speakers": [],
    "audio.voices": [],
    "audio.word_errors": [],
    "audio.decoders": [],
    "reliability.fuzz_media": [],
    "audio.times": [],
    "storage.listing": [],
    "storage.fetching": [],
    "reliability.kills": ["--kills", "25"],
    "reliability.race": ["--store", "folder", "--recordings", "4"],
    "reliability.storm": ["--recordings", "40"],
    "scale.recordings": ["--recordings", "20"],
    "scale.long": ["--hours", "4", "--gigabytes", "2"],
    "scale.corpus": ["--kind", "nonspeech"],
}
"""Benches by name, in the order in which they run, with arguments that keep them short."""


def main() -> None:
    """Run the groups and benches that are named, or all."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument(
        "bench", nargs="*", help="a group (audio, reliability, storage, scale) or one"
    )
    try:
        chosen = select(options.parse_args().bench)
    except LookupError as error:
        options.error(str(error))
    measures: list[Measure] = []
    failed: list[str] = []
    for name in chosen:
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


def select(names: Sequence[str]) -> list[str]:
    """Return the benches that are named, or in a group that is named; all without names.

    Raises LookupError if a name is neither that of a bench nor that of a group.
    """
    for name in names:
        if not any(bench == name or bench.startswith(f"{name}.") for bench in BENCHES):
            raise LookupError(
                f"there is no bench or group {name!r}: choose among {', '.join(BENCHES)}"
            )
    wanted = [bench for bench in BENCHES if bench in names or bench.partition(".")[0] in names]
    return wanted or list(BENCHES)


def run(name: str, arguments: list[str]) -> tuple[list[Measure], int]:
    """Run a bench; return its measures and its exit status."""
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
