"""Options of captions."""

from typing import Self

from pydantic import Field, model_validator

from stenoflow.options import Options


class CaptionOptions(Options):
    """Limits and layout of caption cues, after Netflix's and the BBC's guides."""

    line_chars: int = Field(default=42, title="Characters per line", ge=10, le=100)
    """A full-width character counts as two."""

    lines: int = Field(default=2, title="Lines per cue", ge=1, le=4)
    min_s: float = Field(default=5 / 6, title="Shortest cue, seconds", gt=0, le=10)
    max_s: float = Field(default=7.0, title="Longest cue, seconds", gt=0, le=60)
    chars_per_s: float = Field(
        default=20.0, title="Reading speed, characters per second", ge=5, le=60
    )
    gap_s: float = Field(default=2 / 24, title="Gap between cues, seconds", ge=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_s > self.max_s:
            raise ValueError("min_s must not exceed max_s")
        return self
