"""The profile: its sections, its engine, and the digest that all stored manifests carry."""

from typing import Any

import pytest
from pydantic import ValidationError

from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.registry import engine_spec, engines
from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.errors import ConfigurationError
from stenoflow.profile.model import EARLIER_SECTIONS, STORED, Profile


@pytest.mark.parametrize(
    ("fields", "digest"),
    [
        (
            {"engine": "deepgram"},
            "bdae7535b5db0e8b44435319918b2ec24e634dc7034ec2e160a7fb33ba035f27",
        ),
        (
            {
                "engine": "deepgram",
                "deepgram": {"model": "nova-2", "diarize": True},
                "artifacts": ["json"],
            },
            "59cdd1fb0048620847b5e127b47c895b278aa8b8592253e84698443641fa1070",
        ),
        (
            {"engine": "openai"},
            "968ee0671b101755f6a034339cb0c97bad7630c6e31b53b79db88976e8c1ede2",
        ),
    ],
)
def test_profiles_keep_the_digests_of_0_1_0(fields: dict[str, Any], digest: str) -> None:
    """What a sweep of that version has done is not done again."""
    assert Profile.model_validate(fields).digest() == digest


def test_each_choice_changes_the_digest_and_equal_choices_do_not() -> None:
    other = Profile(deepgram=DeepgramOptions(model="nova-2"))
    whisper = Profile(whisper=WhisperOptions(beam_size=1))
    assert len({Profile().digest(), other.digest(), whisper.digest()}) == 3
    assert Profile.model_validate_json(other.model_dump_json()).digest() == other.digest()


@pytest.mark.parametrize("engine", ["pocketsphinx", "faster-whisper"])
def test_profiles_of_0_1_0_are_read(engine: str) -> None:
    """All sections are in them, as a block stores them."""
    profile = Profile.model_validate({"engine": engine, **EARLIER_SECTIONS})
    assert profile == Profile()
    model = {**EARLIER_SECTIONS["faster_whisper"], "model_dir": "/models/small", "beam_size": 3}
    profile = Profile.model_validate({"engine": engine, "faster_whisper": model})
    assert (profile.whisper.model, profile.whisper.beam_size) == ("/models/small", 3)


def test_a_record_is_read_where_its_engine_is_not_installed() -> None:
    record = {"engine": "acme-speech", "acme_speech": {"voice": 1}}
    assert Profile.model_validate(record, context=STORED).engine == "acme-speech"
    with pytest.raises(ValidationError, match="acme-speech"):
        Profile.model_validate(record)


def test_each_engine_has_its_section() -> None:
    profile = Profile(deepgram=DeepgramOptions(model="nova-2"))
    assert profile.options_for(engine_spec("deepgram")) is profile.deepgram
    assert profile.options_for(engine_spec("whisper")) is profile.whisper


def test_the_form_offers_the_engines_that_are_installed() -> None:
    engine = Profile.model_json_schema()["properties"]["engine"]
    assert engine["enum"] == list(engines())
    assert (engine["type"], engine["default"], engine["title"]) == (
        "string",
        "whisper",
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
        ("whisper", {"redact": ["pci"]}, False),
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
        ("whisper", "url", False),
    ],
)
def test_only_the_engine_in_use_says_whether_the_original_is_sent(
    engine: str, upload: str, sent: bool
) -> None:
    profile = Profile.model_validate({"engine": engine, "deepgram": {"upload": upload}})
    assert profile.sends_original is sent
