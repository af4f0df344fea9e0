"""A probe of a store: which operations it allows, found by trying them."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from stenoflow.errors import AccessDenied, StenoflowError
from stenoflow.storage.base import ObjectInfo, Store
from stenoflow.storage.exclusive_writes import check_exclusive_writes

Operation = Literal["reach", "list", "read", "write", "put if absent"]

PROBE_PREFIX = "stenoflow-check-"
"""Prefix of the keys of objects that a probe writes and removes."""


@dataclass(frozen=True, slots=True)
class Ability:
    """The outcome of trying one operation."""

    name: Operation
    ok: bool | None
    """None: not tried, or there is nothing to try it on."""
    sentence: str
    """The outcome for a person to read; of a failure, the error's message."""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a probe."""

    url: str
    abilities: tuple[Ability, ...]

    def allows(self, name: Operation) -> bool | None:
        """Return :attr:`Ability.ok` of an operation."""
        return next((each.ok for each in self.abilities if each.name == name), None)


def probe(store: Store, *, write: bool = True) -> Report:
    """Try a store's operations. With ``write``, a few small objects are written to its root and removed.

    Errors of the store are not raised: they are in the report.
    """
    reach, listing, first = _try_list(store)
    abilities = [reach, listing]
    if reach.ok and write:
        key = f"{PROBE_PREFIX}{uuid.uuid4().hex}"
        try:
            written = _try("write", lambda: _write(store, key))
            read = _try("read", lambda: _read_back(store, key)) if written.ok else None
            exclusive = _try("put if absent", lambda: _write_exclusively(store, f"{key}-absent-"))
        finally:
            remains = _remove(store, key)
        if written.ok and remains:
            written = Ability("write", True, f"{written.sentence} {remains}")
        abilities += [read or _try_read(store, first), written, exclusive]
    else:
        why = "Not tried." if reach.ok else "Not tried: the store cannot be reached."
        read = _try_read(store, first) if reach.ok else Ability("read", None, why)
        abilities += [read, Ability("write", None, why), Ability("put if absent", None, why)]
    return Report(store.url, tuple(abilities))


def _try_list(store: Store) -> tuple[Ability, Ability, ObjectInfo | None]:
    reached = Ability("reach", True, f"{store.url} is there.")
    try:
        first = next(store.list(), None)
    except AccessDenied as error:
        return reached, Ability("list", False, str(error)), None
    except StenoflowError as error:
        return Ability("reach", False, str(error)), Ability("list", False, str(error)), None
    return reached, Ability("list", True, "Objects can be listed."), first


def _try_read(store: Store, first: ObjectInfo | None) -> Ability:
    if first is None:
        return Ability("read", None, "There is no object to read yet.")

    def stat() -> str:
        store.stat(first.key)
        return "Objects can be read."

    return _try("read", stat)


def _write(store: Store, key: str) -> str:
    store.put(key, b"1", content_type="text/plain")
    return "Objects can be written."


def _read_back(store: Store, key: str) -> str:
    if store.read(key) != b"1":
        raise StenoflowError(f"{store.url_of(key)} differs from what was written.")
    return "Objects can be read."


def _write_exclusively(store: Store, prefix: str) -> str:
    check_exclusive_writes(store, prefix)
    return "An object can be written only if it is absent, so nothing is bought twice."


def _remove(store: Store, key: str) -> str:
    try:
        store.delete(key)
    except StenoflowError as error:
        return f"It cannot be removed, though, and objects named {key}... may remain: {error}"
    return ""


def _try(name: Operation, attempt: Callable[[], str]) -> Ability:
    try:
        return Ability(name, True, attempt())
    except StenoflowError as error:
        return Ability(name, False, str(error))
