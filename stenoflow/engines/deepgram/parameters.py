"""Parameters of a request to Deepgram, and options that contradict one another.

Contradictions are found before a recording is touched, so no money is spent to find them.
"""

from collections.abc import Mapping

from stenoflow.engines.deepgram.options import HOSTS, DeepgramOptions
from stenoflow.errors import ConfigurationError
from stenoflow.media.options import MediaOptions

Value = str | bool | int | float | list[str]
"""A list is sent as one parameter for each of its entries."""

NOT_SENT = ("region", "other", "upload", "deadline_s")
TIMEOUTS = ("connect_timeout_s", "write_timeout_s", "read_timeout_s")
"""Fields of the section that are not parameters of Deepgram's."""

WITHOUT_EFFECT = ("tag", "extra", "mip_opt_out")
"""Parameters that leave the words as they are: labels on the bill, and who may learn from the audio."""

MOST_CUSTOM = 100
"""Custom topics, and custom intents, that one request may name."""

_DECIDED_ELSEWHERE = {
    "callback": "the reply is taken from the response itself, so that it is stored and paid for once",
    "callback_method": "there is no callback",
    "multichannel": "it follows from media.channels: set that to apart",
    "channels": "the audio that is sent says so itself",
    "encoding": "the audio that is sent says so itself",
    "sample_rate": "the audio that is sent says so itself",
    "url": "set deepgram.upload to url to send a presigned URL",
}
_ENGLISH_ONLY = ("summarize", "topics", "intents", "sentiment")


def parameters(options: DeepgramOptions, *, multichannel: bool) -> dict[str, Value]:
    """Return the query of a request, by Deepgram's own names, without options that are not set.

    ``multichannel`` is true where a body has several channels that are transcribed separately. Raises
    ConfigurationError where the options contradict one another.
    """
    _check_contradictions(options)
    named = options.model_dump(exclude={*NOT_SENT, *TIMEOUTS}, exclude_none=True)
    chosen = {**named, **options.other}
    query = {name: _plain(value) for name, value in chosen.items() if value != ()}
    return query | ({"multichannel": True} if multichannel else {})


def is_multichannel(options: DeepgramOptions, media: MediaOptions) -> bool:
    """Return True if a request holds several channels that are transcribed separately.

    Those are the channels of a recording that is sent as it is. Otherwise each channel is encoded,
    and sent, by itself. Raises ConfigurationError where a recording that is sent as it is would have
    to be changed first.
    """
    if options.upload not in ("original", "url"):
        return False
    for name, is_changed in (
        ("media.channels (one)", media.channels == "one"),
        ("media.audio_stream", media.audio_stream is not None),
        ("media.level_dbfs", media.level_dbfs is not None),
    ):
        if is_changed:
            raise ConfigurationError(
                f"{name} has no effect on a recording that is sent as it is: set deepgram.upload to "
                "flac, or leave it at its default."
            )
    return media.channels == "apart"


def result_affecting_params(query: Mapping[str, Value]) -> dict[str, Value]:
    """Return the part of a query that changes the reply."""
    return {name: value for name, value in query.items() if name not in WITHOUT_EFFECT}


def host_of(options: DeepgramOptions, base_url: str | None) -> str:
    """Return where requests go: the base URL given, else Deepgram's host in the region."""
    if base_url is None or base_url.rstrip("/") == HOSTS["global"]:
        return HOSTS[options.region]
    return base_url.rstrip("/")


def _plain(value: str | bool | float | tuple[str, ...]) -> Value:
    return list(value) if isinstance(value, tuple) else value


def _check_contradictions(options: DeepgramOptions) -> None:
    for problem in (
        _in_passing(options),
        _in_words_to_expect(options),
        _in_diarization(options),
        _in_region(options),
        _in_language(options),
        _in_what_depends(options),
        _in_lists(options),
    ):
        if problem:
            raise ConfigurationError(
                f"The profile's options for Deepgram contradict themselves: {problem}."
            )


def _in_passing(options: DeepgramOptions) -> str | None:
    for name in options.other:
        if name in _DECIDED_ELSEWHERE:
            return f"other.{name} cannot be set, as {_DECIDED_ELSEWHERE[name]}"
        if name in DeepgramOptions.model_fields:
            return f"other.{name} has a field of its own: set deepgram.{name}"
    return None


def _in_words_to_expect(options: DeepgramOptions) -> str | None:
    is_nova_3 = options.model.startswith("nova-3")
    if options.keyterm and not is_nova_3:
        return f"keyterm is for nova-3, and the model is {options.model}: use keywords"
    if options.keywords and is_nova_3:
        return "keywords are for models before nova-3: use keyterm"
    return None


def _in_diarization(options: DeepgramOptions) -> str | None:
    if options.diarize is not None and options.diarize_model is not None:
        return (
            "diarize and diarize_model are the old and the new form of one choice; leave one empty "
            "(both, to have no speakers)"
        )
    if options.model.startswith("whisper") and (options.diarize or options.diarize_model):
        return "whisper models have no speakers: leave diarize and diarize_model empty"
    return None


def _in_region(options: DeepgramOptions) -> str | None:
    if options.region != "global" and options.model.startswith("whisper"):
        return f"there are no whisper models in the region {options.region}"
    return None


def _in_language(options: DeepgramOptions) -> str | None:
    language = options.language
    if language and options.detect_language:
        return "a language is given and is to be detected: leave language or detect_language empty"
    if language == "multi" and not options.model.startswith(("nova-2", "nova-3")):
        return f"language multi is for nova-2 and nova-3, and the model is {options.model}"
    if language and language != "multi" and not language.lower().startswith("en"):
        for name in _ENGLISH_ONLY:
            if getattr(options, name):
                return f"{name} is for English, and the language is {language}"
    return None


def _in_what_depends(options: DeepgramOptions) -> str | None:
    if options.utt_split is not None and not options.utterances:
        return "utt_split without utterances has no effect: set utterances"
    if options.dictation and not options.punctuate:
        return "dictation works only with punctuate: set punctuate"
    for kind, custom, mode in (
        ("topics", options.custom_topic, options.custom_topic_mode),
        ("intents", options.custom_intent, options.custom_intent_mode),
    ):
        single = kind.removesuffix("s")
        if custom and not getattr(options, kind):
            return f"custom_{single} without {kind} has no effect: set {kind}"
        if mode and not custom:
            return f"custom_{single}_mode without custom_{single} has no effect"
        if len(custom) > MOST_CUSTOM:
            return f"custom_{single} has {len(custom)} entries, and {MOST_CUSTOM} is the most"
    return None


def _in_lists(options: DeepgramOptions) -> str | None:
    for each in options.extra:
        key, colon, _ = each.partition(":")
        if not (key and colon):
            return f"extra takes KEY:VALUE, not {each!r}"
    return None
