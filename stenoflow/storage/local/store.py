"""A folder as a store: existing folders of recordings as they are, and objects of any key.

:mod:`stenoflow.storage.local.names` maps keys to file names. Paths are never joined from keys: each
component is opened inside the folder before it, without following symbolic links, so nothing outside the
root can be reached. The root itself may be a symbolic link. Below it, links, sockets, devices and pipes
are not objects: they are not listed, not read and not replaced.
"""

import heapq
import os
import stat
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from stenoflow.errors import KeyTooLong, NotFound, SourceChanged
from stenoflow.storage.base import ANY_BYTES, CHUNK, SMALL, Fetched, ObjectInfo
from stenoflow.storage.download import Download, new_file, small_object
from stenoflow.storage.local.errors import os_errors
from stenoflow.storage.local.folders import (
    files_of,
    folder_to_write,
    folders_of,
    kinds_at,
    names_in,
    place_of,
)
from stenoflow.storage.local.names import Role, file_names
from stenoflow.storage.local.writing import ensure_new_version, link_if_absent, temporary_file

MAX_KEY_BYTES = 4096
"""Maximum length of a key in bytes of UTF-8: more than S3's 1,024, so that keys derived from those fit."""
PAGE_SIZE = 50_000
"""Names of one folder held in memory at a time. A larger folder is read once for each page."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC

_Folder = tuple[str, ...]
"""The components that the keys of all objects in a folder begin with."""
_Folders = list[int]
"""Descriptors of the folders that hold the objects below such components."""


class LocalStore:
    """Objects as files below ``root``, a folder that the first ``put`` makes if it is missing.

    ``put_if_absent`` is exclusive among the processes of one machine, and among machines if their
    shared file system has hard links, as NFS does. There is one gap: while an object ``x`` is being
    deleted, two writers of the very first object below ``x/`` may write it to two places.
    """

    def __init__(self, root: Path, *, page_size: int = PAGE_SIZE) -> None:
        self.root = root.expanduser().absolute()
        self._page_size = page_size

    @property
    def url(self) -> str:
        """``file:///folder``."""
        return self.root.as_uri()

    def url_of(self, key: str) -> str:
        """Return the URL of the object's file, unless a folder has that name."""
        return self._path(key).as_uri()

    def create(self) -> None:
        """Make the root folder if it is missing, so that an empty store can be listed."""
        with os_errors(lambda: str(self.root)):
            self.root.mkdir(parents=True, exist_ok=True)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield objects in the order of their keys; see :meth:`Store.list`."""
        *folder, _ = prefix.split("/")
        levels = [self._level(tuple(folder), prefix, after)]
        while levels:
            entry = next(levels[-1], None)
            if entry is None:
                levels.pop()
            elif isinstance(entry, ObjectInfo):
                yield entry
            else:
                levels.append(self._level(entry, prefix, after))

    def stat(self, key: str) -> ObjectInfo:
        """Return what is known of an object. Raises NotFound."""
        folder, name = self._split(key)
        with os_errors(lambda: self._displayed(key)), self._reading(folder) as folders:
            with closing(files_of(folders, name)) as files:
                for _, _, status in files:
                    return _info(key, status)
            raise self._absent(key, folders, name)

    def fetch(
        self, key: str, path: Path, *, max_bytes: int, stop: threading.Event | None = None
    ) -> Fetched:
        """Copy an object into the file ``path``; see :meth:`Store.fetch`."""
        url = self.url_of(key)
        with self._opened(key) as source, new_file(path, url) as file:
            download = Download(url, file, max_bytes=max_bytes, cancelled=stop)
            info = self._copy(key, source, download)
        return Fetched(path, info, download.sha256)

    def read(self, key: str, *, max_bytes: int = SMALL) -> bytes:
        """Return the bytes of a small object. Raises NotFound, ObjectTooLarge, SourceChanged."""
        body = BytesIO()
        with small_object(), self._opened(key) as source:
            self._copy(key, source, Download(self.url_of(key), body, max_bytes=max_bytes))
        return body.getvalue()

    def put(self, key: str, body: bytes | Path, *, content_type: str = ANY_BYTES) -> None:
        """Write an object; readers see the old one or the new one, never a part.

        A folder does not keep the content type.
        """
        folder, name = self._split(key)
        with (
            closing(body.open("rb") if isinstance(body, Path) else BytesIO(body)) as source,
            os_errors(lambda: self._displayed(key)),
            self._writing(folder) as into,
            temporary_file(into, source) as temporary,
        ):
            placed = False
            while not placed:
                # A folder may get this name at any moment: then the object goes beside it.
                with place_of(into, name) as (there, final), suppress(IsADirectoryError):
                    ensure_new_version(into, temporary, there, final)
                    os.replace(temporary, final, src_dir_fd=into, dst_dir_fd=there)
                    os.fsync(there)
                    placed = True

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = ANY_BYTES) -> bool:
        """Write an object unless there is one; return True for the one writer that made it.

        Raises ConfigurationError if the file system has no hard links.
        """
        folder, name = self._split(key)
        with suppress(NotFound):
            self.stat(key)
            return False
        with (
            os_errors(lambda: self._displayed(key)),
            self._writing(folder) as into,
            temporary_file(into, BytesIO(body)) as temporary,
        ):
            while True:
                with place_of(into, name) as (there, final):
                    made = link_if_absent(into, temporary, there, final)
                    if made is not None:
                        os.fsync(there)
                        return made

    def delete(self, key: str) -> None:
        """Remove an object; no error if there is none."""
        folder, name = self._split(key)
        with os_errors(lambda: self._displayed(key)), self._reading(folder) as folders:
            for there, final, _ in files_of(folders, name):
                with suppress(FileNotFoundError):
                    os.unlink(final, dir_fd=there)
                    os.fsync(there)

    def presign(self, key: str, *, expires_s: int) -> str | None:
        """Return None: a folder has no presigned URLs."""
        return None

    def _path(self, key: str) -> Path:
        """Return the path of an object's file, unless a folder has its name."""
        names = [name for part in key.split("/") for name in file_names(part, Role.PLAIN)]
        return self.root.joinpath(*map(os.fsdecode, names)) if key else self.root

    def _displayed(self, key: str) -> str:
        return str(self._path(key)).encode(errors="backslashreplace").decode()

    def _split(self, key: str) -> tuple[_Folder, str]:
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
    def _reading(self, folder: _Folder) -> Generator[_Folders, None, None]:
        root = self._root()
        try:
            with folders_of(root, folder) as folders:
                yield folders
        finally:
            os.close(root)

    @contextmanager
    def _writing(self, folder: _Folder) -> Generator[int, None, None]:
        self.create()
        root = self._root()
        try:
            with folder_to_write(root, folder) as into:
                yield into
        finally:
            os.close(root)

    def _root(self) -> int:
        try:
            return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise NotFound(f"There is no folder {self.root}. Check its name.") from error
        except NotADirectoryError as error:
            raise NotFound(
                f"{self.root} is not a folder: name the folder that holds the objects."
            ) from error

    def _level(self, folder: _Folder, prefix: str, after: str) -> Iterator[ObjectInfo | _Folder]:
        """Yield what is in one folder, in the order of the keys: objects, and folders to go into."""
        base = "".join(f"{name}/" for name in folder).encode()
        wanted, passed = prefix.encode(), after.encode()
        last: bytes | None = None

        def is_due(name: bytes) -> bool:
            full = base + name
            if name.endswith(b"/"):
                matches = full.startswith(wanted) or wanted.startswith(full)
                ahead = full > passed or passed.startswith(full)
            else:
                matches = full.startswith(wanted)
                ahead = full > passed
            return matches and ahead and (last is None or name > last)

        while True:
            page: list[ObjectInfo | _Folder] = []
            with (
                os_errors(lambda: self._displayed("/".join(folder))),
                self._reading(folder) as folders,
            ):
                names = (name for each in folders for name in names_in(each))
                some = heapq.nsmallest(self._page_size, filter(is_due, names))
                for name in some:
                    # A folder and the one beside it may both hold the name: it counts once.
                    if name == last:
                        continue
                    last = name
                    component = name.decode()
                    if component.endswith("/"):
                        page.append((*folder, component[:-1]))
                        continue
                    with closing(files_of(folders, component)) as files:
                        for _, _, status in files:
                            page.append(_info((base + name).decode(), status))
                            break
            yield from page
            if len(some) < self._page_size:
                return

    def _absent(self, key: str, folders: _Folders, name: str) -> NotFound:
        """Return the error that says what is at a key in place of an object."""
        kinds = list(kinds_at(folders, name)) if name else [stat.S_IFDIR for _ in folders]
        if stat.S_IFDIR in kinds:
            shown = self._displayed(key.rstrip("/"))
            return NotFound(
                f"{shown} is a folder, not a recording: name one file in it, or ingest the whole "
                "folder."
            )
        if kinds:
            return NotFound(
                f"{self._displayed(key)} is a symbolic link or a device, and a store does not follow these: "
                "name the file itself."
            )
        return NotFound(f"There is no file {self._displayed(key)}. Check its name.")

    @contextmanager
    def _opened(self, key: str) -> Generator[int, None, None]:
        folder, name = self._split(key)
        with os_errors(lambda: self._displayed(key)):
            with self._reading(folder) as folders, closing(files_of(folders, name)) as files:
                for there, final, _ in files:
                    source = os.open(final, _READ, dir_fd=there)
                    break
                else:
                    raise self._absent(key, folders, name)
            try:
                yield source
            finally:
                os.close(source)

    def _copy(self, key: str, source: int, download: Download) -> ObjectInfo:
        before = _info(key, os.fstat(source))
        download.check_size(before.size)
        while chunk := os.read(source, CHUNK):
            download.write(chunk)
        if download.size != before.size or _info(key, os.fstat(source)) != before:
            raise SourceChanged(
                f"{self._displayed(key)} was written to while it was being read. Try again when it is "
                "complete."
            )
        return before


def _info(key: str, status: os.stat_result) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        size=status.st_size,
        version=f"{status.st_size}-{status.st_mtime_ns}",
        modified=_EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000),
    )
