"""The protocol of a store, and what all stores have in common."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

CHUNK = 256 * 1024
"""Bytes read, hashed and written at a time."""
SMALL = 64 * 1024**2
"""Bytes that :meth:`Store.read` takes into memory by default."""
ANY_BYTES = "application/octet-stream"


LeftOut = Callable[[str, str], object]
"""Called with the key at which something is that cannot be listed, and the reason in a few words."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object as a store knows it without reading it."""

    key: str
    size: int
    """Bytes."""
    version: str
    """Text that changes with the content: the ETag on S3, size and modification time on disk."""
    modified: datetime
    """Aware, in UTC."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A local copy of an object."""

    path: Path
    info: ObjectInfo
    sha256: str
    """Hex digest of the bytes, computed while they were read."""
    resumed: int = 0
    """Number of times that a broken read was resumed."""


class Store(Protocol):
    """A place for objects. Threads may share it.

    Every method may raise StoreRefused and its kinds, StoreMisconfigured and StoreUnavailable. None of
    these is a verdict on a recording (:class:`stenoflow.errors.Rejected`): only :meth:`fetch` gives
    one, of a recording that is too large.
    """

    @property
    def url(self) -> str:
        """The store's URL without credentials: ``file:///...`` or ``s3://bucket/prefix``."""
        ...

    def url_of(self, key: str) -> str:
        """Return the object's URL, without credentials."""
        ...

    def list(
        self, prefix: str = "", *, after: str = "", left_out: LeftOut | None = None
    ) -> Iterator[ObjectInfo]:
        """Yield objects whose key starts with ``prefix``, in the order of the keys' UTF-8 bytes.

        They are listed a page at a time, in constant memory. ``after`` skips keys up to and including
        it. Objects written or removed meanwhile may or may not appear. ``left_out`` is called with what is
        there but is not an object that can be read; without it, an unreadable folder is an error.
        Raises NotFound if there is no such bucket or folder.
        """
        ...

    def stat(self, key: str) -> ObjectInfo:
        """Return what is known of an object. Raises NotFound."""
        ...

    def fetch(
        self, key: str, path: Path, *, max_bytes: int, stop: threading.Event | None = None
    ) -> Fetched:
        """Copy an object into the file ``path``, in chunks, resuming broken reads at one version.

        Raises OverLimit once more than ``max_bytes`` were read (or are announced), SourceChanged if the
        object is replaced meanwhile, LocalWriteFailed, Stopped, NotFound. After an error there is no
        file at ``path``.
        """
        ...

    def read(self, key: str, *, max_bytes: int = SMALL) -> bytes:
        """Return the bytes of a small object. Raises NotFound, ObjectTooLarge, SourceChanged."""
        ...

    def put(self, key: str, body: bytes | Path, *, content_type: str = ANY_BYTES) -> None:
        """Write an object; readers see the old one or the new one, never a part."""
        ...

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = ANY_BYTES) -> bool:
        """Write an object unless there is one; return True for the one writer that made it.

        Raises ConfigurationError if the store cannot promise that there is only one.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove an object; no error if there is none."""
        ...

    def presign(self, key: str, *, expires_s: int) -> str | None:
        """Return a URL that reads the object without credentials for ``expires_s`` seconds.

        None if the store has no such URLs.
        """
        ...
