"""200 recordings while a fifth of all requests fail: all published, none paid twice, in what time?

    python -m bench.reliability.storm [--recordings 200] [--fail 0.2] [--paid] [--at-once 8]

Recordings go their way side by side in threads, against the Deepgram stand-in in a process of its
own, on a local store; buying is retried as often, and after as long a wait, as the flow does it
(``stenoflow.tasks.step``). First a quarter of them in calm weather, for the time it takes; then all of them
in the storm. With ``--paid`` requests also fail after their work was billed: these, and no others,
are paid again, and each is marked.
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
class Weather:
    """What recordings meet on their way, and how long they wait for it to get better."""

    chance: random.Random
    failures: Counter[str] = field(default_factory=Counter[str])
    waits_s: list[float] = field(default_factory=list[float])
    longest_s: float = 0.0
    """The most that one recording waited."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def retrying(self, buy: Buy) -> RecordingContext:
        """Buy as the flow's step does: with backoff and jitter, transient trouble only."""
        waited_s = 0.0
        for again in range(RETRIES):
            try:
                return buy()
            except TransientError as error:
                wait_s = FIRST_DELAY_S * 2**again * (1 + JITTER * self.chance.random())
                waited_s += wait_s
                with self.lock:
                    self.failures[str(error)[:60]] += 1
                    self.waits_s.append(wait_s)
                    self.longest_s = max(self.longest_s, waited_s)
            time.sleep(wait_s)
        return buy()


def main() -> None:
    """Calm, then storm; exit status 1 where a promise was broken."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--recordings", type=int, default=200)
    options.add_argument("--fail", type=float, default=0.2, help="share of requests that fail")
    options.add_argument("--paid", action="store_true", help="some fail after they were billed")
    options.add_argument("--at-once", type=int, default=8)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    stormy = ["--fail", str(chosen.fail), "--seed", str(chosen.seed)]
    if chosen.paid:
        stormy.append("--fail-paid")
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        root = Path(folder)
        os.environ["STENOFLOW_SCRATCH"] = str(root / "scratch")
        keys = slices(root / "source", chosen.recordings)
        quarter = keys[: max(len(keys) // 4, 1)]
        with standin_process() as standin:
            weather = Weather(random.Random(chosen.seed))
            _, calm_s = run(root, "calm", quarter, standin, weather, chosen.at_once)
        with standin_process(*stormy) as standin:
            manifests, storm_s = run(root, "storm", keys, standin, weather, chosen.at_once)
            requests = len(standin.report()["requests"])
            bill = Counter(charge.sha256 for charge in standin.bill())
        left = list((root / "scratch").iterdir())
    calm_each_s, storm_each_s = calm_s / len(quarter), storm_s / len(keys)
    waits_s = sum(weather.waits_s) / chosen.at_once
    published = sum(each.outcome == "published" for each in manifests)
    marked = sum(each.costs.may_have_been_paid for each in manifests if each.costs)
    beyond = bill.total() - len(bill)
    for failure, count in weather.failures.most_common():
        print(f"  {count:4} {failure}")
    print(f"requests: {requests}, failed: {weather.failures.total()}")
    print(f"published:                    {published} of {len(keys)}")
    print(f"payments:                     {bill.total()}, for {len(bill)} pieces of audio")
    print(f"paid again / marked:          {beyond} / {marked}")
    print(f"calm:                         {calm_each_s:.2f} s a recording")
    print(f"storm:                        {storm_each_s:.2f} s a recording")
    allowed_s = calm_each_s * len(keys) + waits_s + weather.longest_s
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
                ours=storm_s,
                peer=allowed_s,
                unit="wall s",
                against=f"calm + waits / {chosen.at_once} + longest wait",
            ),
        ]
    )


def run(
    root: Path, name: str, keys: list[str], standin: StandInProcess, weather: Weather, at_once: int
) -> tuple[list[Manifest], float]:
    """All recordings, so many at once; their manifests, and how long it took."""
    source = open_store(str(root / "source"))
    destination = open_store(str(root / name), create=True)
    engine = DeepgramEngine(PROFILE.deepgram, Credential(standin.key, standin.url))
    one = partial(
        pass_through,
        source=source,
        destination=destination,
        profile=PROFILE,
        engine=engine,
        retrying=weather.retrying,
    )
    began = time.monotonic()
    with ThreadPoolExecutor(at_once) as threads:
        manifests = list(threads.map(one, keys))
    return manifests, time.monotonic() - began


if __name__ == "__main__":
    main()
