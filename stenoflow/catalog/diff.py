"""The recordings of a source that are still to be transcribed, found by merging two sorted listings.

One listing is of the recordings, the other of the manifests of finished ones; both are in the order
of the recordings' keys as UTF-8 bytes. Walking them side by side decides on every recording without
reading a single object, in memory that does not grow with either listing. (Python compares strings
by code point, which is the order of their UTF-8 bytes.)
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Protocol, TypeVar

from stenoflow.catalog.selection import Selection
from stenoflow.errors import ConfigurationError
from stenoflow.manifest.keys import ManifestKey
from stenoflow.storage import ObjectInfo


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


_Item = TypeVar("_Item", bound=_Keyed)


class Status(StrEnum):
    """What an object of the source is to a sweep. The values are stored in sweep reports."""

    NEW = "new"
    """Taken: it has no manifest."""
    CHANGED = "changed"
    """Taken: its manifests are those of other content."""
    PROFILE_CHANGED = "profile changed"
    """Taken: this content is finished, under another profile."""
    DONE = "done"
    """Finished."""
    TOO_YOUNG = "too young"
    """Left to the next sweep: it may still be uploading."""
    FILTERED = "filtered"
    """Not selected."""

    @property
    def taken(self) -> bool:
        """True if the sweep transcribes the object."""
        return self in (Status.NEW, Status.CHANGED, Status.PROFILE_CHANGED)


@dataclass(frozen=True, slots=True)
class Decision:
    """An object of the source and its status."""

    info: ObjectInfo
    status: Status


@dataclass(frozen=True, slots=True)
class Batch:
    """Neighbouring recordings: those with keys after ``after``, up to and including ``until``."""

    after: str
    until: str
    recordings: int
    """Number of recordings taken."""
    size: int
    """Total size of the recordings taken, in bytes."""


def decide(
    recordings: Iterable[ObjectInfo],
    manifests: Iterable[ManifestKey],
    *,
    selection: Selection,
    version_mark: Callable[[ObjectInfo], str],
    profile_mark: str,
    now: datetime,
) -> Iterator[Decision]:
    """Yield a decision on each object, in the order of the keys.

    ``version_mark`` returns what :attr:`ManifestKey.version` is for an object's present content;
    ``profile_mark`` is the mark of the sweep's profile. Manifests of recordings that no longer exist are
    ignored. Raises ConfigurationError if either listing is not in the order of its keys' UTF-8 bytes:
    to continue would leave recordings out.
    """
    listed = _in_order(manifests, repeated=True)
    manifest = next(listed, None)
    for info in _in_order(recordings, repeated=False):
        while manifest is not None and manifest.key < info.key:
            manifest = next(listed, None)
        known = same_content = same_profile = False
        version = version_mark(info)
        while manifest is not None and manifest.key == info.key:
            known = True
            if manifest.version == version:
                same_content = True
                same_profile = same_profile or manifest.profile == profile_mark
            manifest = next(listed, None)
        if not selection.matches(info):
            status = Status.FILTERED
        elif same_profile or (same_content and not selection.redo_changed_profile):
            status = Status.DONE
        elif now - info.modified < timedelta(seconds=selection.settle_s):
            status = Status.TOO_YOUNG
        elif same_content:
            status = Status.PROFILE_CHANGED
        else:
            status = Status.CHANGED if known else Status.NEW
        yield Decision(info, status)


def batches(taken: Iterable[ObjectInfo], *, batch_size: int, after: str = "") -> Iterator[Batch]:
    """Yield batches of ``batch_size`` recordings in the order of their keys; the last may be smaller.

    The batches' key ranges join without gaps: the first one begins after ``after``, each other one at
    the end of the one before it.
    """
    count = size = 0
    until = after
    for info in taken:
        count, size, until = count + 1, size + info.size, info.key
        if count == batch_size:
            yield Batch(after, until, count, size)
            after, count, size = until, 0, 0
    if count:
        yield Batch(after, until, count, size)


def up_to(items: Iterable[_Item], until: str | None) -> Iterator[_Item]:
    """Yield the items of a listing up to and including the key ``until``; None: all of them."""
    return takewhile(lambda item: until is None or item.key <= until, items)


def _in_order(items: Iterable[_Item], *, repeated: bool) -> Iterator[_Item]:
    last: str | None = None
    for item in items:
        key = item.key
        if last is not None and (key < last or (key == last and not repeated)):
            raise ConfigurationError(
                f"The store lists {key!r} after {last!r}, but a sweep needs listings in the order of the "
                "keys' UTF-8 bytes. Use a store that keeps this order, as S3 does."
            )
        last = key
        yield item
