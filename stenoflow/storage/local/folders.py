"""Walking folders by their descriptors: from one into the next, by name, never through a link.

Objects below a key's component may be in two folders if people have made one of them, so reading looks
into both; writing always uses the same one. Every function raises OSError if the file system refuses.
"""

import errno
import os
import stat
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from stenoflow.storage.local.names import Role, component_of, file_names, is_part

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_FOLDER = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}

FoundFile = tuple[int, bytes, os.stat_result]
"""The descriptor of a file's folder, open until the next file is asked for; its name there; its status."""


@contextmanager
def folders_of(root: int, components: Iterable[str]) -> Generator[list[int], None, None]:
    """Yield the folders that hold the objects below these components; the one that is written to is first."""
    here = [os.dup(root)]
    try:
        for component in components:
            above = here
            here = list[int]()
            try:
                for folder in above:
                    for role in (Role.FOLDER, Role.PLAIN):
                        below = _below(folder, file_names(component, role))
                        if below is not None:
                            here.append(below)
            finally:
                _close(above)
        yield here
    finally:
        _close(here)


@contextmanager
def folder_to_write(root: int, components: Iterable[str]) -> Generator[int, None, None]:
    """Yield the folder to write objects below these components to; it is made if it is missing."""
    here = os.dup(root)
    try:
        for component in components:
            above = here
            here = _enter(above, component)
            os.close(above)
        yield here
    finally:
        os.close(here)


def files_of(folders: Sequence[int], component: str) -> Generator[FoundFile, None, None]:
    """Yield the files that hold an object of this name; only the first of them counts."""
    for folder in folders:
        for role in (Role.PLAIN, Role.OBJECT):
            *parts, name = file_names(component, role)
            into = _below(folder, parts)
            if into is None:
                continue
            try:
                status = _status(into, name)
                if status is not None and stat.S_ISREG(status.st_mode):
                    yield into, name, status
            finally:
                os.close(into)


def file_below(root: int, names: Sequence[bytes]) -> Generator[FoundFile, None, None]:
    """Yield the file with these names, each in the folder before it, if there is one."""
    into = _below(root, names[:-1])
    if into is None:
        return
    try:
        status = _status(into, names[-1])
        if status is not None and stat.S_ISREG(status.st_mode):
            yield into, names[-1], status
    finally:
        os.close(into)


def kinds_at(folders: Sequence[int], component: str) -> Iterator[int]:
    """Yield the file types, as of :func:`stat.S_IFMT`, of everything with this name."""
    for folder in folders:
        *parts, name = file_names(component, Role.PLAIN)
        into = _below(folder, parts)
        if into is None:
            continue
        try:
            status = _status(into, name)
            if status is not None:
                yield stat.S_IFMT(status.st_mode)
        finally:
            os.close(into)


@contextmanager
def place_of(folder: int, component: str) -> Generator[tuple[int, bytes], None, None]:
    """Yield where to write an object of this name: the descriptor of a folder, and a name there.

    Raises FileExistsError if a link or a device has the name.
    """
    for role in (Role.PLAIN, Role.OBJECT):
        *parts, name = file_names(component, role)
        into = _made(folder, parts)
        try:
            status = _status(into, name)
            if status is None or stat.S_ISREG(status.st_mode):
                yield into, name
                return
            if not stat.S_ISDIR(status.st_mode):
                break
        finally:
            os.close(into)
    raise FileExistsError(errno.EEXIST, "a link or a device has this name", name)


def names_in(folder: int) -> Iterator[bytes]:
    """Yield the next components of the keys in a folder, unordered; those of folders end in ``/``.

    Whatever is not a folder may be an object: see :func:`files_of`.
    """
    return _names_in(folder, ())


def _names_in(folder: int, parts: tuple[bytes, ...]) -> Iterator[bytes]:
    with os.scandir(folder) as entries:
        for entry in entries:
            names = (*parts, os.fsencode(entry.name))
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and is_part(names[-1]):
                below = _below(folder, names[-1:])
                if below is not None:
                    try:
                        yield from _names_in(below, names)
                    finally:
                        os.close(below)
            elif known := component_of(names):
                component, role = known
                if is_folder and role is not Role.OBJECT:
                    yield component.encode() + b"/"
                elif role is not Role.FOLDER and not is_folder:
                    yield component.encode()


def _enter(folder: int, component: str) -> int:
    """Open the folder below; if it is missing, make it, beside an object of its name if there is one."""
    marked = file_names(component, Role.FOLDER)
    beside = _below(folder, marked)
    if beside is not None:
        return beside
    try:
        return _made(folder, file_names(component, Role.PLAIN))
    except NotADirectoryError:
        # No reader would look beside a link for objects below its name.
        if stat.S_IFLNK in kinds_at([folder], component):
            raise
        return _made(folder, marked)


def _made(folder: int, names: Sequence[bytes]) -> int:
    here = os.dup(folder)
    for name in names:
        above = here
        try:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=above)
                os.fsync(above)
            here = _opened(above, name)
        finally:
            os.close(above)
    return here


def _below(folder: int, names: Sequence[bytes]) -> int | None:
    here = os.dup(folder)
    for name in names:
        above = here
        try:
            here = _opened(above, name)
        except OSError as error:
            if error.errno in _NO_FOLDER:
                return None
            raise
        finally:
            os.close(above)
    return here


def _opened(folder: int, name: bytes) -> int:
    return os.open(name, _FOLDER, dir_fd=folder)


def _status(folder: int, name: bytes) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _close(folders: Iterable[int]) -> None:
    for folder in folders:
        os.close(folder)
