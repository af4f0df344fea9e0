"""The record of one finished recording: what it was, what was done with it, what that cost.

It is written last. Who sees a manifest with the outcome ``published`` sees every artifact it names,
each with its digest; and who finds one under a recording's fingerprint need not do that work again.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stenoflow.audio.quality import Quality
from stenoflow.billing.costs import Costs
from stenoflow.errors import FinishedName, NotFound
from stenoflow.ledger.ledger import Origin
from stenoflow.media.stream_info import MediaInfo
from stenoflow.profile.model import Profile
from stenoflow.rendering.json_text import json_by_field
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.segmentation.timeline import Proof
from stenoflow.storage import Store

SCHEMA: Literal["stenoflow/manifest/1"] = "stenoflow/manifest/1"

LARGEST = 256 * 1024**2
"""Bytes of a manifest that are read: that of a day-long recording, cut ten thousand times, has three
million."""


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
    """Where it lies, without credentials."""
    version: str | None = None
    """ETag, or the like; null where there was no such object, or it could not be looked at."""
    bytes: int | None = None
    modified: datetime | None = None
    sha256: str | None = None
    """Hex digest of the file; null where it was not fetched."""


class ChannelRecord(Entry):
    """One channel: how well it is heard, where somebody speaks, and what of it was sent."""

    quality: Quality
    gain: float
    """What its samples were multiplied by before they were sent."""
    segments: int
    """Stretches of speech found."""
    speech_s: float
    plan: SegmentationPlan
    """In samples at 16 kHz."""
    proofs: tuple[Proof, ...]
    """Of each part's timeline: each position was followed to the original and back."""


class Purchase(Entry):
    """One request to an engine."""

    address: str
    chunk: str = Field(validation_alias="part", serialization_alias="part")
    """With ``address``, its place in the ledger."""
    channel: int
    start_s: float
    """The stretch of the recording that it answers for."""
    end_s: float
    how: Origin
    """``bought`` by this run, ``reused`` from an earlier one, or ``waited`` for while another bought."""
    request_id: str | None
    seconds: float
    """Length of the audio that was sent."""
    estimate_usd: Decimal | None
    """What it cost, whenever it was bought; null if no price is known."""
    bought_at: datetime
    may_have_been_paid: int
    """Attempts beside this one that may have been paid without a usable reply."""


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
    """Of its renderer."""
    key: str
    """In the destination."""
    content_type: str
    bytes: int
    sha256: str


class Unpublished(Entry):
    """A format that could not be written."""

    name: str
    error: str


class Manifest(Entry):
    """How one version of one recording ended under one profile."""

    schema_: Literal["stenoflow/manifest/1"] = Field(default=SCHEMA, alias="schema")
    outcome: FinishedName
    reason: str | None = None
    """One sentence for a person; null where all is well."""
    error: str | None = None
    """Name of the error's type in ``stenoflow.errors``."""
    source: Source
    media: MediaInfo | None = None
    """What its header says; null where it was not decoded."""
    duration_s: float | None = None
    """What was decoded."""
    profile: Profile
    profile_digest: str
    versions: dict[str, str]
    """Of all that shaped the result."""
    steps_s: dict[str, float]
    """How long each step took in the run that wrote this, retries and waiting included."""
    channels: tuple[ChannelRecord, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    costs: Costs | None = None
    transcript: TranscriptSummary | None = None
    artifacts: tuple[Published, ...] = ()
    failures: tuple[Unpublished, ...] = ()
    warnings: tuple[str, ...] = ()
    flow_run: str | None = None
    """Id of the Prefect flow run that wrote this."""
    finished: datetime


def read_manifest(store: Store, key: str) -> Manifest | None:
    """The manifest at a key of a destination; None where there is none that can be understood.

    What cannot be read as a manifest proves no work done, so the work is done again, and the ledger
    sees to it that nothing is bought again. Raises AccessDenied, StoreUnavailable, OverLimit.
    """
    try:
        return Manifest.model_validate_json(store.read(key, max_bytes=LARGEST))
    except (NotFound, ValidationError):
        return None


def written(manifest: Manifest) -> bytes:
    """A manifest as it is stored: JSON in UTF-8, a line for each field."""
    return json_by_field(manifest.model_dump(mode="json")).encode()
