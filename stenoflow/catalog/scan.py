"""A scan of a source: two listings walked side by side, counted, and cut into batches."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from stenoflow.catalog.diff import Batch, Decision, Status, batches, decide, up_to
from stenoflow.catalog.selection import Selection
from stenoflow.errors import Stopped
from stenoflow.manifest.keys import (
    MANIFESTS,
    ManifestKey,
    manifests_after,
    parse_manifest_key,
    profile_mark,
    version_mark,
)
from stenoflow.profile.model import Profile
from stenoflow.storage import LeftOut, ObjectInfo, Store

OWN = "results of Stenoflow"
OWN_PREFIX = "_stenoflow/"
"""Prefix of the objects that Stenoflow keeps for itself in a destination; never recordings."""


MAX_REASONS = 50
"""Different reasons for which objects are left out; further ones are counted together."""
OTHER_REASON = "other reasons"


def _ignore(key: str, reason: str) -> None:
    pass


def _clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The keys after ``after``, up to and including ``until``; None: to the end."""

    after: str = ""
    until: str | None = None

    def holds(self, key: str) -> bool:
        """Return True if a key is one of these."""
        return key > self.after and (self.until is None or key <= self.until)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The recordings of a source, as one selection and one profile see them at one moment."""

    source: Store
    destination: Store
    profile: Profile
    selection: Selection
    now: datetime
    """Aware; the age of recordings counts back from here."""
    clock: Callable[[], datetime] = _clock
    """Returns the present time."""


@dataclass(slots=True)
class Scan:
    """The counts of a source's objects, and batches of those to transcribe."""

    statuses: Counter[Status] = field(default_factory=Counter[Status])
    """Number of objects by status."""
    left_out: Counter[str] = field(default_factory=Counter[str])
    """Number of things that were not taken, and are not finished, by reason."""
    batches: list[Batch] = field(default_factory=list[Batch])
    """All recordings taken. A million recordings in batches of ten take 30 MB."""

    def leave_out(self, reason: str) -> None:
        """Count something that is not taken."""
        known = reason in self.left_out or len(self.left_out) < MAX_REASONS
        self.left_out[reason if known else OTHER_REASON] += 1

    @property
    def recordings(self) -> int:
        """Number of recordings taken."""
        return sum(batch.recordings for batch in self.batches)

    @property
    def size(self) -> int:
        """Total size of the recordings taken, in bytes."""
        return sum(batch.size for batch in self.batches)


def scan(
    stop: threading.Event,
    catalog: Catalog,
    *,
    batch_size: int,
    limit: int | None = None,
    within: KeyRange = KeyRange(),
    on_taken: Callable[[ObjectInfo], object] | None = None,
) -> Scan:
    """Count the objects of a source, and cut the recordings to transcribe into batches.

    At most ``limit`` recordings are taken; the scan ends there. ``on_taken`` is called with each of them.
    Raises ConfigurationError if a listing is out of order, NotFound if there is no such source,
    AccessDenied, StoreUnavailable, and Stopped once ``stop`` is set.
    """
    found = Scan()

    def counted() -> Iterator[ObjectInfo]:
        listed = decisions(catalog, within, left_out=lambda _, reason: found.leave_out(reason))
        for decision in listed:
            if stop.is_set():
                raise Stopped("Stopped while the source was being listed.")
            found.statuses[decision.status] += 1
            if decision.left_out:
                found.leave_out(decision.left_out)
            if decision.status.taken:
                if on_taken:
                    on_taken(decision.info)
                yield decision.info

    taken = islice(counted(), limit)
    found.batches = list(batches(taken, batch_size=batch_size, after=within.after))
    return found


def decisions(
    catalog: Catalog, within: KeyRange = KeyRange(), *, left_out: LeftOut = _ignore
) -> Iterator[Decision]:
    """Yield a decision on each object of the source within a range of keys, in their order.

    ``left_out`` is called with what is there but is not an object, and which objects are Stenoflow's own.
    """
    source, destination = catalog.source, catalog.destination

    def recordings() -> Iterator[ObjectInfo]:
        listed = source.list(
            after=within.after,
            left_out=lambda key, reason: within.holds(key) and left_out(key, reason),
        )
        for info in up_to(listed, within.until):
            if _is_own(info.key, source, destination):
                left_out(info.key, OWN)
            else:
                yield info

    return decide(
        recordings(),
        _manifests(destination, within.after),
        selection=catalog.selection,
        version_mark=lambda info: version_mark(info.version),
        profile_mark=profile_mark(catalog.profile),
        now=catalog.now,
        clock=catalog.clock(),
    )


def _manifests(destination: Store, after: str) -> Iterator[ManifestKey]:
    for info in destination.list(MANIFESTS, after=manifests_after(after)):
        if known := parse_manifest_key(info.key):
            yield known


def _is_own(key: str, source: Store, destination: Store) -> bool:
    """Return True if an object belongs to a destination that is the source, or is inside it."""
    if source.url == destination.url:
        return key.startswith(OWN_PREFIX)
    inside = f"{source.url.rstrip('/')}/"
    return destination.url.startswith(inside) and key.startswith(
        f"{destination.url.removeprefix(inside).rstrip('/')}/"
    )
