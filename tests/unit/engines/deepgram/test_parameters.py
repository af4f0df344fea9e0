"""Every option goes to Deepgram by its own name; contradictions are refused before that."""

import pytest

from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.deepgram.parameters import (
    HOSTS,
    NOT_SENT,
    TIMEOUTS,
    host_of,
    is_multichannel,
    parameters,
    result_affecting_params,
)
from stenoflow.errors import ConfigurationError
from stenoflow.profile.model import Profile
from stenoflow.testing.deepgram.records import KNOWN


def multichannel(profile: Profile) -> bool:
    return is_multichannel(profile.deepgram, profile.media)


def test_the_defaults_ask_for_all_that_a_transcript_shows() -> None:
    assert parameters(DeepgramOptions(), multichannel=False) == {
        "model": "nova-3",
        "diarize_model": "latest",
        "smart_format": True,
        "punctuate": True,
        "paragraphs": True,
        "utterances": True,
    }


def test_every_field_is_a_documented_parameter_or_ours() -> None:
    fields = set(DeepgramOptions.model_fields) - set(NOT_SENT) - set(TIMEOUTS)
    assert fields <= KNOWN
    assert KNOWN - fields == {"callback", "callback_method", "encoding", "multichannel"}


def test_lists_repeat_and_empty_choices_are_not_sent() -> None:
    options = DeepgramOptions(
        keyterm=("Stenoflow", "Deep gram"), diarize_model=None, punctuate=None, redact=()
    )
    query = parameters(options, multichannel=False)
    assert query["keyterm"] == ["Stenoflow", "Deep gram"]
    assert not {"diarize_model", "punctuate", "redact", "detect_language"} & set(query)


def test_unknown_options_pass_through() -> None:
    options = DeepgramOptions(other={"language_hint": ("en", "de"), "beta": True})
    query = parameters(options, multichannel=False)
    assert (query["language_hint"], query["beta"]) == (["en", "de"], True)


def test_what_only_labels_a_bill_is_no_part_of_the_answer() -> None:
    options = DeepgramOptions(tag=("night",), extra=("run:7",), mip_opt_out=True, language="de")
    decides = result_affecting_params(parameters(options, multichannel=True))
    assert (decides["language"], decides["multichannel"]) == ("de", True)
    assert not {"tag", "extra", "mip_opt_out"} & set(decides)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"model": "nova-2", "keyterm": ("x",)}, "use keywords"),
        ({"keywords": ("x:2",)}, "use keyterm"),
        ({"diarize": True}, "old and the new form"),
        ({"diarize": False, "diarize_model": "v2"}, "old and the new form"),
        ({"model": "whisper-medium"}, "have no speakers"),
        ({"model": "whisper-medium", "diarize_model": None, "region": "eu"}, "no whisper models"),
        ({"language": "de", "detect_language": True}, "language or detect_language"),
        ({"language": "de", "detect_language": ("de", "fr")}, "language or detect_language"),
        ({"model": "enhanced", "language": "multi"}, "multi is for nova-2"),
        ({"language": "fr", "summarize": "v2"}, "summarize is for English"),
        ({"language": "fr", "topics": True}, "topics is for English"),
        ({"utterances": None, "utt_split": 1.0}, "set utterances"),
        ({"dictation": True, "punctuate": None}, "set punctuate"),
        ({"custom_topic": ("money",)}, "set topics"),
        ({"custom_intent": ("leave",)}, "set intents"),
        ({"topics": True, "custom_topic_mode": "strict"}, "without custom_topic"),
        ({"intents": True, "custom_intent": ("x",) * 101}, "100 is the most"),
        ({"extra": ("no colon",)}, "KEY:VALUE"),
        ({"other": {"callback": "https://example.org"}}, "other.callback cannot be set"),
        ({"other": {"multichannel": True}}, "media.channels"),
        ({"other": {"encoding": "linear16"}}, "says so itself"),
        ({"other": {"model": "nova-2"}}, "set deepgram.model"),
    ],
)
def test_contradictions_are_refused(choices: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parameters(DeepgramOptions.model_validate(choices), multichannel=False)


@pytest.mark.parametrize(
    "choices",
    [
        {"diarize_model": None, "diarize": True},
        {"model": "whisper-large", "diarize_model": None},
        {"model": "nova-2-meeting", "keywords": ("x:2",)},
        {"language": "en-GB", "summarize": "v2", "intents": True, "custom_intent": ("x",)},
        {"language": "multi"},
        {"detect_language": ("de", "fr")},
        {"utt_split": 1.2},
    ],
)
def test_what_belongs_together_is_taken(choices: dict[str, object]) -> None:
    assert parameters(DeepgramOptions.model_validate(choices), multichannel=False)


def test_the_region_chooses_among_deepgrams_own_hosts_only() -> None:
    in_eu = DeepgramOptions(region="eu")
    assert host_of(in_eu, None) == host_of(in_eu, "https://api.deepgram.com/") == HOSTS["eu"]
    assert host_of(in_eu, "http://deepgram.local:8080/") == "http://deepgram.local:8080"
    assert host_of(DeepgramOptions(), None) == "https://api.deepgram.com"


@pytest.mark.parametrize(
    ("upload", "channels", "apart"),
    [
        ("flac", "apart", False),
        ("wav", "one", False),
        ("original", "apart", True),
        ("url", "apart", True),
        ("original", "mix", False),
    ],
)
def test_channels_are_apart_in_one_body_where_the_recording_goes_as_it_is(
    upload: str, channels: str, apart: bool
) -> None:
    profile = {"deepgram": {"upload": upload}, "media": {"channels": channels}}
    assert multichannel(Profile.model_validate(profile)) is apart


@pytest.mark.parametrize("media", [{"channels": "one"}, {"audio_stream": 1}, {"level_dbfs": -20}])
@pytest.mark.parametrize("upload", ["original", "url"])
def test_what_goes_as_it_is_cannot_be_changed_first(upload: str, media: dict[str, object]) -> None:
    profile = Profile.model_validate({"deepgram": {"upload": upload}, "media": media})
    with pytest.raises(ConfigurationError, match="as it is"):
        multichannel(profile)
