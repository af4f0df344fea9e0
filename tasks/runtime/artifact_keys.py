"""Keys of a recording's artifacts in Prefect, which allows small letters, digits and dashes only."""

import re
import unicodedata
from hashlib import sha256

MAX_NAME = 60
"""Longest part of a key that is made of the recording's name."""
DIGEST_DIGITS = 8

_OTHERS = re.compile(r"[^a-z0-9]+")


def recording_artifact_key(recording: str) -> str:
    """Return ``recording-NAME-DIGEST`` for a recording's URL or key.

    NAME is what can be read of its last part, DIGEST tells recordings of one name apart. The key is the
    same for every run on a recording, so that Prefect keeps the artifact's history.
    """
    # Accents are apart from their letters then, and fall away.
    name = unicodedata.normalize("NFKD", recording.rstrip("/").rpartition("/")[2].lower())
    plain = name.encode("ascii", errors="ignore").decode()
    readable = _OTHERS.sub("-", plain).strip("-")[:MAX_NAME].strip("-")
    digest = sha256(recording.encode(errors="surrogateescape")).hexdigest()[:DIGEST_DIGITS]
    return "-".join(part for part in ("recording", readable, digest) if part)
