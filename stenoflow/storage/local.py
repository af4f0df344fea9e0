"""A folder as a store: people's own folders of recordings as they are, and any key at all.

How keys become file names is told in :mod:`stenoflow.storage.local_names`. Paths are never joined from keys:
each component is opened inside the folder before it, without following symbolic links, so nothing
outside the root can be reached. The root itself may be a symbolic link. Below it links, sockets,
devices and pipes are no objects: they are not listed, not read and not replaced.
"""

import errno
import heapq
import os
import shutil
import stat
import threading
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from stenoflow.errors import (
    AccessDenied,
    ConfigurationError,
    NotFound,
    OverLimit,
    SourceChanged,
    StoreUnavailable,
)
from stenoflow.storage.base import ANY_BYTES, CHUNK, SMALL, Fetched, ObjectInfo
from stenoflow.storage.download import Incoming, new_file
from stenoflow.storage.local_folders import (
    files_of,
    folder_to_write,
    folders_of,
    kinds_at,
    names_in,
    place_of,
)
from stenoflow.storage.local_names import TEMPORARY, Role, file_names

LONGEST_KEY = 4096
"""Bytes of UTF-8: more than S3's 1,024, so that what is derived from such a key has a place too."""
PAGE = 50_000
"""Names of one folder held in memory at a time. A larger folder is gone through once for each."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_LINK_ON_THE_WAY = {errno.ELOOP, errno.ENOTDIR}
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}

_Folder = tuple[str, ...]
"""The components of the keys in a folder, but for the last."""
_Folders = list[int]
"""Descriptors of the folders that hold what has these components."""


class LocalStore:
    """Objects as files below ``root``, a folder that the first ``put`` makes where it is missing.

    ``put_if_absent`` is exclusive among the processes of one machine, and among machines where
    their common file system has hard links, as NFS does. It leaves one gap: while an object ``x`` is
    deleted, two who write the very first object below ``x/`` may take two places for it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()

    @property
    def url(self) -> str:
        return self.root.as_uri()

    def url_of(self, key: str) -> str:
        return self._path(key).as_uri()

    def create(self) -> None:
        """Make the root folder unless it is there, so that an empty store can be listed."""
        with self._trouble_at(""):
            self.root.mkdir(parents=True, exist_ok=True)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
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
        folder, name = self._split(key)
        with self._trouble_at(key), self._reading(folder) as folders:
            with closing(files_of(folders, name)) as files:
                for _, _, status in files:
                    return _info(key, status)
            raise self._absent(key, folders, name)

    def fetch(
        self, key: str, path: Path, *, max_bytes: int, stop: threading.Event | None = None
    ) -> Fetched:
        url = self.url_of(key)
        with self._opened(key) as source, new_file(path, url) as file:
            incoming = Incoming(url, file, max_bytes=max_bytes, stop=stop)
            info = self._copy(key, source, incoming)
        return Fetched(path, info, incoming.sha256)

    def read(self, key: str, *, max_bytes: int = SMALL) -> bytes:
        body = BytesIO()
        with self._opened(key) as source:
            self._copy(key, source, Incoming(self.url_of(key), body, max_bytes=max_bytes))
        return body.getvalue()

    def put(self, key: str, body: bytes | Path, *, content_type: str = ANY_BYTES) -> None:
        folder, name = self._split(key)
        with (
            closing(body.open("rb") if isinstance(body, Path) else BytesIO(body)) as source,
            self._trouble_at(key),
            self._writing(folder) as into,
            _temporary(into, source) as temporary,
        ):
            placed = False
            while not placed:
                # A folder may take the name at any moment: then the object goes beside it.
                with place_of(into, name) as (there, final), suppress(IsADirectoryError):
                    _make_newer(into, temporary, there, final)
                    os.replace(temporary, final, src_dir_fd=into, dst_dir_fd=there)
                    os.fsync(there)
                    placed = True

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = ANY_BYTES) -> bool:
        folder, name = self._split(key)
        with suppress(NotFound):
            self.stat(key)
            return False
        with (
            self._trouble_at(key),
            self._writing(folder) as into,
            _temporary(into, BytesIO(body)) as temporary,
        ):
            while True:
                with place_of(into, name) as (there, final):
                    made = _linked(into, temporary, there, final)
                    if made is not None:
                        os.fsync(there)
                        return made

    def delete(self, key: str) -> None:
        folder, name = self._split(key)
        with self._trouble_at(key), self._reading(folder) as folders:
            for there, final, _ in files_of(folders, name):
                with suppress(FileNotFoundError):
                    os.unlink(final, dir_fd=there)
                    os.fsync(there)

    def presign(self, key: str, *, expires_s: int) -> str | None:
        return None

    def _path(self, key: str) -> Path:
        """Where an object lies, unless a folder has its name."""
        names = [name for part in key.split("/") for name in file_names(part, Role.PLAIN)]
        return self.root.joinpath(*map(os.fsdecode, names)) if key else self.root

    def _shown(self, key: str) -> str:
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
                f"The key {key!r} is no Unicode text: nothing has such a name."
            ) from error
        if size > LONGEST_KEY:
            raise OverLimit(
                f"The key {key[:60]!r}... has {size:,} bytes; a folder takes {LONGEST_KEY:,} at most. "
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
                f"{self.root} is no folder: name the folder that holds the objects."
            ) from error

    def _level(self, folder: _Folder, prefix: str, after: str) -> Iterator[ObjectInfo | _Folder]:
        """What lies in one folder, in order: objects, and folders with a slash behind their name."""
        base = "".join(f"{name}/" for name in folder).encode()
        wanted, passed = prefix.encode(), after.encode()
        last: bytes | None = None

        def to_come(name: bytes) -> bool:
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
            with self._trouble_at("/".join(folder)), self._reading(folder) as folders:
                names = (name for each in folders for name in names_in(each))
                some = heapq.nsmallest(PAGE, filter(to_come, names))
                for name in some:
                    # Both a folder and its double give the name: it counts once.
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
            if len(some) < PAGE:
                return

    def _absent(self, key: str, folders: _Folders, name: str) -> NotFound:
        """Says what there is at a key in the place of an object."""
        kinds = list(kinds_at(folders, name)) if name else [stat.S_IFDIR for _ in folders]
        if stat.S_IFDIR in kinds:
            shown = self._shown(key.rstrip("/"))
            return NotFound(
                f"{shown} is a folder, not a recording: name one file in it, or ingest the whole "
                "folder."
            )
        if kinds:
            return NotFound(
                f"{self._shown(key)} is a symbolic link or a device, and a store follows none: name "
                "the file itself."
            )
        return NotFound(f"There is no file {self._shown(key)}. Check its name.")

    @contextmanager
    def _opened(self, key: str) -> Generator[int, None, None]:
        folder, name = self._split(key)
        with self._trouble_at(key):
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

    def _copy(self, key: str, source: int, incoming: Incoming) -> ObjectInfo:
        before = _info(key, os.fstat(source))
        incoming.announce(before.size)
        while chunk := os.read(source, CHUNK):
            incoming.take(chunk)
        if incoming.size != before.size or _info(key, os.fstat(source)) != before:
            raise SourceChanged(
                f"{self._shown(key)} was written to while it was being read. Try again when it is "
                "complete."
            )
        return before

    @contextmanager
    def _trouble_at(self, key: str) -> Generator[None, None, None]:
        """Turns what the operating system says into errors of ours."""
        try:
            yield
        except FileNotFoundError as error:
            raise NotFound(f"{self._shown(key)} has just been removed.") from error
        except FileExistsError as error:
            raise AccessDenied(
                f"{self._shown(key)} is a symbolic link or a device, and a store replaces none: "
                "remove it, or use another folder."
            ) from error
        except OSError as error:
            where, said = self._shown(key), error.strerror or str(error)
            if error.errno in _REFUSED:
                raise AccessDenied(
                    f"{where}: {said}. Give the user who runs this the right to it, or use another "
                    "folder."
                ) from error
            if error.errno in _LINK_ON_THE_WAY:
                raise AccessDenied(
                    f"{where} lies behind a symbolic link, and a store follows none below its own "
                    "folder: open the folder that the link leads to."
                ) from error
            raise StoreUnavailable(f"{where}: {said}. Look at the disk, then try again.") from error


def _info(key: str, status: os.stat_result) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        size=status.st_size,
        version=f"{status.st_size}-{status.st_mtime_ns}",
        modified=_EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000),
    )


@contextmanager
def _temporary(folder: int, source: BinaryIO) -> Generator[bytes, None, None]:
    """A file that holds the whole body for good, under a name that no key leads to."""
    name = TEMPORARY + uuid.uuid4().hex.encode()
    file = os.open(name, _WRITE, 0o666, dir_fd=folder)
    try:
        with open(file, "wb") as sink:  # noqa: PTH123 - a descriptor, not a path
            shutil.copyfileobj(source, sink, CHUNK)
            sink.flush()
            os.fsync(file)
        yield name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


def _make_newer(into: int, temporary: bytes, there: int, final: bytes) -> None:
    """Give the new file another version than the old one, even within one tick of the clock."""
    new = os.stat(temporary, dir_fd=into)
    with suppress(FileNotFoundError):
        old = os.stat(final, dir_fd=there, follow_symlinks=False)
        if (old.st_size, old.st_mtime_ns) == (new.st_size, new.st_mtime_ns):
            os.utime(temporary, ns=(new.st_atime_ns, new.st_mtime_ns + 1), dir_fd=into)


def _linked(into: int, temporary: bytes, there: int, final: bytes) -> bool | None:
    """Whether this file was the first of its name; None where a folder has taken the name."""
    try:
        os.link(temporary, final, src_dir_fd=into, dst_dir_fd=there, follow_symlinks=False)
    except FileExistsError:
        status = os.stat(final, dir_fd=there, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            return None
        # Over NFS the answer to a link that was made may get lost: open(2) on O_EXCL.
        return os.stat(temporary, dir_fd=into).st_nlink > 1
    except OSError as error:
        if error.errno in _NO_HARD_LINKS:
            raise ConfigurationError(
                "The file system of this folder has no hard links, so it cannot promise that only "
                "one of several writers makes an object. Use a folder on another disk, or S3."
            ) from error
        raise
    return True
