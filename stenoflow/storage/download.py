"""An object on its way in: counted against its cap, hashed, and gone again if anything fails."""

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from stenoflow.errors import OverLimit, Stopped, StoreUnavailable


class NoRoom(StoreUnavailable):
    """The copy cannot be written here: reading on would not help."""


class Incoming:
    """The bytes of one object that have arrived so far."""

    def __init__(
        self, url: str, sink: BinaryIO, *, max_bytes: int, stop: threading.Event | None = None
    ) -> None:
        self.url = url
        self.size = 0
        self.stop = stop or threading.Event()
        self._sink = sink
        self._max_bytes = max_bytes
        self._digest = sha256()

    def announce(self, size: int) -> None:
        """Raises OverLimit where an object of this size would be too large."""
        if size > self._max_bytes:
            raise OverLimit(
                f"{self.url} is larger than the {self._max_bytes:,} bytes allowed (at least "
                f"{size:,}). Raise the limit if that is intended."
            )

    def take(self, chunk: bytes) -> None:
        """Raises OverLimit, Stopped; NoRoom where there is no room for it here."""
        self.go_on()
        self.announce(self.size + len(chunk))
        try:
            self._sink.write(chunk)
        except OSError as error:
            raise _no_room(self.url, error) from error
        self._digest.update(chunk)
        self.size += len(chunk)

    def go_on(self) -> None:
        """Raises Stopped where somebody asked for that."""
        if self.stop.is_set():
            raise Stopped(f"Stopped while {self.url} was being read.")

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


@contextmanager
def new_file(path: Path, url: str) -> Generator[BinaryIO, None, None]:
    """The file ``path``, emptied for writing; removed if the block fails."""
    try:
        file = path.open("wb", buffering=0)
    except OSError as error:
        raise _no_room(url, error) from error
    try:
        with file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _no_room(url: str, error: OSError) -> NoRoom:
    where = f" ({os.fsdecode(error.filename)})" if error.filename else ""
    return NoRoom(
        f"{url} cannot be copied to this machine: {error.strerror}{where}. Free some disk space or "
        "set STENOFLOW_SCRATCH to a folder that has it."
    )
