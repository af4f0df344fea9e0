"""A selection matches objects by key, size and age."""

from datetime import UTC, datetime, timedelta

import pytest

from stenoflow.catalog import Selection
from stenoflow.storage import ObjectInfo

LONG_AGO = datetime(2026, 6, 1, tzinfo=UTC)


def recording(key: str) -> ObjectInfo:
    return ObjectInfo(key=key, size=1000, version="v1", modified=LONG_AGO)


@pytest.mark.parametrize(
    ("key", "selection", "matches"),
    [
        ("calls/a.mp3", Selection(), True),
        ("calls/A.MP3", Selection(), True),
        ("calls/a.txt", Selection(), False),
        ("calls/mp3", Selection(), False),
        ("calls/a.txt", Selection(extensions=""), True),
        ("calls/a.xyz", Selection(extensions=".xyz wav"), True),
        ("calls/", Selection(extensions=""), False),
        ("calls/x/a.mp3", Selection(include=("calls/*",)), True),
        ("calls/a.mp3", Selection(include=("*.wav", "*.mp3")), True),
        ("other/a.mp3", Selection(include=("calls/*",)), False),
        ("calls/draft/a.mp3", Selection(include=("calls/*",), exclude=("*/draft/*",)), False),
        ("Calls/a.mp3", Selection(include=("calls/*",)), False),
    ],
)
def test_keys_are_matched_by_pattern_and_extension(
    key: str, selection: Selection, matches: bool
) -> None:
    assert selection.matches(recording(key)) is matches


@pytest.mark.parametrize(
    ("selection", "matches"),
    [
        (Selection(min_bytes=1000), True),
        (Selection(min_bytes=1001), False),
        (Selection(max_bytes=1000), True),
        (Selection(max_bytes=999), False),
        (Selection(modified_after=LONG_AGO - timedelta(seconds=1)), True),
        (Selection(modified_after=LONG_AGO), False),
        (Selection(modified_before=LONG_AGO + timedelta(seconds=1)), True),
        (Selection(modified_before=LONG_AGO), False),
        (Selection(modified_before=datetime(2026, 6, 30)), True),  # noqa: DTZ001 taken as UTC
    ],
)
def test_recordings_are_matched_by_size_and_age(selection: Selection, matches: bool) -> None:
    assert selection.matches(recording("a.mp3")) is matches


@pytest.mark.parametrize(
    ("key", "selection", "reason"),
    [
        ("calls/a.mp3", Selection(), None),
        ("calls/a.PDF", Selection(), "extension .pdf"),
        (f"a.{'x' * 100}", Selection(), f"extension .{'x' * 12}"),
        ("calls/a", Selection(), "no extension"),
        ("calls/", Selection(), "folder marker"),
        ("calls/._a.mp3", Selection(extensions=""), "metadata of another file"),
        ("__MACOSX/calls/a.mp3", Selection(), "metadata of another file"),
        ("calls/.AppleDouble/a.mp3", Selection(), "metadata of another file"),
        ("calls/@eaDir/a.mp3", Selection(), "metadata of another file"),
        ("calls/.hidden.mp3", Selection(), None),
        ("calls/a.mp3", Selection(exclude=("calls/*",)), "excluded"),
        ("calls/a.mp3", Selection(include=("other/*",)), "not included"),
        ("calls/a.mp3", Selection(min_bytes=1001), "smaller than the minimum size"),
        ("calls/a.mp3", Selection(max_bytes=999), "larger than the maximum size"),
        ("calls/a.mp3", Selection(modified_after=LONG_AGO), "modified at another time"),
        ("calls/a.mp3", Selection(modified_before=LONG_AGO), "modified at another time"),
    ],
)
def test_what_is_not_selected_has_a_reason(
    key: str, selection: Selection, reason: str | None
) -> None:
    assert selection.reason_to_skip(recording(key)) == reason
    assert selection.matches(recording(key)) is (reason is None)
