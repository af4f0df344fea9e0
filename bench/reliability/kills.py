"""Kill processes at random times: is every recording published, and paid once?

    python -m bench.reliability.kills [--store folder|rgw] [--kills 100] [--seed 0] [--latency 0.3]

Each recording is transcribed in a process of its own, with the Deepgram stand-in, on a folder or on Ceph's
S3 server. The process is killed at a time drawn evenly from the duration of that work, and started again,
up to four times; then comes the next recording. What a killed process left in the store shows how far it
came. At the end the stand-in's bill is compared with the manifests.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.harness.destinations import Open, destination
from bench.harness.measure import Measure, report
from bench.harness.passage import pass_through, published, slices
from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.ledger.records import LEDGER, ChunkKey, Intent, Receipt
from stenoflow.manifest.model import Manifest
from stenoflow.profile.model import Profile
from stenoflow.storage import Store, open_store
from stenoflow.testing.deepgram.process import StandInProcess, standin_process

KILLS_EACH = 4
PROFILE = Profile(engine="deepgram", artifacts=("json", "txt", "srt", "vtt", "md"))


@dataclass
class Bench:
    """The stores and the stand-in, which survive the killed processes."""

    standin: StandInProcess
    source: Store
    open_destination: Open
    stages: Counter[str] = field(default_factory=Counter[str])

    @property
    def destination(self) -> Store:
        """The store, opened again: a process that is forked shares no connection with this one."""
        return self.open_destination()

    def go(self, key: str) -> None:
        """Transcribe a recording in a child, unless its manifest exists."""
        store = self.destination
        if published(key, self.source, store, PROFILE) is None:
            engine = DeepgramEngine(
                PROFILE.deepgram, Credential(self.standin.key, self.standin.url)
            )
            pass_through(key, self.source, store, PROFILE, engine)

    def stage(self, key: str, before: set[str]) -> str:
        """Return how far a killed process came, judged by what it left in the store."""
        if published(key, self.source, self.destination, PROFILE):
            return "after the manifest"
        new = {info.key for info in self.destination.list()} - before
        names = {name.rpartition("/")[2].partition("-")[0] for name in new if LEDGER in name}
        if any(name.startswith(f"{key}/") for name in new):
            return "between artifacts"
        if "receipt.json" in names:
            return "after the receipt, before the artifacts"
        if "reply" in names:
            return "after the reply, before the receipt"
        if "intent" in names:
            return "after the intent, before the reply"
        return "before its first intent"


def main() -> None:
    """Kill, restart, count."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--store", choices=("folder", "rgw"), default="folder")
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--latency", default="0.3", help="seconds that the stand-in works")
    chosen = options.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="kills-") as folder,
        standin_process("--latency", chosen.latency) as standin,
        destination(chosen.store, Path(folder)) as opened,
    ):
        root = Path(folder)
        os.environ["STENOFLOW_SCRATCH"] = str(root / "scratch")
        keys = slices(root / "source", chosen.kills + 2)
        bench = Bench(
            standin,
            open_store(str(root / "source")),
            opened,
        )
        began = time.monotonic()
        started = kill_often(bench, keys, chosen.kills, random.Random(chosen.seed))
        report_results(bench, started, root, time.monotonic() - began)


def kill_often(bench: Bench, keys: list[str], kills: int, chance: random.Random) -> list[str]:
    """Kill often; return the recordings that were started, all of which are finished in the end."""
    in_child(lambda: bench.go(keys[0]))  # loads everything from the disk once
    began = time.monotonic()
    in_child(lambda: bench.go(keys[1]))
    duration_s = time.monotonic() - began
    print(
        f"one recording takes {duration_s:.2f} s; {kills} kills evenly over that time", flush=True
    )
    started = keys[:2]
    for key in keys[2:]:
        if bench.stages.total() >= kills:
            break
        started.append(key)
        for _ in range(min(KILLS_EACH, kills - bench.stages.total())):
            before = {info.key for info in bench.destination.list()}
            if not in_child(lambda: bench.go(key), kill_after_s=chance.uniform(0, duration_s)):  # noqa: B023
                break
            bench.stages[bench.stage(key, before)] += 1
        in_child(lambda: bench.go(key))  # noqa: B023
    return started


def in_child(work: Callable[[], None], kill_after_s: float | None = None) -> bool:
    """Do work in a forked process, killed after a while; return True if it was killed before its end."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status):
        sys.exit("a recording failed in a process that was not killed")
    return False


def report_results(bench: Bench, started: list[str], root: Path, took_s: float) -> None:
    """Print and report the results; the exit status is 1 if a guarantee was broken."""
    manifests = [published(key, bench.source, bench.destination, PROFILE) for key in started]
    ended = [each for each in manifests if each and each.outcome == "published"]
    bill = Counter(charge.sha256 for charge in bench.standin.bill())
    unmarked, again, marked = 0, 0, 0
    for manifest in ended:
        digests, marks = of_purchases(bench.destination, manifest)
        beyond = sum(bill[digest] - 1 for digest in digests)
        again, marked = again + beyond, marked + marks
        unmarked += beyond > marks
        never = unanswered(bench.destination, manifest)
        unmarked += beyond > never
    left = [
        process.info
        for process in psutil.process_iter(["pid", "cmdline"])
        if any(str(root) in part for part in process.info["cmdline"] or ())
    ]
    scratch = list((root / "scratch").iterdir())
    for stage, count in bench.stages.most_common():
        print(f"  {count:4} killed {stage}")
    print(f"{bench.stages.total()} kills in {took_s:.0f} s, {len(started)} recordings")
    print(f"published:                      {len(ended)} of {len(started)}")
    print(f"payments:                       {bill.total()}, for {len(bill)} pieces of audio")
    print(f"paid, reply never received:     {again}")
    print(f"marked as possibly paid:        {marked} attempts in the manifests")
    broken = {
        "not published": len(started) - len(ended),
        "paid again without a mark": unmarked,
        "processes and scratch folders left": len(left) + len(scratch),
    }
    report(
        Measure(
            name=f"kills, {guarantee}",
            ours=count,
            peer=len(started),
            unit="recordings",
            against=f"all recordings, after {bench.stages.total()} kills",
            at_most=0,
        )
        for guarantee, count in broken.items()
    )


def of_purchases(store: Store, manifest: Manifest) -> tuple[list[str], int]:
    """Return the digests of the audio that was bought for a manifest, and its possibly paid attempts."""
    receipts = (
        Receipt.model_validate_json(store.read(ChunkKey(each.address, each.chunk).receipt_key))
        for each in manifest.purchases
    )
    marks = manifest.costs.may_have_been_paid if manifest.costs else 0
    return [receipt.order.body_sha256 for receipt in receipts], marks


def unanswered(store: Store, manifest: Manifest) -> int:
    """Return the number of attempts for a manifest of which no reply was stored."""
    chunks = [ChunkKey(each.address, each.chunk) for each in manifest.purchases]
    keys = [info.key for chunk in chunks for info in store.list(chunk.prefix)]
    intents = [key for key in keys if "/intent-" in key]
    replies = sum("/reply-" in key for key in keys)
    released = sum(
        Intent.model_validate_json(store.read(key)).state == "released" for key in intents
    )
    return len(intents) - released - replies


if __name__ == "__main__":
    main()
