"""A store in front of another one that fails at chosen operations."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from stenoflow.errors import StenoflowError
from stenoflow.storage import Fetched, LeftOut, ObjectInfo, Store
from stenoflow.storage.base import ANY_BYTES, SMALL

Fault = Callable[[str, str], StenoflowError | None]
"""Returns the error of an operation on a key, by the operation's name; None: it succeeds."""


class FaultyStore:
    """The objects of ``inner``; each operation first asks ``fault`` whether it fails."""

    def __init__(self, inner: Store, fault: Fault) -> None:
        self._inner = inner
        self._fault = fault

    @property
    def url(self) -> str:
        return self._inner.url

    def url_of(self, key: str) -> str:
        return self._inner.url_of(key)

    def list(
        self, prefix: str = "", *, after: str = "", left_out: LeftOut | None = None
    ) -> Iterator[ObjectInfo]:
        self._try("list", prefix)
        yield from self._inner.list(prefix, after=after, left_out=left_out)

    def stat(self, key: str) -> ObjectInfo:
        self._try("stat", key)
        return self._inner.stat(key)

    def fetch(
        self, key: str, path: Path, *, max_bytes: int, stop: threading.Event | None = None
    ) -> Fetched:
        self._try("fetch", key)
        return self._inner.fetch(key, path, max_bytes=max_bytes, stop=stop)

    def read(self, key: str, *, max_bytes: int = SMALL) -> bytes:
        self._try("read", key)
        return self._inner.read(key, max_bytes=max_bytes)

    def put(self, key: str, body: bytes | Path, *, content_type: str = ANY_BYTES) -> None:
        self._try("put", key)
        self._inner.put(key, body, content_type=content_type)

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = ANY_BYTES) -> bool:
        self._try("put_if_absent", key)
        return self._inner.put_if_absent(key, body, content_type=content_type)

    def delete(self, key: str) -> None:
        self._try("delete", key)
        self._inner.delete(key)

    def presign(self, key: str, *, expires_s: int) -> str | None:
        return self._inner.presign(key, expires_s=expires_s)

    def _try(self, operation: str, key: str) -> None:
        if error := self._fault(operation, key):
            raise error
