"""What lies in a source and is still to be done: two listings walked side by side, and counted."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from stenoflow.catalog.diff import Batch, Decision, Done, Selection, Status, batches, decide, up_to
from stenoflow.errors import Stopped
from stenoflow.manifest.keys import (
    MANIFESTS,
    manifests_of,
    parse_manifest_key,
    profile_mark,
    version_mark,
)
from stenoflow.profile.model import Profile
from stenoflow.storage import ObjectInfo, Store

OWN = "_stenoflow/"
"""What Stenoflow keeps for itself in a destination; never recordings."""


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The keys after ``after``, up to and including ``until``; None: to the end."""

    after: str = ""
    until: str | None = None


@dataclass(slots=True)
class Survey:
    """A source, counted."""

    statuses: Counter[Status] = field(default_factory=Counter[Status])
    """Of all objects looked at."""
    batches: list[Batch] = field(default_factory=list[Batch])
    """Of all recordings to be done: 30 MB for a million recordings in batches of ten."""

    @property
    def recordings(self) -> int:
        """How many are to be done."""
        return sum(batch.recordings for batch in self.batches)

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(batch.size for batch in self.batches)


def survey(
    stop: threading.Event,
    source: Store,
    destination: Store,
    profile: Profile,
    selection: Selection,
    *,
    now: datetime,
    batch_size: int,
    limit: int | None = None,
    within: KeyRange = KeyRange(),
    tell: Callable[[ObjectInfo], object] | None = None,
) -> Survey:
    """Count what lies in the source, and cut what is to be done of it into batches.

    At most ``limit`` recordings are taken; the walk ends there. ``tell`` is told of each that is taken.
    Raises ConfigurationError where a listing is out of order, NotFound where the source is not there,
    AccessDenied, StoreUnavailable, Stopped.
    """
    found = Survey()

    def counted() -> Iterator[ObjectInfo]:
        for decision in decisions(source, destination, profile, selection, now=now, within=within):
            if stop.is_set():
                raise Stopped("stopped while listing")
            found.statuses[decision.status] += 1
            if decision.status.taken:
                if tell:
                    tell(decision.info)
                yield decision.info

    taken = islice(counted(), limit)
    found.batches = list(batches(taken, at_most=batch_size, after=within.after))
    return found


def decisions(
    source: Store,
    destination: Store,
    profile: Profile,
    selection: Selection,
    *,
    now: datetime,
    within: KeyRange = KeyRange(),
) -> Iterator[Decision]:
    """What is to be done with each object of the source within a range of keys, in order."""
    recordings = (
        info
        for info in up_to(source.list(after=within.after), within.until)
        if not _is_ours(info.key, source, destination)
    )
    return decide(
        recordings,
        up_to(_done(destination, within.after), within.until),
        selection=selection,
        version_mark=lambda info: version_mark(info.version),
        profile_mark=profile_mark(profile),
        now=now,
    )


def _done(destination: Store, after: str) -> Iterator[Done]:
    for info in destination.list(MANIFESTS, after=manifests_of(after) if after else ""):
        if known := parse_manifest_key(info.key):
            yield Done(known.key, known.version, known.profile)


def _is_ours(key: str, source: Store, destination: Store) -> bool:
    """Whether an object is none of the source's, but lies in a destination inside it."""
    if source.url == destination.url:
        return key.startswith(OWN)
    inside = f"{source.url.rstrip('/')}/"
    return destination.url.startswith(inside) and key.startswith(
        f"{destination.url.removeprefix(inside).rstrip('/')}/"
    )
