"""Fetching a large object from Ceph RGW, with its SHA-256, compared with boto3's own ways.

    python -m bench.storage.fetching [--mb 256] [--rounds 5]

``download_file`` reads ten ranges at once and computes no digest, so a stream of ``get_object`` that is
hashed on the way is a peer too. The limit is on this process's CPU time: wall time depends on the server,
which needs more of the machine than its client.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.harness.measure import Measure, report
from bench.harness.rgw import running_rgw, why_unavailable
from bench.harness.s3_server import S3Server
from bench.harness.timing import take_turns
from stenoflow.storage import Store

MB = 1_000_000
KEY = "recording.wav"
CHUNK = 256 * 1024
CPU_BAR = 1.2
"""Maximum CPU time relative to one hashed stream."""


def main() -> None:
    """Fetch the same object in turns."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--mb", type=int, default=256)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    if why := why_unavailable():
        sys.exit(why)
    with running_rgw() as server, tempfile.TemporaryDirectory(prefix="fetching-") as folder:
        bucket, path = server.new_bucket(), Path(folder) / "fetched"
        store = server.open(bucket)
        path.write_bytes(os.urandom(MB) * chosen.mb)
        store.put(KEY, path)
        rivals = {
            "ours": ours(store, path, chosen.mb * MB),
            "one hashed stream": streamed(server, bucket, path),
            "download_file": downloaded(server, bucket, path),
        }
        costs = take_turns(rivals, chosen.rounds)
    report(
        Measure(
            name=f"fetching {chosen.mb} MB, {what}, against {peer}",
            ours=getattr(costs["ours"], cost),
            peer=getattr(costs[peer], cost),
            unit="s",
            against=f"boto3, {peer}",
            at_most=CPU_BAR if (peer, what) == ("one hashed stream", "CPU") else None,
        )
        for peer in ("one hashed stream", "download_file")
        for what, cost in (("wall", "wall_s"), ("CPU", "cpu_s"))
    )


def ours(store: Store, path: Path, size: int) -> Callable[[], None]:
    """Return a fetch by ``stenoflow.storage``: limited, hashed, resumable."""

    def fetch() -> None:
        store.fetch(KEY, path, max_bytes=size)

    return fetch


def streamed(server: S3Server, bucket: str, path: Path) -> Callable[[], None]:
    """Return a fetch by ``get_object``, read in chunks of the same size."""
    client: Any = server.client()

    def fetch() -> None:
        digest, body = sha256(), client.get_object(Bucket=bucket, Key=KEY)["Body"]
        with path.open("wb", buffering=0) as file:
            while chunk := body.read(CHUNK):
                file.write(chunk)
                digest.update(chunk)

    return fetch


def downloaded(server: S3Server, bucket: str, path: Path) -> Callable[[], None]:
    """Return a fetch by ``download_file`` with its defaults."""
    client: Any = server.client()
    return lambda: client.download_file(bucket, KEY, str(path))


if __name__ == "__main__":
    main()
