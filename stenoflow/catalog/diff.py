"""Which recordings of a bucket are still to be done: a merge of two sorted listings.

One listing is of the recordings, the other of the manifests of finished ones; both are in the order
of the recordings' keys as UTF-8 bytes. Walking them side by side decides every recording without
reading a single object, in memory that does not grow with either listing. (Python compares strings
by code point, which is the order of their UTF-8 bytes.)
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import takewhile
from typing import Annotated, Protocol, TypeVar

from pydantic import Field, field_validator

from stenoflow.errors import ConfigurationError
from stenoflow.options import Options
from stenoflow.storage import ObjectInfo


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


_Item = TypeVar("_Item", bound=_Keyed)

MEDIA_EXTENSIONS = (
    "aac ac3 aif aiff amr ape asf au avi caf eac3 flac flv gsm m4a m4b m4v mka mkv mov mp2 mp3 mp4 "
    "mpeg mpg mts oga ogg ogv opus ra ts tta voc w64 wav weba webm wma wmv wv"
)
"""File name endings of audio and video that the decoder reads."""


class Selection(Options):
    """Which objects of the source are recordings to be done."""

    include: tuple[str, ...] = Field(
        default=(), title="Only keys like", examples=[["calls/2026-*", "*/board/*.m4a"]]
    )
    """Patterns of whole keys: `*` any text (slashes too), `?` one character, `[ab]` one of these.
    A key is taken if any pattern fits; empty: all keys."""

    exclude: tuple[str, ...] = Field(default=(), title="No keys like", examples=[["*/drafts/*"]])
    """Patterns of keys to leave out, stronger than those above."""

    extensions: str = Field(default=MEDIA_EXTENSIONS, title="File name endings")
    """Endings of audio and video files, separated by spaces, in any case; empty: every object."""

    min_bytes: int = Field(default=0, title="Smallest size, bytes", ge=0)
    max_bytes: Annotated[int, Field(ge=1)] | None = Field(default=None, title="Largest size, bytes")
    """Larger objects are left alone; empty: taken, and rejected where the profile's limit says so."""

    settle_s: float = Field(default=60.0, title="Untouched for at least, seconds", ge=0)
    """Recordings modified more recently wait for the next sweep: they may still be uploading."""

    modified_after: datetime | None = Field(default=None, title="Modified after")
    modified_before: datetime | None = Field(default=None, title="Modified before")
    redo_changed_profile: bool = Field(default=False, title="Redo when the profile changed")
    """On: recordings done under another profile are done again under this one. What was bought for
    them is not bought again unless the profile changes what is sent."""

    @field_validator("modified_after", "modified_before")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    @cached_property
    def _endings(self) -> frozenset[str]:
        return frozenset(ending.removeprefix(".") for ending in self.extensions.lower().split())

    def wants(self, info: ObjectInfo) -> bool:
        """Whether an object is among those asked for, whatever has been done with it."""
        key = info.key
        name = key.rpartition("/")[2]
        ending = name.rpartition(".")[2].lower() if "." in name else ""
        return (
            name != ""
            and (not self._endings or ending in self._endings)
            and (not self.include or any(fnmatchcase(key, like) for like in self.include))
            and not any(fnmatchcase(key, like) for like in self.exclude)
            and info.size >= self.min_bytes
            and (self.max_bytes is None or info.size <= self.max_bytes)
            and (self.modified_after is None or info.modified > self.modified_after)
            and (self.modified_before is None or info.modified < self.modified_before)
        )


class Status(StrEnum):
    """What a sweep does with an object."""

    NEW = "new"
    """Taken: it has no manifest."""
    CHANGED = "changed"
    """Taken: its manifests are those of other content."""
    PROFILE_CHANGED = "profile changed"
    """Taken: this content was done, under another profile."""
    DONE = "done"
    TOO_YOUNG = "too young"
    """Left for the next sweep."""
    FILTERED = "filtered"
    """Not a recording that was asked for."""

    @property
    def taken(self) -> bool:
        return self in (Status.NEW, Status.CHANGED, Status.PROFILE_CHANGED)


@dataclass(frozen=True, slots=True)
class Decision:
    """One object of the source and what is to be done with it."""

    info: ObjectInfo
    status: Status


@dataclass(frozen=True, slots=True)
class Done:
    """One manifest, as far as its key tells."""

    key: str
    """The recording's key."""
    version: str
    """Mark of the content it was made from."""
    profile: str
    """Mark of the profile it was made under."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Neighbouring recordings, named by where they lie: keys after ``after``, up to ``until``."""

    after: str
    until: str
    recordings: int
    """How many of them are to be done."""
    size: int
    """Bytes of those."""


def decide(
    recordings: Iterable[ObjectInfo],
    done: Iterable[Done],
    *,
    selection: Selection,
    version_mark: Callable[[ObjectInfo], str],
    profile_mark: str,
    now: datetime,
) -> Iterator[Decision]:
    """Say of each object, in order, whether it is to be done.

    ``version_mark`` tells what :attr:`Done.version` is for an object as it lies there now;
    ``profile_mark`` is that of the profile of this sweep. Manifests of recordings that are gone are
    passed over. Raises ConfigurationError where either listing is not in the order of its keys' UTF-8 bytes:
    going on would leave recordings out.
    """
    manifests = _in_order(done, repeated=True)
    manifest = next(manifests, None)
    for info in _in_order(recordings, repeated=False):
        while manifest is not None and manifest.key < info.key:
            manifest = next(manifests, None)
        known = same_content = same_profile = False
        version = version_mark(info)
        while manifest is not None and manifest.key == info.key:
            known = True
            if manifest.version == version:
                same_content = True
                same_profile = same_profile or manifest.profile == profile_mark
            manifest = next(manifests, None)
        if not selection.wants(info):
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


def batches(taken: Iterable[ObjectInfo], *, at_most: int, after: str = "") -> Iterator[Batch]:
    """Cut recordings, in order of their keys, into batches of ``at_most``.

    The batches' ranges of keys join without gaps: the first begins after ``after``, each other where
    the one before it ends.
    """
    count = size = 0
    until = after
    for info in taken:
        count, size, until = count + 1, size + info.size, info.key
        if count == at_most:
            yield Batch(after, until, count, size)
            after, count, size = until, 0, 0
    if count:
        yield Batch(after, until, count, size)


def up_to(infos: Iterable[_Item], until: str | None) -> Iterator[_Item]:
    """The items of a listing up to and including the key ``until``; None: all of them."""
    return takewhile(lambda item: until is None or item.key <= until, infos)


def _in_order(items: Iterable[_Item], *, repeated: bool) -> Iterator[_Item]:
    last: str | None = None
    for item in items:
        key = item.key
        if last is not None and (key < last or (key == last and not repeated)):
            raise ConfigurationError(
                f"the store lists {key!r} after {last!r}: a sweep needs listings in the order of the "
                "keys' UTF-8 bytes. Use a store that keeps this order, as S3 does."
            )
        last = key
        yield item
