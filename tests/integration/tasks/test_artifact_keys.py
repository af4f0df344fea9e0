"""Artifacts have keys that Prefect takes and people can read."""

import re

import pytest

from stenoflow.tasks.runtime.artifact_keys import recording_artifact_key


@pytest.mark.parametrize(
    ("recording", "key"),
    [
        ("s3://calls/2026/Board meeting (1).MP3", "recording-board-meeting-1-mp3-"),
        ("file:///srv/calls/über/été.ogg", "recording-ete-ogg-"),
        ("s3://calls/会議", "recording-"),
        ("s3://calls/" + "long " * 40, "recording-" + "long-" * 12),
    ],
)
def test_a_key_begins_with_the_recordings_name(recording: str, key: str) -> None:
    found = recording_artifact_key(recording)
    assert re.fullmatch(re.escape(key) + "[0-9a-f]{8}", found)
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", found)


def test_recordings_of_one_name_have_keys_of_their_own() -> None:
    assert recording_artifact_key("s3://a/talk.mp3") != recording_artifact_key("s3://b/talk.mp3")
