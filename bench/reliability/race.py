"""Two processes transcribe the same recordings at once: is each paid once, on every kind of store?

    python -m bench.reliability.race [--store folder rgw unconditional] [--recordings 10] [--processes 2]

``rgw`` is Ceph's S3 server; ``unconditional`` is moto's behind a proxy that ignores ``If-None-Match``, as
some servers do: nothing may be bought there at all. The Deepgram stand-in works a while on each request, so
that the processes meet at each recording.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from multiprocessing.synchronize import Barrier
from pathlib import Path

from bench.harness.destinations import DESTINATIONS, destination
from bench.harness.measure import Measure, report
from bench.harness.passage import pass_through, slices
from bench.harness.rgw import why_unavailable
from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.errors import ConfigurationError
from stenoflow.profile.model import Profile
from stenoflow.storage import Store, open_store
from stenoflow.testing.deepgram.process import StandInProcess, standin_process

PROFILE = Profile(engine="deepgram", artifacts=("json",))
PUBLISHED, REFUSED = 0, 3


def main() -> None:
    """Race on each store, and count."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--store", nargs="+", choices=DESTINATIONS, default=DESTINATIONS)
    options.add_argument("--recordings", type=int, default=10)
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--latency", default="0.3", help="seconds that the stand-in works")
    chosen = options.parse_args()
    measures: list[Measure] = []
    for kind in chosen.store:
        if kind == "rgw" and (reason := why_unavailable()):
            print(f"left out: {kind} ({reason})", file=sys.stderr)
            continue
        with (
            tempfile.TemporaryDirectory(prefix="race-") as folder,
            standin_process("--latency", chosen.latency) as standin,
        ):
            measures += race(kind, Path(folder), standin, chosen.recordings, chosen.processes)
    report(measures)


def race(
    kind: str, root: Path, standin: StandInProcess, recordings: int, processes: int
) -> list[Measure]:
    """Run the processes to their ends, and return what was paid too often, and what was not published."""
    os.environ["STENOFLOW_SCRATCH"] = str(root / "scratch")
    keys = slices(root / "source", recordings)
    context = multiprocessing.get_context("fork")
    start = context.Barrier(processes)
    with destination(kind, root) as opened:

        def work() -> None:
            sys.exit(_transcribe(keys, root, opened(), standin, start))

        running = [context.Process(target=work) for _ in range(processes)]
        for each in running:
            each.start()
        for each in running:
            each.join()
    ends = [each.exitcode for each in running]
    bill = Counter(charge.sha256 for charge in standin.bill())
    again = bill.total() - len(bill)
    expected = REFUSED if kind == "unconditional" else PUBLISHED
    print(
        f"{kind}: {processes} processes ended with {ends}; {bill.total()} payments for {len(bill)} pieces"
    )
    amount = bill.total() if kind == "unconditional" else again
    return [
        Measure(
            name=f"race on {kind}, paid too often",
            ours=amount,
            peer=recordings,
            unit="payments",
            against="all recordings",
            at_most=0,
        ),
        Measure(
            name=f"race on {kind}, ended otherwise than they should",
            ours=sum(end != expected for end in ends),
            peer=processes,
            unit="processes",
            against="all processes",
            at_most=0,
        ),
    ]


def _transcribe(
    keys: list[str], root: Path, store: Store, standin: StandInProcess, start: Barrier
) -> int:
    source = open_store(str(root / "source"))
    engine = DeepgramEngine(PROFILE.deepgram, Credential(standin.key, standin.url))
    start.wait()
    try:
        for key in keys:
            pass_through(key, source, store, PROFILE, engine)
    except ConfigurationError as error:
        print(f"  refused: {error}", flush=True)
        return REFUSED
    return PUBLISHED


if __name__ == "__main__":
    main()
