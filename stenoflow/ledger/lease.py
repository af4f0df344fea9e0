"""The lease on a chunk: renewed by the process that buys it, watched by those who wait for it."""

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

from stenoflow.errors import StenoflowError
from stenoflow.ledger.clock import Clock
from stenoflow.ledger.entries import put_record
from stenoflow.ledger.lease_owner import is_alive
from stenoflow.ledger.records import ChunkKey, Intent, State
from stenoflow.storage import Store


class LeaseMonitor:
    """Looks at one intent again and again, and finds when its lease has expired.

    The lease counts from the last renewal that was seen, by the clock of whoever waits: the clocks of
    two machines are never compared.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: tuple[str, int] | None = None
        self._seen_at_s = 0.0

    def expired(self, intent: Intent) -> bool:
        """Return True if the owner is known to be dead, or has not renewed for a whole lease.

        ``intent`` is the record as it was just read from the store.
        """
        if is_alive(intent.owner) is False:
            return True
        seen = (intent.id, intent.renewal)
        if seen != self._seen:
            self._seen, self._seen_at_s = seen, self._clock.now_s()
        return self._clock.now_s() - self._seen_at_s > intent.lease_s


class Attempt:
    """An intent of this process, renewed until it is closed, and never after."""

    def __init__(self, store: Store, chunk: ChunkKey, intent: Intent, clock: Clock) -> None:
        self.store = store
        self.chunk = chunk
        self.intent = intent
        self._clock = clock
        self._lock = threading.Lock()
        self._done = threading.Event()

    def close(self, state: State, reason: str, request_id: str | None = None) -> None:
        """Record how an attempt ended that did not bring the reply."""
        with self._lock:
            self._done.set()
            # Left open, it is taken for one whose owner died, and counted as possibly paid: the careful
            # side. And the error that led here matters more than one in recording it.
            with suppress(StenoflowError):
                self._put({"state": state, "reason": reason, "request_id": request_id})

    @contextmanager
    def renewed(self) -> Generator[None, None, None]:
        """Renew the lease for as long as the block runs."""
        thread = threading.Thread(target=self._renew, name="ledger-renewal", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()

    def _renew(self) -> None:
        while not self._clock.wait(self._done, self.intent.lease_s / 4):
            # A renewal that fails is made up for by the next; if all fail, the lease ends.
            with self._lock, suppress(StenoflowError):
                if not self._done.is_set():
                    self._put({"renewal": self.intent.renewal + 1})

    def _put(self, changes: dict[str, Any]) -> None:
        self.intent = self.intent.model_copy(update=changes)
        put_record(self.store, self.chunk.intent_key(self.intent.number), self.intent)
