"""The folder in which Stenoflow keeps what belongs to one user on one machine."""

import os
import stat
from pathlib import Path

from stenoflow.errors import ConfigurationError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def home_folder() -> Path:
    """Return ``STENOFLOW_HOME``, else ``~/.stenoflow``, as an absolute path."""
    return Path(os.environ.get("STENOFLOW_HOME") or Path.home() / ".stenoflow").absolute()


def write_private_file(path: Path, body: bytes) -> None:
    """Write a file that only its owner may read, whole as soon as it is there; its folders are made.

    Raises OSError; ConfigurationError as :func:`private_file`.
    """
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with private_file(partial).open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def private_file(path: Path) -> Path:
    """Return the path of a file that only its owner may read or write; made, with its folder, if missing.

    One that others may read, as a copy from a backup may be, is made private. Raises ConfigurationError
    if it is another user's, or not a file.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    remedy = "remove it, or set STENOFLOW_HOME to a folder of your own"
    try:
        file = os.open(path, flags, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be opened as a file of your own ({error.strerror}): {remedy}."
        ) from error
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise ConfigurationError(f"{path} is not a file of your own: {remedy}.")
        if found.st_mode & _OTHERS:
            os.fchmod(file, stat.S_IMODE(found.st_mode) & ~_OTHERS)
    finally:
        os.close(file)
    return path
