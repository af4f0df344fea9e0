"""The spool: replies that are paid for and could not be stored, kept on this machine until they can be.

A reply is in the folder ``spool`` of the user's own folder, under a digest of its chunk's URL, beside a file
with that URL for people. Whoever looks for the chunk on this machine stores it first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from stenoflow.storage.local.home import home_folder, write_private_file


@dataclass(frozen=True, slots=True)
class SpooledReply:
    """A reply that waits to be stored."""

    number: int
    """Of the intent that it answers."""
    path: Path

    def remove(self) -> None:
        """Remove it, once it is stored."""
        self.path.unlink(missing_ok=True)
        folder = self.path.parent
        if not any(folder.glob("reply-*")):
            (folder / "chunk.url").unlink(missing_ok=True)
            folder.rmdir()


@dataclass(frozen=True, slots=True)
class Spool:
    """The spool in a folder; None is ``STENOFLOW_HOME/spool``."""

    folder: Path | None = None

    def keep(self, chunk_url: str, number: int, raw: bytes) -> Path:
        """Write a reply to disk, readable for its owner only, and return its path.

        Raises OSError, ConfigurationError.
        """
        folder = self._folder_of(chunk_url)
        write_private_file(folder / "chunk.url", f"{chunk_url}\n".encode())
        path = folder / f"reply-{number:04}.json"
        write_private_file(path, raw)
        return path

    def replies(self, chunk_url: str) -> Iterator[SpooledReply]:
        """Yield the replies that are kept for a chunk, by number."""
        for path in sorted(self._folder_of(chunk_url).glob("reply-*.json")):
            yield SpooledReply(int(path.stem.removeprefix("reply-")), path)

    def _folder_of(self, chunk_url: str) -> Path:
        digest = sha256(chunk_url.encode()).hexdigest()[:32]
        return (self.folder or home_folder() / "spool") / digest
