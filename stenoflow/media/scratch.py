"""Scratch folders: each for the files of one recording, and removed afterwards whatever happens.

The process that uses a scratch folder holds an ``flock`` on a file inside it. The kernel releases the lock
when that process dies, even by SIGKILL, so whoever opens the next scratch folder on this machine
recognizes an abandoned one by its free lock and removes it.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "stenoflow-"
INCOMPLETE = ".stenoflow-incomplete-"
INCOMPLETE_S = 60
"""A folder not locked after this many seconds never will be: the process that made it was killed."""
LOCK = "held"


def scratch_root() -> Path:
    """Return where scratch folders are made: ``STENOFLOW_SCRATCH``, else the system's temporary folder."""
    return Path(os.environ.get("STENOFLOW_SCRATCH") or tempfile.gettempdir())


@contextmanager
def scratch_folder(root: Path | None = None) -> Generator[Path, None, None]:
    """Make an empty, private folder for a ``with`` block, and remove it afterwards.

    Abandoned scratch folders under ``root`` are removed first.
    """
    root = root or scratch_root()
    root.mkdir(parents=True, exist_ok=True)
    remove_abandoned(root)
    folder, lock = _make_locked(root)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def remove_abandoned(root: Path) -> int:
    """Remove the scratch folders whose processes are dead; return how many there were."""
    removed = 0
    for folder in root.glob(f"{INCOMPLETE}*"):
        # Another process may be just about to give it its name, or to remove it.
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > INCOMPLETE_S:
                shutil.rmtree(folder, ignore_errors=True)
    for folder in root.glob(f"{PREFIX}*"):
        try:
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
        finally:
            os.close(lock)
    return removed


def _make_locked(root: Path) -> tuple[Path, int]:
    # The folder gets its name only once its lock is held: no moment at which it looks abandoned.
    incomplete = Path(tempfile.mkdtemp(prefix=INCOMPLETE, dir=root))
    lock = os.open(incomplete / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder = incomplete.rename(root / (PREFIX + incomplete.name.removeprefix(INCOMPLETE)))
    return folder, lock
