"""Trouble of stores in a sweep: that of one object, or trouble that every object meets.

An object that its store refuses says nothing about the others. Only after several in a row is it worth
asking whether the source gives any object, and whether the destination takes one.
"""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from stenoflow.errors import (
    NotFound,
    ObjectArchived,
    ObjectEncrypted,
    ObjectTooLarge,
    StenoflowError,
    StoreMisconfigured,
    StoreRefused,
    StoreUnavailable,
)
from stenoflow.storage import Store

STORE_TROUBLE = (StoreRefused, StoreUnavailable, StoreMisconfigured)
"""Errors of a store; none is a verdict on a recording."""
OF_ONE_OBJECT = (NotFound, ObjectArchived, ObjectEncrypted)
"""Those that are an object's own, however many objects meet them."""
IN_A_ROW = 5
"""Recordings in a row that met trouble of a store, after which the stores are looked at."""
SAMPLE = 5
"""Other recordings that are tried then."""
PROBE_PREFIX = "_stenoflow/probe-"


@dataclass(slots=True)
class TroubleCounter:
    """Counts the recordings in a row that met trouble of a store."""

    in_a_row: int = 0
    threshold: int = IN_A_ROW

    def count(self, error: type[Exception]) -> bool:
        """Add how a recording ended; return True if it is time to look at the stores.

        Each look that finds nothing makes the next one wait for twice as many: whole folders may be
        archived or forbidden.
        """
        if not issubclass(error, STORE_TROUBLE):
            self.in_a_row, self.threshold = 0, IN_A_ROW
            return False
        self.in_a_row += 1
        if self.in_a_row < self.threshold:
            return False
        self.in_a_row, self.threshold = 0, 2 * self.threshold
        return True


def shared_trouble(source: Store, destination: Store, keys: Sequence[str]) -> str | None:
    """Return the trouble that every recording meets, as a sentence; None if there is none.

    ``keys`` are those of the recordings that are still to come. A few of them are opened, but not read,
    and a small object is written to the destination and removed.
    """
    if error := _list(source) or _read_any(source, keys):
        return f"The source {source.url} gives no recording at all. {error}"
    if error := _write(destination):
        return f"The destination {destination.url} takes no object at all. {error}"
    return None


def _list(source: Store) -> StenoflowError | None:
    try:
        next(iter(source.list()), None)
    except STORE_TROUBLE as error:
        return error
    return None


def _read_any(source: Store, keys: Sequence[str]) -> StenoflowError | None:
    """Return an error if none of the keys tried can be read, for reasons that are not an object's own."""
    tried = list(dict.fromkeys(keys[:: max(1, len(keys) // SAMPLE)]))[-SAMPLE:]
    with ThreadPoolExecutor(SAMPLE, "probe") as pool:
        errors = list(pool.map(partial(_open, source), tried))
    shared = [error for error in errors if error and not isinstance(error, OF_ONE_OBJECT)]
    return shared[-1] if shared and len(shared) == len(tried) else None


def _open(source: Store, key: str) -> StenoflowError | None:
    try:
        source.read(key, max_bytes=0)
    except ObjectTooLarge:
        return None  # It was opened, and is not empty.
    except STORE_TROUBLE as error:
        return error
    return None


def _write(destination: Store) -> StenoflowError | None:
    key = f"{PROBE_PREFIX}{uuid.uuid4().hex}"
    try:
        destination.put(key, b"1", content_type="text/plain")
        destination.delete(key)
    except STORE_TROUBLE as error:
        return error
    return None
