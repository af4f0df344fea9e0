"""The fields of ``transcript.json`` and their meaning.

The published ``schemas/transcript.json`` is made from this module. All times are seconds of the original
recording. Fields are added without notice; if one changes its meaning, or is removed, the number at the
end of ``schema`` changes.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

SCHEMA: Literal["stenoflow/transcript/1"] = "stenoflow/transcript/1"

_Seconds = Annotated[float, Field(ge=0, description="Seconds from the start of the recording.")]
_Share = Annotated[float, Field(ge=0, le=1)]


class RecordingEntry(TypedDict):
    """The recording that was transcribed."""

    key: Annotated[str, Field(description="The recording's key in its store.")]
    url: Annotated[str, Field(description="Its address, without credentials.")]
    version: Annotated[str, Field(description="ETag or similar: changes with the content.")]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(description="Hex digest of the file.")]
    duration_s: Annotated[float, Field(ge=0, description="Length as decoded, in seconds.")]
    playback_url: Annotated[str | None, Field(description="An address that plays it.")]


class EngineEntry(TypedDict):
    """The engine that recognized the words."""

    name: str
    model: str | None
    accuracy: Annotated[
        Literal["low", "standard"],
        Field(description="low: an engine meant for trying out; expect many wrong words."),
    ]


class SpeakerEntry(TypedDict):
    """A speaker, and how much they talk."""

    id: Annotated[int, Field(ge=0, description="The `speaker_id` of utterances.")]
    name: Annotated[str | None, Field(description="For display; null for a single speaker.")]
    channel: Annotated[int, Field(ge=0)]
    speaker: Annotated[int | None, Field(description="Diarized speaker, counted from 0.")]
    talk_s: Annotated[float, Field(ge=0, description="Seconds of talking.")]
    words: Annotated[int, Field(ge=0)]
    margin: NotRequired[
        Annotated[float, Field(description="How sure an estimated speaker is; 0 is undecided.")]
    ]
    closeness: NotRequired[
        Annotated[
            float,
            Field(description="Of the voice to the known one that has this name, as a cosine."),
        ]
    ]


class PassageEntry(TypedDict):
    """A run of words: `words[first_word:last_word]`."""

    start_s: _Seconds
    end_s: _Seconds
    first_word: Annotated[int, Field(ge=0)]
    last_word: Annotated[int, Field(ge=0, description="One past the last.")]


class UtteranceEntry(PassageEntry):
    """Neighbouring words of one speaker. Utterances partition the words."""

    id: Annotated[str, Field(description="u1, u2 ...: the same in every artifact.")]
    speaker_id: Annotated[int, Field(ge=0)]
    text: str
    confidence: Annotated[_Share | None, Field(description="Mean of its words' confidences.")]
    playback_url: Annotated[str | None, Field(description="Plays this passage.")]


class WordEntry(TypedDict):
    """One word as it should be read."""

    text: str
    start_s: _Seconds
    end_s: _Seconds
    confidence: _Share | None
    speaker: Annotated[int | None, Field(description="Diarized speaker, counted from 0.")]
    channel: Annotated[int, Field(ge=0)]


class FindingEntry(TypedDict):
    """A topic, intent, sentiment or entity in a passage."""

    label: str
    confidence: Annotated[
        float | None,
        Field(ge=-1, le=1, description="0 to 1; of a sentiment, -1 (negative) to 1 (positive)."),
    ]
    text: str
    first_word: int | None
    last_word: Annotated[int | None, Field(description="One past the last.")]


@with_config(ConfigDict(title="Stenoflow transcript"))
class Document(TypedDict):
    """The transcript of one recording."""

    schema: Annotated[Literal["stenoflow/transcript/1"], Field(description="Name and version.")]
    recording: RecordingEntry
    engine: EngineEntry
    language: Annotated[str | None, Field(description="BCP-47 tag.")]
    language_confidence: _Share | None
    summary: str | None
    topics: list[FindingEntry]
    intents: list[FindingEntry]
    sentiments: list[FindingEntry]
    entities: list[FindingEntry]
    speakers: list[SpeakerEntry]
    utterances: list[UtteranceEntry]
    paragraphs: list[PassageEntry]
    words: list[WordEntry]
    warnings: Annotated[list[str], Field(description="What a reader should know, in sentences.")]
    speaker_source: NotRequired[
        Annotated[Literal["estimate"], Field(description="Speakers are estimated from voices.")]
    ]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of :class:`Document`."""
    schema = TypeAdapter(Document).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
