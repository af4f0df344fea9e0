"""Where links play a recording."""

import pytest
from pydantic import ValidationError

from stenoflow.rendering.playback import (
    PlaybackOptions,
    media_fragment,
    opens_in_browser,
    playback_url,
)


def _url(playback: PlaybackOptions) -> str | None:
    return playback_url(
        playback,
        key="calls/Anna & Bo #1.mp3",
        source_url="s3://bucket/calls/x.mp3",
        presign=lambda expires_s: f"https://signed/?lives={expires_s}",
    )


@pytest.mark.parametrize(
    ("playback", "url"),
    [
        (PlaybackOptions(link="none"), None),
        (PlaybackOptions(link="source"), "s3://bucket/calls/x.mp3"),
        (PlaybackOptions(link="presigned", presigned_s=90), "https://signed/?lives=90"),
        (
            PlaybackOptions(link="base_url", base_url="https://play.example/r"),
            "https://play.example/r/calls/Anna%20%26%20Bo%20%231.mp3",
        ),
        (
            PlaybackOptions(link="base_url", base_url="https://play.example/?key="),
            "https://play.example/?key=calls/Anna%20%26%20Bo%20%231.mp3",
        ),
    ],
)
def test_links_point_where_the_profile_says(playback: PlaybackOptions, url: str | None) -> None:
    assert _url(playback) == url


def test_a_base_url_must_be_given() -> None:
    with pytest.raises(ValidationError, match="base URL"):
        PlaybackOptions(link="base_url")


def test_a_media_fragment_replaces_any_other() -> None:
    assert media_fragment("https://x/a.mp3#t=9", 1.5) == "https://x/a.mp3#t=1.500"
    assert media_fragment("https://x/a.mp3?s=1", 0, 2.25) == "https://x/a.mp3?s=1#t=0.000,2.250"


@pytest.mark.parametrize(
    ("url", "opens"),
    [
        ("https://x/a", True),
        ("HTTP://x/a", True),
        ("file:///a", True),
        ("s3://b/a", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("", False),
    ],
)
def test_only_urls_that_play_become_links(url: str, opens: bool) -> None:
    assert opens_in_browser(url) is opens
