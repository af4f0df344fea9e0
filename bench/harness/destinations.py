"""Stores that benches write to: a folder, Ceph's S3 server, and one that ignores conditional writes."""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from bench.harness.rgw import running_rgw
from bench.harness.s3_server import S3Server
from bench.harness.unconditional_s3 import without_conditions
from stenoflow.storage import Store, open_store

DESTINATIONS = ("folder", "rgw", "unconditional")

Open = Callable[[], Store]
"""Opens the store, in whatever process it is called."""


@contextmanager
def destination(kind: str, root: Path) -> Generator[Open]:
    """Yield what opens an empty store of a kind, for the length of the block."""
    if kind == "folder":
        yield lambda: open_store(str(root / "transcripts"), create=True)
        return
    if kind == "rgw":
        with running_rgw() as server:
            bucket = server.new_bucket()
            yield lambda: server.open(bucket)
        return
    # moto takes requests whose signed headers a proxy has changed.
    with _running_moto() as server, without_conditions(server.endpoint_url) as url:
        bucket = server.new_bucket()
        yield lambda: server.open(bucket, endpoint_url=url)


@contextmanager
def _running_moto() -> Generator[S3Server]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - heavy

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield S3Server(f"http://{host}:{port}", "any-key", "any-secret")
    finally:
        server.stop()
