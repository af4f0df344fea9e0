"""Options of playback links and embedded audio."""

from typing import Literal, Self

from pydantic import Field, model_validator

from stenoflow.options import Options


class PlaybackOptions(Options):
    """Where the links in a transcript play the recording."""

    link: Literal["source", "base_url", "presigned", "none"] = Field(
        default="source", title="Links point to"
    )
    base_url: str | None = Field(
        default=None, title="Base URL", description="the key is appended to it"
    )
    presigned_s: int = Field(
        default=7 * 24 * 3600, title="Presigned links live, seconds", ge=60, le=604_800
    )
    embed_max_bytes: int = Field(default=8_000_000, title="Embed recordings up to, bytes", ge=0)
    """The page carries recordings up to this size inside itself; 0: never."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.link == "base_url" and not self.base_url:
            raise ValueError("links that point to a base URL need one: set base_url")
        return self
