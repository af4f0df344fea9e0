"""A test of ``put_if_absent`` on a store itself: some servers accept the condition and ignore it."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

from stenoflow.errors import ConfigurationError, StenoflowError, WriteConflict
from stenoflow.storage.base import Store

WRITERS = 4
"""Threads that write the same object at once."""
ROUNDS = 3
"""Objects that they write, one after the other."""

REMEDY = (
    "lets a second writer replace an object that was to be written only if absent, so nothing can be "
    "bought safely there. Use AWS S3, Ceph, MinIO or a folder."
)


def check_exclusive_writes(store: Store, prefix: str) -> None:
    """Write objects whose keys start with ``prefix`` by ``put_if_absent``, in turn and at once.

    Of all writers of one object exactly one may succeed, and its bytes must stay. The objects are
    removed, where the store allows it. Raises ConfigurationError if the store breaks the promise, or
    cannot give it; AccessDenied, StoreUnavailable.
    """
    key = f"{prefix}{uuid.uuid4().hex}"
    keys = [key, *(f"{key}-{at}" for at in range(ROUNDS))]
    try:
        # A client that repeats a write whose response was lost may be refused by its own object.
        store.put_if_absent(key, b"first", content_type="text/plain")
        second = store.put_if_absent(key, b"second", content_type="text/plain")
        if second or store.read(key) != b"first":
            raise ConfigurationError(f"{store.url} {REMEDY}")
        for each in keys[1:]:
            _write_at_once(store, each)
    finally:
        for each in keys:
            with suppress(StenoflowError):
                store.delete(each)


def _write_at_once(store: Store, key: str) -> None:
    together = Barrier(WRITERS)

    def write(writer: int) -> bytes | None:
        body = f"writer {writer}".encode()
        together.wait()
        with suppress(WriteConflict):
            if store.put_if_absent(key, body, content_type="text/plain"):
                return body
        return None

    with ThreadPoolExecutor(WRITERS) as threads:
        written = [each for each in threads.map(write, range(WRITERS)) if each]
    if len(written) > 1 or (written and store.read(key) != written[0]):
        raise ConfigurationError(f"{store.url} {REMEDY}")
