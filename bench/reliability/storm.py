"""Transcribe 200 recordings while a fifth of all requests fail: are all published, and paid once?

    python -m bench.reliability.storm [--recordings 200] [--fail 0.2] [--paid] [--at-once 8]

Recordings are transcribed in threads, with the Deepgram stand-in in a process of its own, on a local
store. Purchases are retried as often, and after the same waits, as in the flow (``stenoflow.tasks.step``).
First comes a quarter of the recordings without failures, to measure the time; then all of them with
failures. With ``--paid``, requests also fail after they were billed: only these are paid again, and each is
marked.
"""

import argparse
import os
import random
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.harness.measure import Measure, report
from bench.harness.passage import Buy, pass_through, slices
from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.errors import TransientError
from stenoflow.manifest.model import Manifest
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.profile.model import Profile
from stenoflow.storage import open_store
from stenoflow.tasks.step import FIRST_DELAY_S, JITTER, RETRIES
from stenoflow.testing.deepgram.process import StandInProcess, standin_process

PROFILE = Profile(engine="deepgram", artifacts=("json", "srt"))


@dataclass
class Failures:
    """The failures of requests, and how long recordings waited because of them."""

    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter[str])
    waits_s: list[float] = field(default_factory=list[float])
    longest_s: float = 0.0
    """The longest total wait of one recording, in seconds."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def retrying(self, buy: Buy) -> RecordingContext:
        """Buy with the retries, backoff and jitter of the flow's step."""
        waited_s = 0.0
        for again in range(RETRIES):
            try:
                return buy()
            except TransientError as error:
                wait_s = FIRST_DELAY_S * 2**again * (1 + JITTER * self.chance.random())
                waited_s += wait_s
                with self.lock:
                    self.counts[str(error)[:60]] += 1
                    self.waits_s.append(wait_s)
                    self.longest_s = max(self.longest_s, waited_s)
            time.sleep(wait_s)
        return buy()


def main() -> None:
    """Run without failures, then with; the exit status is 1 if a guarantee was broken."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--recordings", type=int, default=200)
    options.add_argument("--fail", type=float, default=0.2, help="share of requests that fail")
    options.add_argument("--paid", action="store_true", help="let requests also fail after billing")
    options.add_argument("--at-once", type=int, default=8)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    options_of_failures = ["--fail", str(chosen.fail), "--seed", str(chosen.seed)]
    if chosen.paid:
        options_of_failures.append("--fail-paid")
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        root = Path(folder)
        os.environ["STENOFLOW_SCRATCH"] = str(root / "scratch")
        keys = slices(root / "source", chosen.recordings)
        quarter = keys[: max(len(keys) // 4, 1)]
        with standin_process() as standin:
            failures = Failures(random.Random(chosen.seed))
            _, undisturbed_s = run(root, "undisturbed", quarter, standin, failures, chosen.at_once)
        with standin_process(*options_of_failures) as standin:
            manifests, disturbed_s = run(root, "disturbed", keys, standin, failures, chosen.at_once)
            requests = len(standin.report()["requests"])
            bill = Counter(charge.sha256 for charge in standin.bill())
        left = list((root / "scratch").iterdir())
    undisturbed_each_s, disturbed_each_s = undisturbed_s / len(quarter), disturbed_s / len(keys)
    waits_s = sum(failures.waits_s) / chosen.at_once
    published = sum(each.outcome == "published" for each in manifests)
    marked = sum(each.costs.may_have_been_paid for each in manifests if each.costs)
    beyond = bill.total() - len(bill)
    for failure, count in failures.counts.most_common():
        print(f"  {count:4} {failure}")
    print(f"requests: {requests}, failed: {failures.counts.total()}")
    print(f"published:                    {published} of {len(keys)}")
    print(f"payments:                     {bill.total()}, for {len(bill)} pieces of audio")
    print(f"paid again / marked:          {beyond} / {marked}")
    print(f"undisturbed:                  {undisturbed_each_s:.2f} s a recording")
    print(f"disturbed:                    {disturbed_each_s:.2f} s a recording")
    allowed_s = undisturbed_each_s * len(keys) + waits_s + failures.longest_s
    report(
        [
            Measure(
                name="storm, not published",
                ours=len(keys) - published,
                peer=len(keys),
                unit="recordings",
                against="all recordings",
                at_most=0,
            ),
            Measure(
                name="storm, paid again without a mark",
                ours=max(beyond - marked, 0) if chosen.paid else beyond,
                peer=len(bill),
                unit="payments",
                against="pieces of audio",
                at_most=0,
            ),
            Measure(
                name="storm, scratch folders left",
                ours=len(left),
                peer=len(keys),
                unit="folders",
                against="all recordings",
                at_most=0,
            ),
            Measure(
                name="storm, time",
                ours=disturbed_s,
                peer=allowed_s,
                unit="wall s",
                against=f"undisturbed + waits / {chosen.at_once} + longest wait",
            ),
        ]
    )


def run(
    root: Path,
    name: str,
    keys: list[str],
    standin: StandInProcess,
    failures: Failures,
    at_once: int,
) -> tuple[list[Manifest], float]:
    """Transcribe recordings, ``at_once`` at the same time; return their manifests and the seconds it took."""
    source = open_store(str(root / "source"))
    destination = open_store(str(root / name), create=True)
    engine = DeepgramEngine(PROFILE.deepgram, Credential(standin.key, standin.url))
    one = partial(
        pass_through,
        source=source,
        destination=destination,
        profile=PROFILE,
        engine=engine,
        retrying=failures.retrying,
    )
    began = time.monotonic()
    with ThreadPoolExecutor(at_once) as threads:
        manifests = list(threads.map(one, keys))
    return manifests, time.monotonic() - began


if __name__ == "__main__":
    main()
