"""Shapes of Deepgram's JSON, as far as a transcript is made of it.

A reply that does not have these shapes is brought into them first (:mod:`.normalization`). A field of
``Any`` is an extra, read by a shape of its own, so that a fault in it costs no word. Unknown fields are
ignored.
The shapes are those of https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded
and of recorded replies.
"""

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from stenoflow.engines.word_times import LATEST_S


def _or_none(value: Any, valid: ValidatorFunctionWrapHandler) -> Any:
    """Return None for a detail of a wrong type: it is not worth losing the word."""
    try:
        return valid(value)
    except ValidationError:
        return None


class Shape(BaseModel):
    """Base of all shapes: strict, and open to unknown fields."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class WordJson(Shape):
    """One word, with its times in seconds of what was sent."""

    word: str
    punctuated_word: str | None = None
    """Absent where neither punctuation nor formatting was asked for, and from whisper."""
    start: float = Field(ge=0, le=LATEST_S)
    end: float = Field(ge=0, le=LATEST_S)
    confidence: Annotated[float | None, WrapValidator(_or_none)] = None
    speaker: Annotated[int | None, WrapValidator(_or_none)] = None


class Alternative(Shape):
    """One transcript of a channel; the first is the best."""

    transcript: str
    words: list[WordJson] = []
    languages: list[str] = []
    paragraphs: Any = None
    entities: Any = None


class Channel(Shape):
    """One channel of the audio, with its transcripts."""

    alternatives: list[Alternative] = Field(min_length=1)
    detected_language: str | None = None
    language_confidence: float | None = None


class Results(Shape):
    """The recognized words of all channels, and the extras."""

    channels: list[Channel] = Field(min_length=1)
    utterances: Any = None
    summary: Any = None
    topics: Any = None
    intents: Any = None
    sentiments: Any = None


class Metadata(Shape):
    """The facts about the request and the audio."""

    request_id: str | None = None
    duration: float | None = Field(None, ge=0, le=LATEST_S)
    sha256: str | None = None
    """Absent from some replies to URLs."""
    models: list[str] = []
    model_info: Any = None
    warnings: Any = None


class Transcription(Shape):
    """A whole reply."""

    metadata: Metadata
    results: Results


class WordStart(Shape):
    """The start of a word of an utterance, in seconds."""

    start: float


class Utterance(Shape):
    """A passage of one channel between two pauses."""

    channel: int = 0
    words: list[WordStart] = Field(min_length=1)


class Paragraph(Shape):
    """A paragraph, by the number of its words."""

    num_words: int = Field(ge=0)


class Paragraphs(Shape):
    """All paragraphs of a channel."""

    paragraphs: list[Paragraph]


class Model(Shape):
    """A model, by its name and version."""

    name: str
    version: str = ""


class Summary(Shape):
    """A summary, or the reason why there is none."""

    result: str
    short: str


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Index = Annotated[int, BeforeValidator(_whole)]
"""The index of a word, which Deepgram writes as 54 or as 54.0."""


class Topic(Shape):
    """One topic of a passage."""

    topic: str
    confidence_score: float | None = None


class Intent(Shape):
    """One intent of a passage."""

    intent: str
    confidence_score: float | None = None


class Passage(Shape):
    """A passage of text, by its first and last word."""

    text: str = ""
    start_word: Index | None = None
    end_word: Index | None = None


class TopicPassage(Passage):
    """A passage with its topics."""

    topics: list[Topic]


class IntentPassage(Passage):
    """A passage with its intents."""

    intents: list[Intent]


class SentimentPassage(Passage):
    """A passage with its sentiment."""

    sentiment: str
    sentiment_score: float | None = None


class TopicSegments(Shape):
    """All passages with topics."""

    segments: list[TopicPassage]


class IntentSegments(Shape):
    """All passages with intents."""

    segments: list[IntentPassage]


class SentimentSegments(Shape):
    """All passages with sentiments."""

    segments: list[SentimentPassage]


class TopicResults(Shape):
    """The inner object of topics."""

    topics: TopicSegments


class IntentResults(Shape):
    """The inner object of intents."""

    intents: IntentSegments


class Topics(Shape):
    """The object ``topics`` of the results."""

    results: TopicResults


class Intents(Shape):
    """The object ``intents`` of the results."""

    results: IntentResults


class Entity(Shape):
    """A named entity, with the words that it spans."""

    label: str
    value: str
    confidence: float | None = None
    start_word: Index | None = None
    end_word: Index | None = None


class WarningJson(Shape):
    """A warning of Deepgram's about a parameter."""

    message: str
    parameter: str | None = None


class _IdentifiedMetadata(Shape):
    request_id: str | None = None


class Identified(Shape):
    """Any body of Deepgram's: a transcription, or an error."""

    request_id: str | None = None
    metadata: _IdentifiedMetadata | None = None
