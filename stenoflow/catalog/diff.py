"""The recordings of a source that are still to be transcribed, found by merging two sorted listings.

One listing is of the recordings, the other of the manifests of finished ones; both are in the order
of the recordings' keys as UTF-8 bytes. Walking them side by side decides on every recording without
reading a single object, in memory that does not grow with either listing: only with the number of keys of
some 800 bytes or more that begin alike. (Python compares strings by code point, which is the
order of their UTF-8 bytes.)
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import TypeVar

from stenoflow.catalog.selection import Selection
from stenoflow.errors import ConfigurationError
from stenoflow.manifest.keys import ManifestKey, encoded_key, neighbourhood_of
from stenoflow.storage import ObjectInfo

_Item = TypeVar("_Item")


class Status(StrEnum):
    """State of an object of the source in a sweep. The values are stored in sweep reports."""

    NEW = "new"
    """Taken: it has no manifest."""
    CHANGED = "changed"
    """Taken: its manifests are those of other content."""
    PROFILE_CHANGED = "profile changed"
    """Taken: this content is finished, under another profile."""
    DONE = "done"
    """Finished."""
    TOO_YOUNG = "too young"
    """Left to the next sweep: it was modified only just now, and may still be uploading."""
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
    left_out: str | None = None
    """Reason why it is neither taken nor finished, in a few words."""
    dated_ahead: bool = False
    """True if its time is in the future, and so does not show that its upload has ended."""


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
    clock: datetime | None = None,
) -> Iterator[Decision]:
    """Yield a decision on each object, in the order of the keys.

    ``now`` is when the sweep began, from which the age of recordings counts back, and ``clock`` the
    present time, beyond which a recording's time is in the future; by default, that is ``now``.
    ``version_mark`` returns what :attr:`ManifestKey.version` is for an object's present content;
    ``profile_mark`` is the mark of the sweep's profile. Manifests of recordings that no longer exist are
    ignored. Raises ConfigurationError if either listing is not in the order of its keys' UTF-8 bytes:
    to continue would leave recordings out.
    """
    finished = _Manifests(manifests)
    ahead = max(now, clock or now)
    for info in _in_order(recordings, lambda info: info.key, repeated=False):
        found = finished.of(info.key)
        version = version_mark(info)
        profiles = {each.profile for each in found if each.version == version}
        same_content, same_profile = bool(profiles), profile_mark in profiles
        dated_ahead = info.modified > ahead
        left_out = selection.reason_to_skip(info)
        if left_out:
            status = Status.FILTERED
        elif same_profile or (same_content and not selection.redo_changed_profile):
            status = Status.DONE
        elif not dated_ahead and now - info.modified < timedelta(seconds=selection.settle_s):
            status, left_out = Status.TOO_YOUNG, Status.TOO_YOUNG.value
        elif same_content:
            status = Status.PROFILE_CHANGED
        else:
            status = Status.CHANGED if found else Status.NEW
        yield Decision(info, status, left_out, dated_ahead=dated_ahead)


class _Manifests:
    """The manifests of one recording after another, taken from a listing."""

    def __init__(self, listed: Iterable[ManifestKey]) -> None:
        self._listed = _in_order(listed, _place, repeated=True)
        self._next = next(self._listed, None)
        self._beginning = ""
        self._neighbours: dict[str, list[ManifestKey]] = {}

    def of(self, key: str) -> Sequence[ManifestKey]:
        """Return the manifests of a recording; to be asked for in the order of the recordings' keys."""
        encoded = encoded_key(key)
        if beginning := neighbourhood_of(encoded):
            if beginning != self._beginning:
                self._read_neighbourhood(beginning)
            return self._neighbours.get(encoded, ())
        self._skip_to(f"{encoded}!")
        found: list[ManifestKey] = []
        while self._next and self._next.encoded == encoded:
            found.append(self._take(self._next))
        return found

    def _read_neighbourhood(self, beginning: str) -> None:
        self._skip_to(beginning)
        self._beginning, self._neighbours = beginning, {}
        while self._next and self._next.encoded.startswith(beginning):
            self._neighbours.setdefault(self._next.encoded, []).append(self._take(self._next))

    def _skip_to(self, place: str) -> None:
        while self._next and _place(self._next) < place:
            self._take(self._next)

    def _take(self, manifest: ManifestKey) -> ManifestKey:
        self._next = next(self._listed, None)
        return manifest


def _place(manifest: ManifestKey) -> str:
    """Return what the listing of manifests is in the order of."""
    return f"{manifest.encoded}!"


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


def up_to(items: Iterable[ObjectInfo], until: str | None) -> Iterator[ObjectInfo]:
    """Yield the items of a listing up to and including the key ``until``; None: all of them."""
    return takewhile(lambda item: until is None or item.key <= until, items)


def _in_order(
    items: Iterable[_Item], key_of: Callable[[_Item], str], *, repeated: bool
) -> Iterator[_Item]:
    last: str | None = None
    for item in items:
        key = key_of(item)
        if last is not None and (key < last or (key == last and not repeated)):
            raise ConfigurationError(
                f"The store lists {key!r} after {last!r}, but a sweep needs listings in the order of the "
                "keys' UTF-8 bytes. Use a store that keeps this order, as S3 does."
            )
        last = key
        yield item
