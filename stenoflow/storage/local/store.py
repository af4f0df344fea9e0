"""A folder as a store: existing folders of recordings as they are, and objects of any key.

:mod:`stenoflow.storage.local.names` maps keys to file names. Paths are never joined from keys: each
component is opened inside the folder before it, without following symbolic links, so nothing outside the
root can be reached. The root itself may be a symbolic link. Below it, a link to a file inside the root is
read as that file. Other links, sockets, devices and pipes are not objects: they are not listed and not
read. What a link leads to has a key of its own, so links to folders are not followed. Nothing of all this
is replaced or removed.
"""

import os
import stat
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from io import BytesIO
from pathlib import Path

from stenoflow.errors import NotFound, SourceChanged
from stenoflow.storage.base import ANY_BYTES, CHUNK, SMALL, Fetched, LeftOut, ObjectInfo
from stenoflow.storage.download import Download, new_file, small_object
from stenoflow.storage.local.errors import os_errors
from stenoflow.storage.local.folders import files_of, kinds_at, place_of
from stenoflow.storage.local.listing import PAGE_SIZE, FolderListing
from stenoflow.storage.local.location import Folders, LocalLocation, info_of
from stenoflow.storage.local.writing import ensure_new_version, link_if_absent, temporary_file

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class LocalStore:
    """Objects as files below ``root``, a folder that the first ``put`` makes if it is missing.

    ``put_if_absent`` is exclusive among the processes of one machine, and among machines if their
    shared file system has hard links, as NFS does. There is one gap: while an object ``x`` is being
    deleted, two writers of the very first object below ``x/`` may write it to two places.
    """

    def __init__(self, root: Path, *, page_size: int = PAGE_SIZE) -> None:
        self.root = root.expanduser().absolute()
        self._location = LocalLocation(self.root)
        self._page_size = page_size

    @property
    def url(self) -> str:
        """``file:///folder``."""
        return self.root.as_uri()

    def url_of(self, key: str) -> str:
        """Return the URL of the object's file, unless a folder has that name."""
        return self._location.path(key).as_uri()

    def create(self) -> None:
        """Make the root folder if it is missing, so that an empty store can be listed."""
        self._location.create()

    def list(
        self, prefix: str = "", *, after: str = "", left_out: LeftOut | None = None
    ) -> Iterator[ObjectInfo]:
        """Yield objects in the order of their keys; see :meth:`Store.list`."""
        return iter(
            FolderListing(
                self._location, prefix, after, page_size=self._page_size, left_out=left_out
            )
        )

    def stat(self, key: str) -> ObjectInfo:
        """Return what is known of an object. Raises NotFound."""
        folder, name = self._location.split(key)
        with (
            os_errors(lambda: self._location.displayed(key)),
            self._location.reading(folder) as folders,
        ):
            with closing(self._location.files(key, folders, name)) as files:
                for _, _, status in files:
                    return info_of(key, status)
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
        folder, name = self._location.split(key)
        with (
            closing(body.open("rb") if isinstance(body, Path) else BytesIO(body)) as source,
            os_errors(lambda: self._location.displayed(key)),
            self._location.writing(folder) as into,
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
        folder, name = self._location.split(key)
        with suppress(NotFound):
            self.stat(key)
            return False
        with (
            os_errors(lambda: self._location.displayed(key)),
            self._location.writing(folder) as into,
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
        folder, name = self._location.split(key)
        with (
            os_errors(lambda: self._location.displayed(key)),
            self._location.reading(folder) as folders,
        ):
            for there, final, _ in files_of(folders, name):
                with suppress(FileNotFoundError):
                    os.unlink(final, dir_fd=there)
                    os.fsync(there)

    def presign(self, key: str, *, expires_s: int) -> str | None:
        """Return None: a folder has no presigned URLs."""
        return None

    def _absent(self, key: str, folders: Folders, name: str) -> NotFound:
        """Return the error that says what is at a key in place of an object."""
        kinds = list(kinds_at(folders, name)) if name else [stat.S_IFDIR for _ in folders]
        if stat.S_IFDIR in kinds:
            shown = self._location.displayed(key.rstrip("/"))
            return NotFound(
                f"{shown} is a folder, not a recording: name one file in it, or ingest the whole "
                "folder."
            )
        if kinds:
            return NotFound(
                f"{self._location.displayed(key)} is a symbolic link or a device, and a store does not "
                "follow these: name the file itself."
            )
        return NotFound(f"There is no file {self._location.displayed(key)}. Check its name.")

    @contextmanager
    def _opened(self, key: str) -> Generator[int, None, None]:
        folder, name = self._location.split(key)
        with os_errors(lambda: self._location.displayed(key)):
            with (
                self._location.reading(folder) as folders,
                closing(self._location.files(key, folders, name)) as files,
            ):
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
        before = info_of(key, os.fstat(source))
        download.check_size(before.size)
        while chunk := os.read(source, CHUNK):
            download.write(chunk)
        if download.size != before.size or info_of(key, os.fstat(source)) != before:
            raise SourceChanged(
                f"{self._location.displayed(key)} was written to while it was being read. Try again when "
                "it is complete."
            )
        return before
