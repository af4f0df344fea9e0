"""A scan of a bucket and its manifests, compared with listing both alone. Linux only.

    python -m bench.storage.listing [--keys 20000] [--page 0.1] [--rounds 3] [--real 2000]

The peer is boto3's paginator over both buckets, one after the other. Each runs in a process of its own,
against a synthetic S3 server that takes as long for a page as Ceph RGW (0.07 to 0.15 s for 1,000 keys),
and against Ceph RGW itself. Every recording has a manifest, so the scan compares each key with one. Memory
is compared with that of a scan of a tenth of the keys.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import boto3

from bench.harness.measure import Measure, report
from bench.harness.rgw import running_rgw, why_unavailable
from bench.harness.s3_server import S3Server
from stenoflow.catalog import Catalog, Selection, Status, scan
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.profile.model import Profile
from stenoflow.storage import open_store

PAGE = 1000
BODY = b"sound"
ETAG = "0b8263d341de01f741e4deadfb18f9eb"
SOURCE, DESTINATION = "recordings", "transcripts"
TIME_BAR = 1.0
MEMORY_BAR = 1.05
"""Maximum peak memory relative to that with a tenth of the keys."""
WRITERS = 16


class Walk(NamedTuple):
    """Time and memory of one pass over all keys."""

    wall_s: float
    peak_mb: float


def main() -> None:
    """Measure with the synthetic server, then with the real one."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--keys", type=int, default=20_000, help="of the synthetic server")
    options.add_argument("--page", type=float, default=0.1, help="seconds it takes for 1,000 keys")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--real", type=int, default=2_000, help="keys on Ceph RGW; 0: none")
    options.add_argument("--walk", choices=WALKS, help="only this, where the environment says")
    options.add_argument("--expect", type=int, help="so many keys")
    chosen = options.parse_args()
    if chosen.walk:
        print(json.dumps(walked(chosen.walk, chosen.expect)))
        return
    measures: list[Measure] = []
    with synthetic(chosen.keys // 10, chosen.page) as server:
        tenth = in_own_process("sweep", server, chosen.keys // 10)
    with synthetic(chosen.keys, chosen.page) as server:
        sweep, bare = compared(server, chosen.keys, chosen.rounds)
    measures += [
        time_of(f"{chosen.keys:,} keys, {chosen.page:g} s a page", sweep, bare),
        Measure(
            name=f"listing {chosen.keys:,} keys, memory",
            ours=sweep.peak_mb,
            peer=tenth.peak_mb,
            unit="MB at the peak",
            against=f"{chosen.keys // 10:,} keys",
            at_most=MEMORY_BAR,
        ),
    ]
    if why := why_unavailable():
        print(f"left out: Ceph RGW {why}", file=sys.stderr)
    elif chosen.real:
        with running_rgw() as server:
            fill(server, chosen.real)
            sweep, bare = compared(server, chosen.real, chosen.rounds)
        measures.append(time_of(f"{chosen.real:,} keys on Ceph RGW", sweep, bare))
    report(measures)


def time_of(what: str, sweep: Walk, bare: Walk) -> Measure:
    """Return the time of a scan relative to the listing alone."""
    return Measure(
        name=f"listing {what}",
        ours=sweep.wall_s,
        peer=bare.wall_s,
        unit="s",
        against="boto3 listing both",
        at_most=TIME_BAR,
    )


def compared(server: S3Server, keys: int, rounds: int) -> tuple[Walk, Walk]:
    """Return the medians of scan and listing over so many rounds, run in turns."""
    turns = [[in_own_process(name, server, keys) for name in WALKS] for _ in range(rounds)]
    sweep, bare = (
        Walk(*map(median, zip(*walks, strict=True))) for walks in zip(*turns, strict=True)
    )
    return sweep, bare


def in_own_process(name: str, server: S3Server, keys: int) -> Walk:
    """Run one pass in a new process."""
    command = [sys.executable, "-m", "bench.storage.listing", "--walk", name, "--expect", str(keys)]
    environment = os.environ | server.environment
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    walk = Walk(*json.loads(done.stdout))
    print(f"{name} of {keys:,}: {walk.wall_s:.1f} s, {walk.peak_mb:.0f} MB", file=sys.stderr)
    return walk


def walked(name: str, expected: int) -> Walk:
    """Run one pass in this process and return its time and memory."""
    began = time.perf_counter()
    counted = WALKS[name]()
    wall_s = time.perf_counter() - began
    if counted != expected:
        sys.exit(f"{counted} keys, not {expected}")
    # Not `ru_maxrss`, which a process inherits from its parent.
    [peak_kb] = re.findall(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    return Walk(wall_s, int(peak_kb) / 1000)


def sweep() -> int:
    """Scan as an ingestion does; return the number of recordings that are done."""
    catalog = Catalog(
        open_store(f"s3://{SOURCE}"),
        open_store(f"s3://{DESTINATION}"),
        Profile(),
        Selection(),
        now=datetime.now(UTC) + timedelta(days=1),
    )
    found = scan(threading.Event(), catalog, batch_size=10)
    return found.statuses[Status.DONE]


def bare() -> int:
    """List both buckets; return the number of keys in each."""
    pages = boto3.client("s3").get_paginator("list_objects_v2")
    counts = {
        sum(len(page.get("Contents", ())) for page in pages.paginate(Bucket=bucket))
        for bucket in (SOURCE, DESTINATION)
    }
    [count] = counts
    return count


WALKS: dict[str, Callable[[], int]] = {"sweep": sweep, "bare": bare}


def recordings(start: int, end: int) -> Iterator[str]:
    """Return keys in order, a thousand in each folder."""
    return (f"calls/{number // 1000:05}/{number:09}.mp3" for number in range(start, end))


def manifests(keys: Iterator[str]) -> Iterator[str]:
    """Return the manifests' keys of recordings, in the same order."""
    mark = fingerprint(ETAG, Profile())
    return (manifest_key(key, mark) for key in keys)


def fill(server: S3Server, keys: int) -> None:
    """Write recordings and their manifests."""
    client: Any = server.client()
    for bucket in (SOURCE, DESTINATION):
        client.create_bucket(Bucket=bucket)

    def put(bucket: str, key: str) -> None:
        client.put_object(Bucket=bucket, Key=key, Body=BODY)

    with ThreadPoolExecutor(WRITERS) as threads:
        for bucket, names in (
            (SOURCE, recordings(0, keys)),
            (DESTINATION, manifests(recordings(0, keys))),
        ):
            while some := list(islice(names, 100 * WRITERS)):
                list(threads.map(put, [bucket] * len(some), some))


@contextmanager
def synthetic(keys: int, page_s: float) -> Generator[S3Server]:
    """Run a server that lists so many recordings and their manifests, and does nothing else."""

    class Listing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            due = time.monotonic() + page_s
            url = urlsplit(self.path)
            asked = parse_qs(url.query)
            body = page(url.path == f"/{SOURCE}", _start(asked), keys)
            time.sleep(max(0.0, due - time.monotonic()))
            self.send_response(200)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Do nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield S3Server(f"http://127.0.0.1:{server.server_port}", "any-key", "any-secret")
        server.shutdown()


def page(of_recordings: bool, start: int, keys: int) -> bytes:
    """Return a page of the listing that starts at a recording, or at its manifest."""
    end = min(start + PAGE, keys)
    names = recordings(start, end)
    entries = "".join(
        f"<Contents><Key>{quote(name)}</Key><LastModified>2026-07-01T08:00:00.000Z</LastModified>"
        f"<ETag>&quot;{ETAG}&quot;</ETag><Size>{len(BODY)}</Size>"
        "<StorageClass>STANDARD</StorageClass><Type>Normal</Type></Contents>"
        for name in (names if of_recordings else manifests(names))
    )
    more = f"<NextContinuationToken>{end - 1:09}.mp3</NextContinuationToken>" if end < keys else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<EncodingType>url</EncodingType><IsTruncated>{str(end < keys).lower()}</IsTruncated>"
        f"<KeyCount>{end - start}</KeyCount>{entries}{more}</ListBucketResult>"
    ).encode()


def _start(asked: dict[str, list[str]]) -> int:
    [after] = asked.get("start-after") or asked.get("continuation-token") or [""]
    found = re.search(r"(\d{9})\.mp3", after)
    return int(found[1]) + 1 if found else 0


if __name__ == "__main__":
    main()
