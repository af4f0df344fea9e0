"""The keys under which finished recordings are found again, in the order of the recordings' own.

A sweep walks the listing of a bucket and the listing of its manifests side by side, so both must be in
one order. The plain ``<key>/<fingerprint>.json`` is not: among the keys ``a``, ``a-b`` and ``a/b`` the
first is the least, yet ``a-b/...`` comes before ``a/...``. So a key is closed with ``!``, which comes
before every character it may then hold, and the few that come before ``!``, or would be mistaken, are
written as ``'`` and two hex digits::

    calls/2026-07 board.mp3  ->  _stenoflow/manifests/calls/2026-07'20board.mp3!/<fingerprint>.json

Comparing two such keys compares the recordings' keys, byte by byte: the test proves it.

A fingerprint is two marks, of what the recording held and of the profile it was treated by, so that a
listing alone tells which of them has changed.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from stenoflow.profile.model import Profile

MANIFESTS = "_stenoflow/manifests/"

_MARK_DIGITS = 16
_LONGEST_BYTES = 800
"""Longer encoded keys are cut: a store takes 1,024 bytes, and it may have a prefix of its own."""

_ESCAPED = re.compile(r"[\x00-']")
_ESCAPE = re.compile(r"'([0-9a-f]{2})")
_MANIFEST = re.compile(
    re.escape(MANIFESTS)
    + r"(?P<key>.+)!/(?P<version>[0-9a-f]{16})-(?P<profile>[0-9a-f]{16})\.json",
    re.DOTALL,
)
_CUT = "'~"


@dataclass(frozen=True, slots=True)
class ManifestKey:
    """The parts of a manifest's key."""

    key: str
    """The recording's key."""
    version: str
    """:func:`version_mark` of the content it was made from."""
    profile: str
    """:func:`profile_mark` of the profile it was made under."""


def version_mark(source_version: str) -> str:
    """Return a mark of a recording's content, from what its store calls its version."""
    return sha256(source_version.encode()).hexdigest()[:_MARK_DIGITS]


def profile_mark(profile: Profile) -> str:
    """Return a mark of every choice in a profile."""
    return profile.digest()[:_MARK_DIGITS]


def fingerprint(source_version: str, profile: Profile) -> str:
    """Return the marks of what a transcript depends on: the recording's content and the profile."""
    return f"{version_mark(source_version)}-{profile_mark(profile)}"


def manifest_key(recording_key: str, fingerprint: str) -> str:
    """Return the key of a recording's manifest."""
    return f"{manifests_of(recording_key)}{fingerprint}.json"


def manifests_of(recording_key: str) -> str:
    """Return the prefix of the keys of all manifests of a recording, of any version and profile."""
    return f"{MANIFESTS}{_encoded(recording_key)}!/"


def parse_manifest_key(key: str) -> ManifestKey | None:
    """Return what a manifest's key tells without reading it; None for keys of other objects.

    None also for recordings whose encoded key takes more than 800 bytes, as it is cut: their manifests
    are found by asking for them by name.
    """
    found = _MANIFEST.fullmatch(key)
    if found is None or _CUT in found["key"]:
        return None
    recording_key = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), found["key"])
    return ManifestKey(recording_key, found["version"], found["profile"])


def artifact_key(recording_key: str, file_name: str) -> str:
    """Return the key of an artifact: beneath the recording's own key, which is cut if it is too long."""
    return f"{_cut(recording_key)}/{file_name}"


def _encoded(recording_key: str) -> str:
    return _cut(_escaped(recording_key), recording_key)


def _escaped(recording_key: str) -> str:
    return _ESCAPED.sub(lambda char: f"'{ord(char[0]):02x}", recording_key)


def _cut(text: str, recording_key: str | None = None) -> str:
    """Return text of at most 800 bytes as it is; longer text is cut, and made unique by a digest.

    What was cut is longer than 800 bytes, so it never equals what was not.
    """
    written = text.encode()
    if len(written) <= _LONGEST_BYTES:
        return text
    digest = sha256((text if recording_key is None else recording_key).encode()).hexdigest()[:32]
    return written[:_LONGEST_BYTES].decode(errors="ignore") + _CUT + digest
