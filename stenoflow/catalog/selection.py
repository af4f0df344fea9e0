"""Which objects of a source are recordings to transcribe, as a person chooses it in a form."""

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated

from pydantic import Field, field_validator

from stenoflow.catalog.media_extensions import MEDIA_EXTENSIONS
from stenoflow.options import Options
from stenoflow.storage import ObjectInfo

METADATA_FOLDERS = frozenset({"__MACOSX", ".AppleDouble", "@eaDir"})
"""Folders in which macOS, netatalk and Synology keep what belongs to other files, under their names."""
MAX_EXTENSION = 12
"""Characters of an extension that are shown."""
METADATA_PREFIX = "._"
"""Beginning of the name of a macOS resource fork, which is beside the file that it belongs to."""


class Selection(Options):
    """Filters that an object must pass to be transcribed."""

    include: tuple[str, ...] = Field(
        default=(), title="Include keys", examples=[["calls/2026-*", "*/board/*.m4a"]]
    )
    """Patterns for whole keys: `*` matches any text, slashes too, `?` one character, `[ab]` one of these.
    A key that matches any of them is included. Empty: all keys."""

    exclude: tuple[str, ...] = Field(default=(), title="Exclude keys", examples=[["*/drafts/*"]])
    """Patterns for keys to leave out. They take precedence over the included ones."""

    extensions: str = Field(default=MEDIA_EXTENSIONS, title="File name extensions")
    """Extensions of audio and video files, separated by spaces, in any case. Empty: every object."""

    min_bytes: int = Field(default=0, title="Minimum size in bytes", ge=0)
    """Smaller objects are skipped."""

    max_bytes: Annotated[int, Field(ge=1)] | None = Field(
        default=None, title="Maximum size in bytes"
    )
    """Larger objects are skipped. Empty: none is skipped, and those over the profile's limit are rejected."""

    settle_s: float = Field(default=60.0, title="Minimum age in seconds", ge=0)
    """Recordings modified more recently are left to the next sweep: they may still be uploading. If the
    time of a recording is in the future, it is looked at twice, so many seconds apart."""

    modified_after: datetime | None = Field(default=None, title="Modified after")
    """Objects last modified at this time or earlier are skipped. A time without a zone is UTC."""

    modified_before: datetime | None = Field(default=None, title="Modified before")
    """Objects last modified at this time or later are skipped. A time without a zone is UTC."""

    redo_changed_profile: bool = Field(default=False, title="Redo when the profile has changed")
    """On: recordings finished under another profile are processed again under this one. Audio that was
    bought for them is not bought again unless the profile changes what is sent."""

    @field_validator("modified_after", "modified_before")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    @cached_property
    def _extensions(self) -> frozenset[str]:
        return frozenset(each.removeprefix(".") for each in self.extensions.lower().split())

    def matches(self, info: ObjectInfo) -> bool:
        """Return True if an object passes all filters, whether or not it is finished already."""
        return self.reason_to_skip(info) is None

    def reason_to_skip(self, info: ObjectInfo) -> str | None:
        """Return why an object is not selected, in a few words; None if it is."""
        return self._by_name(info.key) or self._by_size_and_time(info)

    def _by_name(self, key: str) -> str | None:
        *folders, name = key.split("/")
        extension = name.rpartition(".")[2].lower() if "." in name else ""
        if name == "":
            return "folder marker"
        if name.startswith(METADATA_PREFIX) or not METADATA_FOLDERS.isdisjoint(folders):
            return "metadata of another file"
        if any(fnmatchcase(key, pattern) for pattern in self.exclude):
            return "excluded"
        if self.include and not any(fnmatchcase(key, pattern) for pattern in self.include):
            return "not included"
        if self._extensions and extension not in self._extensions:
            return f"extension .{extension[:MAX_EXTENSION]}" if extension else "no extension"
        return None

    def _by_size_and_time(self, info: ObjectInfo) -> str | None:
        if info.size < self.min_bytes:
            return "smaller than the minimum size"
        if self.max_bytes is not None and info.size > self.max_bytes:
            return "larger than the maximum size"
        if (self.modified_after is not None and info.modified <= self.modified_after) or (
            self.modified_before is not None and info.modified >= self.modified_before
        ):
            return "modified at another time"
        return None
