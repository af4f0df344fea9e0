"""A limit on requests that an engine does not finish in time: shorter ones do not always help."""

from dataclasses import dataclass, field
from threading import Lock

from stenoflow.errors import EngineTooSlow, RequestTooLong

MORE_THAN_CHUNKS = 3
"""Requests in a row that may time out, beyond one for each chunk: two halvings, and a second try."""


@dataclass(slots=True)
class TimeoutLimit:
    """Counts the time-outs of one recording's requests in a row, in any thread."""

    chunks: int
    """Number of chunks that are bought."""
    _in_a_row: int = 0
    _lock: Lock = field(default_factory=Lock)

    def reset(self) -> None:
        """Forget the time-outs: a request was answered."""
        with self._lock:
            self._in_a_row = 0

    def count(self, error: RequestTooLong) -> None:
        """Add a time-out. Raises EngineTooSlow once there are too many."""
        with self._lock:
            self._in_a_row += 1
            too_many = self._in_a_row >= self.chunks + MORE_THAN_CHUNKS
        if too_many:
            raise EngineTooSlow(
                f"{error} {self._in_a_row} requests in a row, each for less audio than the one before, "
                "were not finished in time: it is not their length. The next sweep tries again.",
                request_id=error.request_id,
            ) from error
