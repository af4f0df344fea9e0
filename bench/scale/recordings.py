"""Sweep many small recordings: what does Prefect add to each, and does memory grow?

    python -m bench.scale.recordings [--recordings 60] [--at-once 8]

The same recordings are transcribed twice with the Deepgram stand-in, on local stores, equally many at the
same time: the first 500 by the library without Prefect, in threads; then all by the flow ``ingest``, each
in a flow run of its own, on a new Prefect server in another process. Each time everything is bought. The
engine's limits are lifted, as the library alone has none. A few recordings come first, so that loading is
not measured.
"""

import argparse
import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import psutil

from bench.harness.measure import Measure, report
from bench.harness.passage import pass_through, slices
from bench.harness.timing import Cost, cost
from stenoflow.engines.credentials import Credential
from stenoflow.engines.registry import open_engine
from stenoflow.manifest.keys import MANIFESTS
from stenoflow.manifest.model import read_manifest
from stenoflow.profile.model import Profile
from stenoflow.storage import open_store
from stenoflow.testing.deepgram.process import StandInProcess, standin_process

PROFILE = Profile(engine="deepgram")
FIRST = 4
WITHOUT_PREFECT = 500
"""The most recordings that are transcribed without Prefect; the time of each is known by then."""
UNLIMITED = 1000
"""Requests at once, and a second."""
SAMPLE_EVERY_S = 0.5
SETTLE_S = 3.0
"""The server stores task runs a moment after it receives them."""


@dataclass
class ProcessSamples:
    """The memory of a process over time, and its CPU time."""

    process: psutil.Process
    resident: list[int] = field(default_factory=list[int])
    cpu_s: float = 0.0
    """CPU time of the sweep, in seconds."""

    def sample(self) -> None:
        self.resident.append(self.process.memory_info().rss)

    def cpu_until_now_s(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system

    def mean_mb(self, part: slice) -> float:
        seen = self.resident[part]
        return sum(seen) / len(seen) / 1e6

    @property
    def early_mb(self) -> float:
        """Return the mean of the second quarter, when all is loaded."""
        count = len(self.resident)
        return self.mean_mb(slice(count // 4, count // 2 or 1))

    @property
    def late_mb(self) -> float:
        """Return the mean of the last quarter."""
        return self.mean_mb(slice(3 * len(self.resident) // 4, None))


def main() -> None:
    """Transcribe without Prefect, then with it, and report the difference."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--recordings", type=int, default=60)
    options.add_argument("--at-once", type=int, default=8)
    chosen = options.parse_args()
    count, at_once = chosen.recordings, chosen.at_once
    with tempfile.TemporaryDirectory(prefix="recordings-") as name, standin_process() as standin:
        folder = Path(name)
        # Prefect reads its environment when it is first imported, which is in `with_prefect`.
        os.environ |= {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DEEPGRAM_API_KEY": standin.key,
            "DEEPGRAM_BASE_URL": standin.url,
        }
        os.environ.pop("PREFECT_API_URL", None)
        slices(folder / "ahead", FIRST)
        slices(folder / "recordings", count)
        few = min(count, WITHOUT_PREFECT)
        peer = without_prefect(folder, at_once, standin, few)
        ours, server, flow_process, stored = with_prefect(folder, at_once)
        if (paid := len(standin.bill())) != (bought := purchases(folder)):
            raise SystemExit(f"{paid} payments for {bought} purchases")
    print(
        f"{count} recordings, {at_once} at once: "
        f"{count / ours.wall_s:.2f} recordings/s with Prefect, "
        f"{few / peer.wall_s:.2f} without; {stored / count / 1e3:.0f} kB of database a recording; "
        f"memory in MB, first to last: {tenths_of(flow_process)} (flow), {tenths_of(server)} (server)"
    )
    report(
        [
            Measure(
                name="recordings, wall",
                ours=1000 * ours.wall_s / count,
                peer=1000 * peer.wall_s / few,
                unit="ms a recording",
                against="the library without Prefect",
            ),
            Measure(
                name="recordings, CPU of the flow's process",
                ours=1000 * ours.cpu_s / count,
                peer=1000 * peer.cpu_s / few,
                unit="CPU ms a recording",
                against="the library without Prefect",
            ),
            Measure(
                name="recordings, CPU with the server's",
                ours=1000 * (ours.cpu_s + server.cpu_s) / count,
                peer=1000 * peer.cpu_s / few,
                unit="CPU ms a recording",
                against="the library without Prefect",
            ),
            *(
                Measure(
                    name=f"recordings, memory of the {who}",
                    ours=samples.late_mb,
                    peer=samples.early_mb,
                    unit="MB resident in the last quarter",
                    against="the same in the second quarter",
                    at_most=1.25,
                )
                for who, samples in (("flow's process", flow_process), ("server", server))
            ),
        ]
    )


def purchases(folder: Path) -> int:
    """Return the number of purchases in all manifests; a recording without speech has none."""
    stores = [open_store(str(each)) for each in folder.iterdir() if each.is_dir()]
    manifests = (
        read_manifest(store, info.key) for store in stores for info in store.list(MANIFESTS)
    )
    return sum(len(each.purchases) for each in manifests if each)


def tenths_of(samples: ProcessSamples) -> str:
    """Return the mean memory in each tenth of the sweep, in MB, as text."""
    count = len(samples.resident)
    tenths = [slice(count * at // 10, max(count * (at + 1) // 10, 1)) for at in range(10)]
    return " ".join(f"{samples.mean_mb(tenth):.0f}" for tenth in tenths)


def without_prefect(folder: Path, at_once: int, standin: StandInProcess, most: int) -> Cost:
    """Transcribe the first ``most`` recordings by the library, in threads."""
    engine = open_engine(PROFILE, credential=Credential(standin.key, standin.url))

    def sweep(name: str) -> None:
        source = open_store(str(folder / name))
        destination = open_store(str(folder / f"{name} bare"), create=True)
        one = partial(
            pass_through, source=source, destination=destination, profile=PROFILE, engine=engine
        )
        with ThreadPoolExecutor(at_once) as threads:
            list(threads.map(one, [info.key for info in islice(source.list(), most)]))

    sweep("ahead")
    return cost(lambda: sweep("recordings"))


def with_prefect(folder: Path, at_once: int) -> tuple[Cost, ProcessSamples, ProcessSamples, int]:
    """Sweep; return the cost, the server, this process, and how many bytes the database grew."""
    from stenoflow.catalog import Selection  # noqa: PLC0415
    from stenoflow.deployments.server.embedded import server_of_choice  # noqa: PLC0415
    from stenoflow.flows.ingest import ingest  # noqa: PLC0415

    def sweep(name: str) -> None:
        run: Any = ingest(
            source=str(folder / name),
            destination=str(folder / f"{name} swept"),
            profile=PROFILE,
            selection=Selection(settle_s=0),
            at_once=at_once,
            return_state=True,
        )
        state = asyncio.run(_awaited(run))
        if state.name != "Completed":
            raise SystemExit(f"the sweep ended {state.name}: {state.message}")

    with server_of_choice():
        (process,) = (
            child for child in psutil.Process().children() if "uvicorn" in " ".join(child.cmdline())
        )
        server, flow_process = ProcessSamples(process), ProcessSamples(psutil.Process())
        _lift_limits()
        sweep("ahead")
        before_s, stored = server.cpu_until_now_s(), _bytes(folder / "prefect")
        with sampling(server, flow_process):
            ours = cost(lambda: sweep("recordings"))
        time.sleep(SETTLE_S)
        server.cpu_s = server.cpu_until_now_s() - before_s
        return ours, server, flow_process, _bytes(folder / "prefect") - stored


def _lift_limits() -> None:
    """Let the engine's limits at the Prefect server be larger than what the machine can do."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate  # noqa: PLC0415

    from stenoflow.tasks.limits.engine import create_limits  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        create_limits(client, PROFILE.engine)
        for limit in client.read_global_concurrency_limits(limit=10, offset=0):
            lifted = GlobalConcurrencyLimitUpdate(
                limit=UNLIMITED, slot_decay_per_second=limit.slot_decay_per_second and UNLIMITED
            )
            client.update_global_concurrency_limit(limit.name, lifted)


async def _awaited(run: Any) -> Any:
    return await run


@contextmanager
def sampling(*processes: ProcessSamples) -> Generator[None]:
    """Sample the memory of processes while the block runs."""
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(SAMPLE_EVERY_S):
            for each in processes:
                each.sample()

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _bytes(home: Path) -> int:
    """Return the size of the server's database, with its write-ahead log, in bytes."""
    return sum(file.stat().st_size for file in home.glob("prefect.db*"))


if __name__ == "__main__":
    main()
