"""Many small recordings in one sweep: what Prefect adds to each, and whether anything grows.

    python -m bench.scale.recordings [--recordings 60] [--at-once 8]

The same recordings go their way twice against the Deepgram stand-in, on local stores, as many at once:
bare (the first 500 of them), in threads, through the library alone; then through the flow ``ingest``, each
a flow run with its five tasks, on a Prefect server of its own in another process with a new database.
Each time everything is bought anew. A few recordings go ahead of either, so that nothing is loaded for
the first time.
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
AHEAD = 4
BARE = 500
"""Of more recordings only so many go their way bare: what one takes is known by then."""
SAMPLE_EVERY_S = 0.5
SETTLE_S = 3.0
"""The server stores task runs a moment after it hears of them."""


@dataclass
class Watch:
    """Memory of a process over time, and the processor time it took."""

    process: psutil.Process
    resident: list[int] = field(default_factory=list[int])
    cpu_s: float = 0.0
    """Of the sweep."""

    def look(self) -> None:
        self.resident.append(self.process.memory_info().rss)

    def cpu_until_now_s(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system

    def mean_mb(self, part: slice) -> float:
        seen = self.resident[part]
        return sum(seen) / len(seen) / 1e6

    @property
    def early_mb(self) -> float:
        """In the second quarter, when all is loaded."""
        count = len(self.resident)
        return self.mean_mb(slice(count // 4, count // 2 or 1))

    @property
    def late_mb(self) -> float:
        """In the last quarter."""
        return self.mean_mb(slice(3 * len(self.resident) // 4, None))


def main() -> None:
    """Bare, then swept; what the second took more is Prefect's."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--recordings", type=int, default=60)
    options.add_argument("--at-once", type=int, default=8)
    chosen = options.parse_args()
    count, at_once = chosen.recordings, chosen.at_once
    with tempfile.TemporaryDirectory(prefix="recordings-") as name, standin_process() as standin:
        folder = Path(name)
        # Prefect reads its environment when it is first imported, which is in `swept`.
        os.environ |= {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DEEPGRAM_API_KEY": standin.key,
            "DEEPGRAM_BASE_URL": standin.url,
        }
        os.environ.pop("PREFECT_API_URL", None)
        slices(folder / "ahead", AHEAD)
        slices(folder / "recordings", count)
        few = min(count, BARE)
        alone = bare(folder, at_once, standin, few)
        whole, server, ours, stored = swept(folder, at_once)
        if (paid := len(standin.bill())) != (bought := purchases(folder)):
            raise SystemExit(f"{paid} payments for {bought} purchases")
    print(
        f"{count} recordings, {at_once} at once: {count / whole.wall_s:.2f} recordings/s swept, "
        f"{few / alone.wall_s:.2f} bare; {stored / count / 1e3:.0f} kB of database a recording; "
        f"memory in MB, first to last: {told(ours)} (flow), {told(server)} (server)"
    )
    report(
        [
            Measure(
                name="recordings, wall",
                ours=1000 * whole.wall_s / count,
                peer=1000 * alone.wall_s / few,
                unit="ms a recording",
                against="the library without Prefect",
            ),
            Measure(
                name="recordings, CPU of the flow's process",
                ours=1000 * whole.cpu_s / count,
                peer=1000 * alone.cpu_s / few,
                unit="CPU ms a recording",
                against="the library without Prefect",
            ),
            Measure(
                name="recordings, CPU with the server's",
                ours=1000 * (whole.cpu_s + server.cpu_s) / count,
                peer=1000 * alone.cpu_s / few,
                unit="CPU ms a recording",
                against="the library without Prefect",
            ),
            *(
                Measure(
                    name=f"recordings, memory of the {who}",
                    ours=watch.late_mb,
                    peer=watch.early_mb,
                    unit="MB resident in the last quarter",
                    against="itself in the second",
                    at_most=1.25,
                )
                for who, watch in (("flow's process", ours), ("server", server))
            ),
        ]
    )


def purchases(folder: Path) -> int:
    """What all manifests tell of; a slice of a pause holds nothing to buy."""
    stores = [open_store(str(each)) for each in folder.iterdir() if each.is_dir()]
    manifests = (
        read_manifest(store, info.key) for store in stores for info in store.list(MANIFESTS)
    )
    return sum(len(each.purchases) for each in manifests if each)


def told(watch: Watch) -> str:
    """Memory in each tenth of the sweep."""
    count = len(watch.resident)
    tenths = [slice(count * at // 10, max(count * (at + 1) // 10, 1)) for at in range(10)]
    return " ".join(f"{watch.mean_mb(tenth):.0f}" for tenth in tenths)


def bare(folder: Path, at_once: int, standin: StandInProcess, most: int) -> Cost:
    """The first of the recordings through the library in threads."""
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


def swept(folder: Path, at_once: int) -> tuple[Cost, Watch, Watch, int]:
    """The recordings through the flow; its cost, the server, this process, and bytes stored."""
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
        server, ours = Watch(process), Watch(psutil.Process())
        sweep("ahead")
        before_s, stored = server.cpu_until_now_s(), _bytes(folder / "prefect")
        with looking(server, ours):
            whole = cost(lambda: sweep("recordings"))
        time.sleep(SETTLE_S)
        server.cpu_s = server.cpu_until_now_s() - before_s
        return whole, server, ours, _bytes(folder / "prefect") - stored


async def _awaited(run: Any) -> Any:
    return await run


@contextmanager
def looking(*watches: Watch) -> Generator[None]:
    """Look at processes now and then while the block runs."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(SAMPLE_EVERY_S):
            for watch in watches:
                watch.look()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _bytes(home: Path) -> int:
    """Of the server's database and its log, which takes a while to be folded into it."""
    return sum(file.stat().st_size for file in home.glob("prefect.db*"))


if __name__ == "__main__":
    main()
