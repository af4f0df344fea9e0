"""Which objects of a source are recordings to transcribe, as a person chooses it in a form."""

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated

from pydantic import Field, field_validator

from stenoflow.options import Options
from stenoflow.storage import ObjectInfo

MEDIA_EXTENSIONS = (
    "aac ac3 aif aiff amr ape asf au avi caf eac3 flac flv gsm m4a m4b m4v mka mkv mov mp2 mp3 mp4 "
    "mpeg mpg mts oga ogg ogv opus ra ts tta voc w64 wav weba webm wma wmv wv"
)
"""File name extensions of audio and video that the decoder reads."""


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
    """Recordings modified more recently are left to the next sweep: they may still be uploading."""

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
        key = info.key
        name = key.rpartition("/")[2]
        extension = name.rpartition(".")[2].lower() if "." in name else ""
        return (
            name != ""
            and (not self._extensions or extension in self._extensions)
            and (not self.include or any(fnmatchcase(key, pattern) for pattern in self.include))
            and not any(fnmatchcase(key, pattern) for pattern in self.exclude)
            and info.size >= self.min_bytes
            and (self.max_bytes is None or info.size <= self.max_bytes)
            and (self.modified_after is None or info.modified > self.modified_after)
            and (self.modified_before is None or info.modified < self.modified_before)
        )
