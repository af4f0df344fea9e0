"""The keys under which finished recordings are found again, in the order of the recordings' own.

A sweep walks the listing of a bucket and the listing of its manifests side by side, so both must be in
one order. The plain ``<key>/<fingerprint>.json`` is not: among the keys ``a``, ``a-b`` and ``a/b`` the
first is the least, yet ``a-b/...`` comes before ``a/...``. So a key is closed with ``!``, which comes
before every character it may then hold, and the few that come before ``!``, or would be mistaken, are
written as ``'`` and two hex digits::

    calls/2026-07 board.mp3  ->  _stenoflow/manifests/calls/2026-07'20board.mp3!/<fingerprint>.json

Comparing two such keys compares the recordings' keys, byte by byte: the test proves it.

A key that takes more than 800 bytes is cut, and ``'~`` and a digest of the whole follow. Such manifests are
in the order of what is left of their keys: what begins with the same 797 bytes is looked at together
(:func:`neighbourhood_of`).

A fingerprint is two marks, of what the recording held and of the profile it was treated by, so that a
listing alone shows which of them has changed.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from stenoflow.profile.model import Profile

MANIFESTS = "_stenoflow/manifests/"

_MARK_DIGITS = 16
_LONGEST_BYTES = 800
"""Longer encoded keys are cut: a store takes 1,024 bytes, and it may have a prefix of its own."""
_UTF8_BYTES = 4
"""Most bytes that a character takes."""
_COMMON_BYTES = _LONGEST_BYTES - _UTF8_BYTES + 1

_ESCAPED = re.compile(r"[\x00-']")
_MANIFEST = re.compile(
    re.escape(MANIFESTS)
    + r"(?P<key>.+)!/(?P<version>[0-9a-f]{16})-(?P<profile>[0-9a-f]{16})\.json",
    re.DOTALL,
)
_CUT = "'~"


@dataclass(frozen=True, slots=True)
class ManifestKey:
    """The parts of a manifest's key."""

    encoded: str
    """:func:`encoded_key` of the recording's key."""
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
    return f"{MANIFESTS}{encoded_key(recording_key)}!/"


def parse_manifest_key(key: str) -> ManifestKey | None:
    """Return the parts of a manifest's key; None for keys of other objects."""
    found = _MANIFEST.fullmatch(key)
    return found and ManifestKey(found["key"], found["version"], found["profile"])


def encoded_key(recording_key: str) -> str:
    """Return a recording's key as it stands in the keys of its manifests: encoded, and cut if too long."""
    return _cut(_escaped(recording_key), recording_key)


def neighbourhood_of(encoded: str) -> str:
    """Return the beginning within which listings of recordings and manifests may differ in order.

    Empty for keys that are too short to be cut, or to be listed among those that are. The last character
    of the beginning is whole, as that of a cut key is, which therefore has up to three bytes less than 800.
    """
    if len(encoded) * _UTF8_BYTES < _COMMON_BYTES:
        return ""
    written = encoded.encode()
    if len(written) < _COMMON_BYTES:
        return ""
    return written[:_COMMON_BYTES].decode(errors="ignore")


def manifests_after(recording_key: str) -> str:
    """Return a key that no manifest of a later recording comes before; empty for the empty key."""
    if not recording_key:
        return ""
    encoded = encoded_key(recording_key)
    if beginning := neighbourhood_of(encoded):
        return f"{MANIFESTS}{beginning}"
    return f"{MANIFESTS}{encoded}!/"


def artifact_key(recording_key: str, file_name: str) -> str:
    """Return the key of an artifact: beneath the recording's own key, which is cut if it is too long."""
    return f"{_cut(recording_key)}/{file_name}"


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
