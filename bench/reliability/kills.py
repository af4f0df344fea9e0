"""Kill -9 at random instants: is every recording published, and each paid once?

    python -m bench.reliability.kills [--kills 100] [--seed 0] [--latency 0.3]

Each recording goes its whole way in a process of its own, against the Deepgram stand-in, on a local
store. That process is killed at an instant drawn evenly from the time that the way takes, and started
again, up to four times; then the next recording. What each killed process left behind tells how far it
had come. At the end the stand-in's bill is held against what the manifests say.
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
    """Everything that outlives the killed."""

    standin: StandInProcess
    source: Store
    destination: Store
    stages: Counter[str] = field(default_factory=Counter[str])

    def go(self, key: str) -> None:
        """What each child does; a run that finds the manifest has nothing left to do."""
        if published(key, self.source, self.destination, PROFILE) is None:
            engine = DeepgramEngine(
                PROFILE.deepgram, Credential(self.standin.key, self.standin.url)
            )
            pass_through(key, self.source, self.destination, PROFILE, engine)

    def stage(self, key: str, before: set[str]) -> str:
        """How far the killed process had come, by what it has left in the store."""
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
        return "before any intent of its own"


def main() -> None:
    """Kill, start again, count."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--latency", default="0.3", help="seconds that the stand-in works")
    chosen = options.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="kills-") as folder,
        standin_process("--latency", chosen.latency) as standin,
    ):
        root = Path(folder)
        os.environ["STENOFLOW_SCRATCH"] = str(root / "scratch")
        keys = slices(root / "source", chosen.kills + 2)
        bench = Bench(
            standin,
            open_store(str(root / "source")),
            open_store(str(root / "transcripts"), create=True),
        )
        began = time.monotonic()
        taken = kill_often(bench, keys, chosen.kills, random.Random(chosen.seed))
        hold_to_account(bench, taken, root, time.monotonic() - began)


def kill_often(bench: Bench, keys: list[str], kills: int, chance: random.Random) -> list[str]:
    """The recordings that were taken up, each brought to its end at last."""
    in_child(lambda: bench.go(keys[0]))  # nothing comes from the disk for the first time after this
    began = time.monotonic()
    in_child(lambda: bench.go(keys[1]))
    way_s = time.monotonic() - began
    print(f"one recording's way takes {way_s:.2f} s; {kills} kills evenly over it", flush=True)
    taken = keys[:2]
    for key in keys[2:]:
        if bench.stages.total() >= kills:
            break
        taken.append(key)
        for _ in range(min(KILLS_EACH, kills - bench.stages.total())):
            before = {info.key for info in bench.destination.list()}
            if not in_child(lambda: bench.go(key), kill_after_s=chance.uniform(0, way_s)):  # noqa: B023
                break
            bench.stages[bench.stage(key, before)] += 1
        in_child(lambda: bench.go(key))  # noqa: B023
    return taken


def in_child(work: Callable[[], None], kill_after_s: float | None = None) -> bool:
    """Do it in a forked process, killed after a while; whether it was killed before its end."""
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
        sys.exit("a recording failed that nobody had killed")
    return False


def hold_to_account(bench: Bench, taken: list[str], root: Path, took_s: float) -> None:
    """Print and report what became of it all; exit status 1 where a promise was broken."""
    manifests = [published(key, bench.source, bench.destination, PROFILE) for key in taken]
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
    print(f"{bench.stages.total()} kills in {took_s:.0f} s, {len(taken)} recordings")
    print(f"published:                      {len(ended)} of {len(taken)}")
    print(f"payments:                       {bill.total()}, for {len(bill)} pieces of audio")
    print(f"paid, reply never reached us:   {again}")
    print(f"marked as perhaps paid:         {marked} attempts in the manifests")
    promises = {
        "not published": len(taken) - len(ended),
        "paid again without a mark": unmarked,
        "processes and scratch folders left": len(left) + len(scratch),
    }
    report(
        Measure(
            name=f"kills, {promise}",
            ours=broken,
            peer=len(taken),
            unit="recordings",
            against=f"all recordings, after {bench.stages.total()} kills",
            at_most=0,
        )
        for promise, broken in promises.items()
    )


def of_purchases(store: Store, manifest: Manifest) -> tuple[list[str], int]:
    """Digests of the bodies that a manifest's transcript was bought with, and its marks."""
    receipts = (
        Receipt.model_validate_json(store.read(ChunkKey(each.address, each.chunk).receipt_key))
        for each in manifest.purchases
    )
    marks = manifest.costs.may_have_been_paid if manifest.costs else 0
    return [receipt.order.body_sha256 for receipt in receipts], marks


def unanswered(store: Store, manifest: Manifest) -> int:
    """Attempts for a manifest's transcript of which no reply was stored."""
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
