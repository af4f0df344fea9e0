"""Under which address a purchase is kept: all that decides the answer, and nothing else.

What one machine's decoder or encoder makes of a recording is no part of it, down to the last bit as
these may differ: the recording's own bytes are, and the choices. FLAC and WAV carry the same samples,
an upload and a URL the same file, so neither tells two addresses apart.
"""

from typing import Any

from stenoflow.engines.base import Engine
from stenoflow.ledger.records import ChunkKey
from stenoflow.options import canonical_digest
from stenoflow.profile.model import Profile
from stenoflow.segmentation.planner import Part


def sends_original_file(profile: Profile) -> bool:
    """Whether the engine is sent the recording as it is, in one request, by upload or by URL."""
    return profile.engine == "deepgram" and profile.deepgram.upload in ("original", "url")


def address_of(profile: Profile, engine: Engine, source_sha256: str) -> str:
    """The content address of everything bought for a recording under a profile, in hex."""
    asked: dict[str, Any] = {
        "source": source_sha256,
        "engine": engine.name,
        "options": dict(engine.identity()),
    }
    if not sends_original_file(profile):
        for section in ("media", "vad", "cutting"):
            asked[section] = getattr(profile, section).model_dump(mode="json")
    return canonical_digest(asked)


def chunk_key_of(address: str, channel: int, part: Part) -> ChunkKey:
    """The lot of one part of one channel's plan."""
    where = {"channel": channel, "start": part.span.start, "end": part.span.end}
    return ChunkKey(address, canonical_digest(where)[:32])
