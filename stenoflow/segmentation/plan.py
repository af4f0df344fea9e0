"""Segmentation plans: which parts of a channel each request has. The data, as the ledger stores it."""

import operator

from pydantic import BaseModel, ConfigDict, Field

from stenoflow.segmentation.timeline import Timeline
from stenoflow.times import Span


class Chunk(BaseModel):
    """One request: the audio that is sent, and the span of the recording that it answers for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    span: Span
    """From boundary to boundary, in samples of the recording: words whose middle is in it are taken from
    this chunk's reply."""
    timeline: Timeline
    """Spans that are sent, overlaps included."""


class SegmentationPlan(BaseModel):
    """Plan of one channel. Without speech there are no chunks."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    channel: int
    samples: int
    """Length of the channel."""
    speech: tuple[Span, ...]
    """The speech segments, in order."""
    uncertain: tuple[Span, ...] = Field(default=(), exclude_if=operator.not_)
    """Sounds outside ``speech`` that may be speech and are not sent, in order; not stored if there are
    none, as 0.1.0 did not know the field."""
    # Stored under the name that it had in 0.1.0.
    chunks: tuple[Chunk, ...] = Field(validation_alias="parts", serialization_alias="parts")
    """In order; their spans partition the channel."""

    @property
    def sent(self) -> int:
        """Samples sent in all, overlaps included."""
        return sum(chunk.timeline.samples for chunk in self.chunks)
