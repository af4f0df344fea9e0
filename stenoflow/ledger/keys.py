"""The content address of a purchase: everything that decides the answer, and nothing else.

What one machine's decoder or encoder makes of a recording is not part of it, as these may differ in the
last bit: the recording's own bytes are, and the profile's choices. FLAC and WAV carry the same samples,
an upload and a URL the same file, so neither distinguishes two addresses.
"""

from typing import Any

from stenoflow.engines.base import Engine
from stenoflow.ledger.records import ChunkKey
from stenoflow.options import canonical_digest
from stenoflow.profile.model import Profile
from stenoflow.segmentation.plan import Chunk


def address_of(profile: Profile, engine: Engine, source_sha256: str) -> str:
    """Return the content address of everything bought for a recording under a profile, in hex."""
    decisive: dict[str, Any] = {
        "source": source_sha256,
        "engine": engine.name,
        "options": dict(engine.identity()),
    }
    if not profile.sends_original:
        for section in ("media", "vad", "cutting"):
            decisive[section] = getattr(profile, section).model_dump(mode="json")
    return canonical_digest(decisive)


def chunk_key_of(address: str, channel: int, part: Chunk) -> ChunkKey:
    """Return the key of one chunk of one channel's plan."""
    place = {"channel": channel, "start": part.span.start, "end": part.span.end}
    return ChunkKey(address, canonical_digest(place)[:32])
