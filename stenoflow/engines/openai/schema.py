"""Shapes of OpenAI's ``verbose_json``, as far as a transcript is made of it."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from stenoflow.engines.word_times import LATEST_S


class Shape(BaseModel):
    """Base of all shapes; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


Time = Annotated[float, Field(ge=0, le=LATEST_S, strict=True)]


def _share(value: object) -> float | None:
    """Return a confidence; None for anything else, as a detail is not worth losing the word."""
    return value if isinstance(value, float) and 0 <= value <= 1 else None


class TimedWord(Shape):
    """A word, or a piece of one, with its times in seconds."""

    word: str
    start: Time
    end: Time
    probability: Annotated[float | None, BeforeValidator(_share)] = None


class Segment(Shape):
    """A passage of text with its times in seconds, and its words where they are inside."""

    text: str
    start: Time
    end: Time
    words: list[TimedWord] | None = None


class Verbose(Shape):
    """A reply of the response format ``verbose_json``."""

    text: str
    language: str | None = None
    duration: Annotated[float, Field(ge=0, le=LATEST_S)] | None = None
    """A number, or (vLLM) a number in quotes."""
    words: list[TimedWord] | None = None
    segments: list[Segment] | None = None
