"""Manifests: the record of one finished recording, and the keys under which it is found.

A manifest says what the recording was, what was done with it, what that cost, and which artifacts were
published, each with its digest. Its JSON Schema is in :mod:`stenoflow.manifest.schemas`.
"""

from stenoflow.manifest.keys import artifact_key, fingerprint, manifest_key, manifests_of
from stenoflow.manifest.model import Manifest, read_manifest, written

__all__ = [
    "Manifest",
    "artifact_key",
    "fingerprint",
    "manifest_key",
    "manifests_of",
    "read_manifest",
    "written",
]
