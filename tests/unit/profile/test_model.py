"""The profile: its sections, its engine, and the digest that all stored manifests carry."""

from typing import Any

import pytest
from pydantic import ValidationError

from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.registry import engine_spec, engines
from stenoflow.errors import ConfigurationError
from stenoflow.profile import Profile

DEFAULT_DIGEST = "1c17ca0bfe41c2fd8b72533ccb4e9fd8a1f5ce8db2162dec433222b98a3e0665"


def test_the_default_profile_keeps_its_digest() -> None:
    assert Profile().digest() == DEFAULT_DIGEST


def test_each_choice_changes_the_digest_and_equal_choices_do_not() -> None:
    other = Profile(deepgram=DeepgramOptions(model="nova-2"))
    assert other.digest() != DEFAULT_DIGEST
    assert Profile.model_validate_json(other.model_dump_json()).digest() == other.digest()


def test_each_engine_has_its_section() -> None:
    profile = Profile(deepgram=DeepgramOptions(model="nova-2"))
    assert profile.options_for(engine_spec("deepgram")) is profile.deepgram
    assert profile.options_for(engine_spec("faster-whisper")) is profile.faster_whisper


def test_the_form_offers_the_engines_that_are_installed() -> None:
    engine = Profile.model_json_schema()["properties"]["engine"]
    assert engine["enum"] == list(engines())
    assert (engine["type"], engine["default"], engine["title"]) == (
        "string",
        "pocketsphinx",
        "Engine",
    )


def test_an_engine_that_is_not_installed_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValidationError, match="did you mean deepgram"):
        Profile(engine="deepgramm")
    with pytest.raises(ConfigurationError, match="did you mean deepgram"):
        Profile().with_engine("deepgramm")


def test_another_engine_leaves_every_other_choice() -> None:
    profile = Profile(deepgram=DeepgramOptions(model="nova-2"))
    assert profile.with_engine("deepgram") == profile.model_copy(update={"engine": "deepgram"})


@pytest.mark.parametrize(
    ("engine", "deepgram", "redacts"),
    [
        ("deepgram", {}, False),
        ("deepgram", {"redact": ["pci"]}, True),
        ("pocketsphinx", {"redact": ["pci"]}, False),
    ],
)
def test_only_the_engine_in_use_says_whether_the_transcript_is_redacted(
    engine: str, deepgram: dict[str, Any], redacts: bool
) -> None:
    profile = Profile.model_validate({"engine": engine, "deepgram": deepgram})
    assert profile.redacts is redacts


@pytest.mark.parametrize(
    ("engine", "upload", "sent"),
    [
        ("deepgram", "flac", False),
        ("deepgram", "original", True),
        ("deepgram", "url", True),
        ("pocketsphinx", "url", False),
    ],
)
def test_only_the_engine_in_use_says_whether_the_original_is_sent(
    engine: str, upload: str, sent: bool
) -> None:
    profile = Profile.model_validate({"engine": engine, "deepgram": {"upload": upload}})
    assert profile.sends_original is sent
