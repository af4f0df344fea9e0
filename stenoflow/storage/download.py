"""A download: counted against its limit, hashed on the way, and removed again if it fails."""

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from stenoflow.errors import LocalWriteFailed, ObjectTooLarge, OverLimit, Stopped


class Download:
    """The bytes of one object that have arrived so far."""

    def __init__(
        self,
        url: str,
        sink: BinaryIO,
        *,
        max_bytes: int,
        cancelled: threading.Event | None = None,
    ) -> None:
        self.url = url
        self.size = 0
        """Bytes written so far."""
        self.cancelled = cancelled or threading.Event()
        """Ends the download when it is set."""
        self._sink = sink
        self._max_bytes = max_bytes
        self._digest = sha256()

    def check_size(self, size: int) -> None:
        """Raise OverLimit if an object of ``size`` bytes is too large."""
        if size > self._max_bytes:
            raise OverLimit(
                f"{self.url} is larger than the {self._max_bytes:,} bytes allowed (at least "
                f"{size:,}). Raise the limit if that is intended."
            )

    def write(self, chunk: bytes) -> None:
        """Append a chunk. Raises OverLimit, Stopped, and LocalWriteFailed if the disk is full, say."""
        self.check_cancelled()
        self.check_size(self.size + len(chunk))
        try:
            self._sink.write(chunk)
        except OSError as error:
            raise _local_write_failed(self.url, error) from error
        self._digest.update(chunk)
        self.size += len(chunk)

    def check_cancelled(self) -> None:
        """Raise Stopped if the download was cancelled."""
        if self.cancelled.is_set():
            raise Stopped(f"Stopped while {self.url} was being read.")

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes so far."""
        return self._digest.hexdigest()


@contextmanager
def small_object() -> Generator[None, None, None]:
    """Raise ObjectTooLarge if a download in the block is beyond its limit.

    An object of Stenoflow's own is read there: its size is not a verdict on a recording.
    """
    try:
        yield
    except OverLimit as error:
        raise ObjectTooLarge(str(error)) from error


@contextmanager
def new_file(path: Path, url: str) -> Generator[BinaryIO, None, None]:
    """Yield the file ``path``, empty and open for writing; remove it if the block fails.

    ``url`` is the object that is written there, for errors. Raises LocalWriteFailed.
    """
    try:
        file = path.open("wb", buffering=0)
    except OSError as error:
        raise _local_write_failed(url, error) from error
    try:
        with file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _local_write_failed(url: str, error: OSError) -> LocalWriteFailed:
    where = f" ({os.fsdecode(error.filename)})" if error.filename else ""
    return LocalWriteFailed(
        f"{url} cannot be copied to this machine: {error.strerror}{where}. Free some disk space or "
        "set STENOFLOW_SCRATCH to a folder that has it."
    )
