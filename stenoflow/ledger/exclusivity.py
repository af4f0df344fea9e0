"""The proof that a store keeps the promise of ``put_if_absent``, demanded before anything is bought.

Two buyers of one chunk are kept apart by that promise alone, and there are servers that accept its
condition (``If-None-Match``) and ignore it. What was proved is recorded in the store, so that later runs
need not prove it again; each of them lets its record be refused once, which shows that it is still so.
"""

from datetime import UTC, datetime
from threading import Lock

from pydantic import ValidationError

from stenoflow.errors import NotFound
from stenoflow.ledger.entries import put_record_if_absent
from stenoflow.ledger.records import Record
from stenoflow.storage import Store
from stenoflow.storage.exclusive_writes import check_exclusive_writes

PROOF = "_stenoflow/put-if-absent.json"
"""Key of the record."""
PROBES = "_stenoflow/put-if-absent-"
"""Start of the keys of objects that a proof writes and removes."""


class Proof(Record):
    """The record of a proof."""

    store: str
    """URL of the store that it was made in: a copy of it elsewhere proves nothing."""
    at: datetime


class Exclusivity:
    """State of the proof for one store. Safe to use from many threads: one proves, the others wait."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._proved = False

    def ensure(self, store: Store) -> None:
        """Return once ``put_if_absent`` has been proved in ``store``.

        Raises ConfigurationError where it does not hold; AccessDenied, StoreUnavailable.
        """
        with self._lock:
            if not self._proved:
                if not _still_holds(store):
                    check_exclusive_writes(store, PROBES)
                    put_record_if_absent(store, PROOF, _proof(store))
                self._proved = True


def _still_holds(store: Store) -> bool:
    """Return True if an earlier proof is recorded, and another record is refused in its place."""
    try:
        recorded = Proof.model_validate_json(store.read(PROOF))
    except (NotFound, ValidationError):
        return False
    return recorded.store == store.url and not put_record_if_absent(store, PROOF, _proof(store))


def _proof(store: Store) -> Proof:
    return Proof(store=store.url, at=datetime.now(UTC))
