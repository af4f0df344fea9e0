"""What a store lets us do, tried out: for whoever saves a block or wonders why a run fails."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from stenoflow.errors import AccessDenied, StenoError
from stenoflow.storage.base import ObjectInfo, Store

Can = Literal["reach", "list", "read", "write", "put if absent"]

PROBE = "stenoflow-check-"
"""What the keys of objects begin with that a check writes and removes."""


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing that a store lets us do, or does not."""

    name: Can
    ok: bool | None
    """None: not tried, or nothing there to try it on."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was found out about one store."""

    url: str
    abilities: tuple[Ability, ...]

    def may(self, name: Can) -> bool | None:
        """As :attr:`Ability.ok`."""
        return next((each.ok for each in self.abilities if each.name == name), None)

    @property
    def serves_as_source(self) -> bool:
        """Recordings can be listed, and nothing says that they could not be read."""
        return self.may("list") is True and self.may("read") is not False

    @property
    def serves_as_destination(self) -> bool:
        """All of it, for nothing is bought where an object cannot be put if absent."""
        return all(each.ok for each in self.abilities)


def check(store: Store, *, write: bool = True) -> Report:
    """Try a store out. With ``write``, two small objects are written to its root and removed.

    Raises nothing that the store raises: it is in the report.
    """
    reach, listing, first = _listed(store)
    abilities = [reach, listing]
    if reach.ok and write:
        key = f"{PROBE}{uuid.uuid4().hex}"
        try:
            written = _tried("write", lambda: _write(store, key))
            read = _tried("read", lambda: _read_back(store, key)) if written.ok else None
            exclusive = _tried("put if absent", lambda: _put_twice(store, f"{key}-absent"))
        finally:
            left = _removed(store, key, f"{key}-absent")
        if written.ok and left:
            written = Ability("write", True, f"{written.sentence} {left}")
        abilities += [read or _read_first(store, first), written, exclusive]
    else:
        why = "Not tried." if reach.ok else "Not tried: the store cannot be reached."
        read = _read_first(store, first) if reach.ok else Ability("read", None, why)
        abilities += [read, Ability("write", None, why), Ability("put if absent", None, why)]
    return Report(store.url, tuple(abilities))


def _listed(store: Store) -> tuple[Ability, Ability, ObjectInfo | None]:
    reached = Ability("reach", True, f"{store.url} is there.")
    try:
        first = next(store.list(), None)
    except AccessDenied as error:
        return reached, Ability("list", False, str(error)), None
    except StenoError as error:
        return Ability("reach", False, str(error)), Ability("list", False, str(error)), None
    return reached, Ability("list", True, "Objects can be listed."), first


def _read_first(store: Store, first: ObjectInfo | None) -> Ability:
    if first is None:
        return Ability("read", None, "There is no object to read yet.")

    def stat() -> str:
        store.stat(first.key)
        return "Objects can be read."

    return _tried("read", stat)


def _write(store: Store, key: str) -> str:
    store.put(key, b"1", content_type="text/plain")
    return "Objects can be written."


def _read_back(store: Store, key: str) -> str:
    if store.read(key) != b"1":
        raise StenoError(f"{store.url_of(key)} reads otherwise than it was written.")
    return "Objects can be read."


def _put_twice(store: Store, key: str) -> str:
    first = store.put_if_absent(key, b"1", content_type="text/plain")
    second = store.put_if_absent(key, b"2", content_type="text/plain")
    if not first or second or store.read(key) != b"1":
        raise StenoError(
            f"{store.url} lets a second writer replace an object that was to be written only if "
            "absent, so nothing can be bought safely there. Use AWS S3, Ceph, MinIO or a folder."
        )
    return "An object can be written only if it is absent, so nothing is bought twice."


def _removed(store: Store, *keys: str) -> str:
    try:
        for key in keys:
            store.delete(key)
    except StenoError as error:
        return f"It cannot be removed, though, and {' and '.join(keys)} may be left: {error}"
    return ""


def _tried(name: Can, attempt: Callable[[], str]) -> Ability:
    try:
        return Ability(name, True, attempt())
    except StenoError as error:
        return Ability(name, False, str(error))
