"""The place of a store's files: its root folder, and how keys lead to descriptors inside it."""

import os
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stenoflow.errors import KeyTooLong, NotFound
from stenoflow.storage.base import ObjectInfo
from stenoflow.storage.local.errors import os_errors
from stenoflow.storage.local.folders import (
    FoundFile,
    file_below,
    files_of,
    folder_to_write,
    folders_of,
    kinds_at,
)
from stenoflow.storage.local.names import Role, file_names

MAX_KEY_BYTES = 4096
"""Maximum length of a key in bytes of UTF-8: more than S3's 1,024, so that keys derived from those fit."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Components = tuple[str, ...]
"""The components that the keys of all objects in a folder begin with."""
Folders = list[int]
"""Descriptors of the folders that hold the objects below such components."""


@dataclass(frozen=True, slots=True)
class LocalLocation:
    """The files below ``root``, an absolute path."""

    root: Path

    def create(self) -> None:
        """Make the root folder if it is missing."""
        with os_errors(lambda: str(self.root)):
            self.root.mkdir(parents=True, exist_ok=True)

    def path(self, key: str) -> Path:
        """Return the path of an object's file, unless a folder has its name."""
        names = [name for part in key.split("/") for name in file_names(part, Role.PLAIN)]
        return self.root.joinpath(*map(os.fsdecode, names)) if key else self.root

    def displayed(self, key: str) -> str:
        """Return the path of an object for a message."""
        return str(self.path(key)).encode(errors="backslashreplace").decode()

    def split(self, key: str) -> tuple[Components, str]:
        """Return the components of an object's folder, and its name there.

        Raises NotFound for what cannot be the key of an object, and KeyTooLong.
        """
        if not key:
            raise NotFound(
                f"{self.root} is the store itself: name one object in it, by a key such as a.mp3."
            )
        try:
            size = len(key.encode())
        except UnicodeEncodeError as error:
            raise NotFound(
                f"The key {key!r} is not valid Unicode text: no object can have this name."
            ) from error
        if size > MAX_KEY_BYTES:
            raise KeyTooLong(
                f"The key {key[:60]!r}... has {size:,} bytes; a folder takes {MAX_KEY_BYTES:,} at most. "
                "Give the recording a shorter name."
            )
        *folder, name = key.split("/")
        return tuple(folder), name

    @contextmanager
    def reading(self, folder: Components) -> Generator[Folders, None, None]:
        """Yield the descriptors of the folders to read a folder's objects from."""
        root = self._open_root()
        try:
            with folders_of(root, folder) as folders:
                yield folders
        finally:
            os.close(root)

    @contextmanager
    def writing(self, folder: Components) -> Generator[int, None, None]:
        """Yield the descriptor of the folder to write a folder's objects to; it is made if missing."""
        self.create()
        root = self._open_root()
        try:
            with folder_to_write(root, folder) as into:
                yield into
        finally:
            os.close(root)

    def files(self, key: str, folders: Folders, name: str) -> Generator[FoundFile, None, None]:
        """Yield the files that hold an object, or the file inside the root that a link leads to.

        Only the first counts, and only for reading.
        """
        found = False
        for each in files_of(folders, name):
            found = True
            yield each
        if not found and stat.S_IFLNK in kinds_at(folders, name):
            inside = self.names_inside(key)
            if inside:
                root = self._open_root()
                try:
                    yield from file_below(root, inside)
                finally:
                    os.close(root)

    def names_inside(self, key: str) -> Sequence[bytes]:
        """Return the names from the root to what a link leads to; none if that is not inside the root."""
        root = Path(os.path.realpath(self.root))
        target = Path(os.path.realpath(self.path(key)))
        if not target.is_relative_to(root):
            return ()
        return [os.fsencode(name) for name in target.relative_to(root).parts]

    def _open_root(self) -> int:
        try:
            return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise NotFound(f"There is no folder {self.root}. Check its name.") from error
        except NotADirectoryError as error:
            raise NotFound(
                f"{self.root} is not a folder: name the folder that holds the objects."
            ) from error


def info_of(key: str, status: os.stat_result) -> ObjectInfo:
    """Return what a file's status says about an object."""
    return ObjectInfo(
        key=key,
        size=status.st_size,
        version=f"{status.st_size}-{status.st_mtime_ns}",
        modified=_EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000),
    )
