"""Stores for tests of the ledger: one that counts its requests, and one whose listings lag."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from stenoflow.storage import ObjectInfo, Store


class CountingStore:
    """A store that counts the calls of its methods: on S3 each is one request."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not callable(found) or name == "url_of":
            return found

        def counted(*args: Any, **options: Any) -> Any:
            self.calls[name] += 1
            return found(*args, **options)

        return counted


class LaggingStore:
    """A store whose listings do not show what was written to it since it was opened.

    So does a store that is eventually consistent, for some time.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shown = {info.key for info in store.list()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def list(self, prefix: str = "", **options: Any) -> Iterator[ObjectInfo]:
        return (info for info in self._store.list(prefix, **options) if info.key in self._shown)
