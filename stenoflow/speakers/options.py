"""Options of speakers."""

from typing import Literal, Self

from pydantic import Field, model_validator

from stenoflow.options import Options


class SpeakerOptions(Options):
    """Source of the speakers, and their number."""

    source: Literal["off", "engine", "estimate"] = Field(default="engine", title="Speakers")
    """`engine`: as the engine does, if it does and was asked to. `estimate`: from their voices, on this
    machine, whatever the engine; recordings that were bought earlier are not bought again. `off`: not at
    all."""

    encoder: str = Field(default="ge2e", title="Speaker encoder")
    """Name of an installed speaker encoder, for `estimate`."""

    count: int | None = Field(default=None, title="Number of speakers", ge=1, le=100)
    """On each channel, if it is known; empty: estimated within the bounds below."""

    at_least: int = Field(default=1, title="Fewest speakers", ge=1, le=100)
    at_most: int = Field(default=20, title="Most speakers", ge=1, le=100)

    known: bool = Field(default=False, title="Name known voices")
    """Give speakers the names of voices that are kept on the machine that transcribes
    (`stenoflow voices add`), where theirs is close enough."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.at_least > self.at_most:
            raise ValueError(
                f"at_least is {self.at_least} and at_most {self.at_most}: the first must not be larger"
            )
        if self.known and self.source == "off":
            raise ValueError('speakers whose source is "off" cannot be named: set known to false')
        return self

    @property
    def bounds(self) -> tuple[int, int]:
        """The fewest and the most speakers that there may be."""
        return (self.count, self.count) if self.count else (self.at_least, self.at_most)
