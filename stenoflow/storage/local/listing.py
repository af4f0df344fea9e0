"""Listing the objects in a folder and the folders below it, in the order of their keys."""

import heapq
import stat
from collections.abc import Iterator
from contextlib import closing

from stenoflow.errors import AccessDenied
from stenoflow.storage.base import LeftOut, ObjectInfo
from stenoflow.storage.local.errors import os_errors
from stenoflow.storage.local.folders import kinds_at, names_in
from stenoflow.storage.local.location import Components, Folders, LocalLocation, info_of

PAGE_SIZE = 50_000
"""Names of one folder held in memory at a time. A larger folder is read once for each page."""

FORBIDDEN = "folder that may not be read"
LINK_OUTSIDE = "symbolic link that leads out of the folder"
LINK_TO_FOLDER = "symbolic link to a folder"
BROKEN_LINK = "symbolic link to nothing"
NOT_A_FILE = "device, pipe or socket"


class FolderListing:
    """A listing of the objects whose key starts with ``prefix`` and comes after ``after``."""

    def __init__(
        self,
        location: LocalLocation,
        prefix: str,
        after: str,
        *,
        page_size: int = PAGE_SIZE,
        left_out: LeftOut | None = None,
    ) -> None:
        self._location = location
        self._prefix = prefix.encode()
        self._after = after.encode()
        self._page_size = page_size
        self._left_out = left_out
        *folder, _ = prefix.split("/")
        self._first: Components = tuple(folder)

    def __iter__(self) -> Iterator[ObjectInfo]:
        levels = [self._level(self._first)]
        while levels:
            entry = next(levels[-1], None)
            if entry is None:
                levels.pop()
            elif isinstance(entry, ObjectInfo):
                yield entry
            else:
                levels.append(self._readable(entry))

    def _readable(self, folder: Components) -> Iterator[ObjectInfo | Components]:
        """Yield what is in a folder; if it may not be read, report that, and go on with the next one."""
        try:
            yield from self._level(folder)
        except AccessDenied:
            if self._left_out is None:
                raise
            self._left_out("".join(f"{name}/" for name in folder), FORBIDDEN)

    def _level(self, folder: Components) -> Iterator[ObjectInfo | Components]:
        """Yield what is in one folder, in the order of the keys: objects, and folders to go into."""
        base = "".join(f"{name}/" for name in folder).encode()
        last: bytes | None = None
        while True:
            page: list[ObjectInfo | Components] = []
            with (
                os_errors(lambda: self._location.displayed("/".join(folder))),
                self._location.reading(folder) as folders,
            ):
                names = (name for each in folders for name in names_in(each))
                due = (
                    name
                    for name in names
                    if self._is_due(base, name) and (last is None or name > last)
                )
                some = heapq.nsmallest(self._page_size, due)
                for name in some:
                    # A folder and the one beside it may both hold the name: it counts once.
                    if name == last:
                        continue
                    last = name
                    component = name.decode()
                    if component.endswith("/"):
                        page.append((*folder, component[:-1]))
                    elif info := self._object((base + name).decode(), folders, component):
                        page.append(info)
            yield from page
            if len(some) < self._page_size:
                return

    def _is_due(self, base: bytes, name: bytes) -> bool:
        full = base + name
        if name.endswith(b"/"):
            matches = full.startswith(self._prefix) or self._prefix.startswith(full)
            return matches and (full > self._after or self._after.startswith(full))
        return full.startswith(self._prefix) and full > self._after

    def _object(self, key: str, folders: Folders, name: str) -> ObjectInfo | None:
        """Return the properties of an object; report why something is not one."""
        with closing(self._location.files(key, folders, name)) as files:
            for _, _, status in files:
                return info_of(key, status)
        if self._left_out:
            kinds = list(kinds_at(folders, name))
            if stat.S_IFLNK in kinds:
                self._left_out(key, self._why_not_followed(key))
            elif kinds:
                self._left_out(key, NOT_A_FILE)
        return None

    def _why_not_followed(self, key: str) -> str:
        target = self._location.path(key)
        if not target.exists():
            return BROKEN_LINK
        if not self._location.names_inside(key):
            return LINK_OUTSIDE
        return LINK_TO_FOLDER if target.is_dir() else NOT_A_FILE
