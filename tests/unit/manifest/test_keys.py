"""Keys of manifests: in the order of the recordings' own, and readable without opening anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.manifest.keys import (
    MANIFESTS,
    artifact_key,
    encoded_key,
    fingerprint,
    manifest_key,
    manifests_of,
    parse_manifest_key,
    profile_mark,
    version_mark,
)
from stenoflow.profile.model import Profile

MARK = fingerprint("v1", Profile())

# Keys that lie close together are where orders go wrong: few characters, all around '!' and '/'.
near = st.text(alphabet="a! '/-~\x01é😀", min_size=1, max_size=6)
anything = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(st.one_of(near, anything), st.one_of(near, anything))
def test_manifests_are_in_the_order_of_their_recordings(one: str, other: str) -> None:
    keys = [manifest_key(key, MARK).encode() for key in (one, other)]
    assert (keys[0] < keys[1]) == (one.encode() < other.encode())
    assert (keys[0] == keys[1]) == (one == other)


@given(st.one_of(near, anything))
def test_a_manifest_key_contains_recording_version_and_profile(key: str) -> None:
    found = parse_manifest_key(manifest_key(key, MARK))
    assert found is not None
    assert (found.encoded, found.version, found.profile) == (
        encoded_key(key),
        version_mark("v1"),
        profile_mark(Profile()),
    )


@given(near, near)
def test_the_manifests_of_one_recording_are_not_those_of_another(one: str, other: str) -> None:
    assert manifest_key(other, MARK).startswith(manifests_of(one)) == (one == other)


@pytest.mark.parametrize(
    "key", ["calls/a.mp3", MANIFESTS, f"{MANIFESTS}a/{MARK}.json", f"{MANIFESTS}a!/x.json", ""]
)
def test_other_keys_are_not_parsed(key: str) -> None:
    assert parse_manifest_key(key) is None


def test_keys_too_long_for_a_store_are_cut_and_stay_distinct() -> None:
    one, other = "x" * 2000 + "1", "x" * 2000 + "2"
    for key in (one, other, "é" * 500):
        assert len(manifest_key(key, MARK).encode()) <= 1024
        assert len(artifact_key(key, "transcript.json").encode()) <= 1024
        found = parse_manifest_key(manifest_key(key, MARK))
        assert found is not None
        assert found.encoded == encoded_key(key)
    assert manifests_of(one) != manifests_of(other)
    assert artifact_key(one, "page.html") != artifact_key(other, "page.html")


def test_artifacts_are_stored_beneath_their_recordings_own_key() -> None:
    assert artifact_key("calls/a b.mp3", "page.html") == "calls/a b.mp3/page.html"


def test_a_fingerprint_changes_with_the_content_and_with_any_choice() -> None:
    assert len({MARK, fingerprint("v2", Profile()), fingerprint("v1", Profile(artifacts=()))}) == 3
