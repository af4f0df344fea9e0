"""The manifest: the record of one finished recording, of what was done with it, and what that cost.

It is written last. Whoever sees a manifest with the outcome ``published`` sees every artifact it names,
each with its digest; and whoever finds one under a recording's fingerprint need not do that work again.
A field whose name differs from the stored one has the stored one as its alias.
"""

import operator
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stenoflow.audio.quality import Quality
from stenoflow.billing.costs import Costs
from stenoflow.errors import FinishedName, NotFound
from stenoflow.ledger.ledger import Origin
from stenoflow.media.stream_info import MediaInfo
from stenoflow.profile.model import STORED, Profile
from stenoflow.rendering.json_text import json_by_field
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.segmentation.timeline import Proof
from stenoflow.storage import Store
from stenoflow.transcript.model import KnownSpeaker

SCHEMA: Literal["stenoflow/manifest/1"] = "stenoflow/manifest/1"

MAX_BYTES = 256 * 1024**2
"""Largest manifest that is read. That of a day-long recording with ten thousand pauses removed has three
million bytes."""


class Entry(BaseModel):
    """Base of a manifest's parts: immutable; fields of later versions are ignored."""

    model_config = ConfigDict(
        frozen=True,
        use_attribute_docstrings=True,
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
    )


class Source(Entry):
    """The recording, as its store has it."""

    key: str
    url: str
    """Its address, without credentials."""
    version: str | None = None
    """ETag, or the like; null if there was no such object, or the store refused access."""
    bytes: int | None = None
    modified: datetime | None = None
    sha256: str | None = None
    """Hex digest of the file; null if it was not fetched."""


class ChannelRecord(Entry):
    """One channel: its quality, its speech, and what of it was sent."""

    quality: Quality
    gain: float
    """Factor that its samples were multiplied by before they were sent."""
    segments: int
    """Number of speech segments."""
    speech_s: float
    plan: SegmentationPlan
    """In samples at 16 kHz."""
    proofs: tuple[Proof, ...]
    """For each chunk, that every position of its timeline was mapped to the original and back."""


class Purchase(Entry):
    """One request to an engine."""

    address: str
    chunk: str = Field(validation_alias="part", serialization_alias="part")
    """With ``address``, its place in the ledger."""
    channel: int
    start_s: float
    """Start of the span of the recording that it answers for."""
    end_s: float
    how: Origin
    """``bought`` by this run, ``reused`` from an earlier one, or ``waited`` for while another bought."""
    request_id: str | None
    seconds: float
    """Length of the audio that was sent."""
    estimate_usd: Decimal | None
    """Cost, whenever it was bought; null if no price is known."""
    bought_at: datetime
    may_have_been_paid: int
    """Attempts beside this one that may have been paid without a usable reply."""


class ChannelTurn(Entry):
    """A stretch of speech of one speaker, estimated from the voices on a channel."""

    channel: int
    speaker: int
    """Counted from 0 on the channel."""
    start_s: float
    end_s: float
    margin: float | None
    """By how much the voice is closer to this speaker than to any other; null if there is no other."""


class TranscriptSummary(Entry):
    """The transcript in numbers."""

    words: int
    utterances: int
    speakers: int
    language: str | None
    model: str | None
    accuracy: Literal["low", "standard"]


class Published(Entry):
    """A file that was written for this recording."""

    name: str
    """Name of its renderer."""
    key: str
    """Its key in the destination."""
    content_type: str
    bytes: int
    sha256: str


class Unpublished(Entry):
    """A format that could not be written."""

    name: str
    error: str


class Manifest(Entry):
    """The outcome of one version of one recording under one profile."""

    schema_: Literal["stenoflow/manifest/1"] = Field(default=SCHEMA, alias="schema")
    outcome: FinishedName
    reason: str | None = None
    """One sentence for a person; null if it was published."""
    error: str | None = None
    """Name of the error's type in ``stenoflow.errors``."""
    source: Source
    media: MediaInfo | None = None
    """Properties in its header; null if it was not decoded."""
    duration_s: float | None = None
    """Length of what was decoded."""
    profile: Profile
    profile_digest: str
    versions: dict[str, str]
    """Versions of all software and models that shaped the result."""
    steps_s: dict[str, float]
    """Seconds that each step took in the run that wrote this, retries and waiting included."""
    channels: tuple[ChannelRecord, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    costs: Costs | None = None
    transcript: TranscriptSummary | None = None
    speaker_turns: tuple[ChannelTurn, ...] = Field(default=(), exclude_if=operator.not_)
    """Estimated speakers and when they speak; null if they were not estimated."""
    known_speakers: tuple[KnownSpeaker, ...] = Field(default=(), exclude_if=operator.not_)
    """Speakers who are people whose voices were known where this was transcribed."""
    artifacts: tuple[Published, ...] = ()
    failures: tuple[Unpublished, ...] = ()
    warnings: tuple[str, ...] = ()
    flow_run: str | None = None
    """ID of the Prefect flow run that wrote this; null if none did."""
    finished: datetime


def read_manifest(store: Store, key: str) -> Manifest | None:
    """Return the manifest at a key of a destination; None if there is none that can be read.

    One that cannot be read does not prove that the work was done, so it is done again; nothing is bought
    again, as the ledger has it. Raises StoreRefused, StoreUnavailable.
    """
    try:
        raw = store.read(key, max_bytes=MAX_BYTES)
        return Manifest.model_validate_json(raw, context=STORED)
    except (NotFound, ValidationError):
        return None


def written(manifest: Manifest) -> bytes:
    """Return a manifest as it is stored: JSON in UTF-8, one line a field."""
    return json_by_field(manifest.model_dump(mode="json")).encode()
