"""What every store does, whatever it is made of."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

CHUNK = 256 * 1024
"""Bytes read, hashed and written at a time."""
SMALL = 64 * 1024**2
"""Bytes that :meth:`Store.read` takes into memory unless told otherwise."""
ANY_BYTES = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store knows of one object without reading it."""

    key: str
    size: int
    """Bytes."""
    version: str
    """Changes whenever the content does: the ETag on S3, size and modification time on disk."""
    modified: datetime
    """Aware, in UTC."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An object that now lies in a local file."""

    path: Path
    info: ObjectInfo
    sha256: str
    """Hex digest of the bytes, computed while they were read."""
    resumed: int = 0
    """How many times a broken read was taken up again."""


class Store(Protocol):
    """A place for objects, safe to use from many threads.

    Every method may raise AccessDenied and StoreUnavailable, and OverLimit for a key longer than the
    store can hold.
    """

    @property
    def url(self) -> str:
        """Where this store is, without credentials: ``file:///...`` or ``s3://bucket/prefix``."""
        ...

    def url_of(self, key: str) -> str:
        """The object's own URL, without credentials."""
        ...

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        """Objects whose key starts with ``prefix``, in order of the keys' UTF-8 bytes.

        A page at a time, in constant memory. ``after`` skips keys up to and including it. Objects
        written or removed meanwhile may or may not appear. Raises NotFound where there is no such
        bucket or folder.
        """
        ...

    def stat(self, key: str) -> ObjectInfo:
        """Raises NotFound."""
        ...

    def fetch(
        self, key: str, path: Path, *, max_bytes: int, stop: threading.Event | None = None
    ) -> Fetched:
        """Copy an object into the file ``path``, in chunks, resuming broken reads at one version.

        Raises OverLimit once more than ``max_bytes`` were read (or are announced), SourceChanged
        where the object is replaced meanwhile, Stopped, NotFound. On an error nothing is left at
        ``path``.
        """
        ...

    def read(self, key: str, *, max_bytes: int = SMALL) -> bytes:
        """A small object, whole. Raises NotFound, OverLimit, SourceChanged."""
        ...

    def put(self, key: str, body: bytes | Path, *, content_type: str = ANY_BYTES) -> None:
        """Write an object whole: readers see the old one or the new one, never a part."""
        ...

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = ANY_BYTES) -> bool:
        """Write the object unless one exists: True for the one writer that made it, else False.

        Raises ConfigurationError on a store that cannot promise this.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove an object; not an error where there is none."""
        ...

    def presign(self, key: str, *, expires_s: int) -> str | None:
        """A URL that reads the object without credentials for a while; None where there is none."""
        ...
