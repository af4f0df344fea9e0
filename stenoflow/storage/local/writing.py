"""Writing a file so that readers see it whole: under a temporary name first, then under its own."""

import errno
import os
import shutil
import stat
import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from stenoflow.errors import ConfigurationError
from stenoflow.storage.base import CHUNK
from stenoflow.storage.local.names import TEMPORARY

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


@contextmanager
def temporary_file(folder: int, source: BinaryIO) -> Generator[bytes, None, None]:
    """Yield the name of a file that holds the whole body, synced, under a name that no key maps to."""
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


def ensure_new_version(into: int, temporary: bytes, there: int, final: bytes) -> None:
    """Give the new file another version than the old one, even within one tick of the clock."""
    new = os.stat(temporary, dir_fd=into)
    with suppress(FileNotFoundError):
        old = os.stat(final, dir_fd=there, follow_symlinks=False)
        if (old.st_size, old.st_mtime_ns) == (new.st_size, new.st_mtime_ns):
            os.utime(temporary, ns=(new.st_atime_ns, new.st_mtime_ns + 1), dir_fd=into)


def link_if_absent(into: int, temporary: bytes, there: int, final: bytes) -> bool | None:
    """Link the file to its final name; return True if it is the first, None if a folder has the name."""
    try:
        os.link(temporary, final, src_dir_fd=into, dst_dir_fd=there, follow_symlinks=False)
    except FileExistsError:
        status = os.stat(final, dir_fd=there, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            return None
        # Over NFS the response to a successful link may be lost; see open(2) on O_EXCL.
        return os.stat(temporary, dir_fd=into).st_nlink > 1
    except OSError as error:
        if error.errno in _NO_HARD_LINKS:
            raise ConfigurationError(
                "The file system of this folder has no hard links, so it cannot promise that only "
                "one of several writers makes an object. Use a folder on another disk, or S3."
            ) from error
        raise
    return True
