"""The shapes of Deepgram's JSON, as far as a transcript is made of it.

What is typed here all the way must be so, or the reply is no transcription. What is ``Any`` is an
extra, read by a shape of its own, so that trouble with it costs no word. Unknown fields are ignored.
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


def _or_none(value: Any, valid: ValidatorFunctionWrapHandler) -> Any:
    """A detail of a word: not worth the word, where it is of a wrong type."""
    try:
        return valid(value)
    except ValidationError:
        return None


class Shape(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class WordJson(Shape):
    word: str
    punctuated_word: str | None = None
    """Absent where neither punctuation nor formatting was asked for, and from whisper."""
    start: float = Field(ge=0)
    end: float = Field(ge=0)
    confidence: Annotated[float | None, WrapValidator(_or_none)] = None
    speaker: Annotated[int | None, WrapValidator(_or_none)] = None


class Alternative(Shape):
    transcript: str
    words: list[WordJson] = []
    languages: list[str] = []
    paragraphs: Any = None
    entities: Any = None


class Channel(Shape):
    alternatives: list[Alternative] = Field(min_length=1)
    detected_language: str | None = None
    language_confidence: float | None = None


class Results(Shape):
    channels: list[Channel] = Field(min_length=1)
    utterances: Any = None
    summary: Any = None
    topics: Any = None
    intents: Any = None
    sentiments: Any = None


class Metadata(Shape):
    request_id: str
    duration: float = Field(ge=0)
    sha256: str | None = None
    """Absent from some replies to URLs."""
    models: list[str] = []
    model_info: Any = None
    warnings: Any = None


class Transcription(Shape):
    metadata: Metadata
    results: Results


class Said(Shape):
    start: float


class Utterance(Shape):
    channel: int = 0
    words: list[Said] = Field(min_length=1)


class Paragraph(Shape):
    num_words: int = Field(ge=0)


class Paragraphs(Shape):
    paragraphs: list[Paragraph]


class Model(Shape):
    name: str
    version: str = ""


class Summary(Shape):
    result: str
    short: str


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Index = Annotated[int, BeforeValidator(_whole)]
"""The index of a word, which Deepgram writes as 54 or as 54.0."""


class Topic(Shape):
    topic: str
    confidence_score: float | None = None


class Intent(Shape):
    intent: str
    confidence_score: float | None = None


class Passage(Shape):
    text: str = ""
    start_word: Index | None = None
    end_word: Index | None = None


class TopicPassage(Passage):
    topics: list[Topic]


class IntentPassage(Passage):
    intents: list[Intent]


class SentimentPassage(Passage):
    sentiment: str
    sentiment_score: float | None = None


class TopicSegments(Shape):
    segments: list[TopicPassage]


class IntentSegments(Shape):
    segments: list[IntentPassage]


class SentimentSegments(Shape):
    segments: list[SentimentPassage]


class TopicResults(Shape):
    topics: TopicSegments


class IntentResults(Shape):
    intents: IntentSegments


class Topics(Shape):
    results: TopicResults


class Intents(Shape):
    results: IntentResults


class Entity(Shape):
    label: str
    value: str
    confidence: float | None = None
    start_word: Index | None = None
    end_word: Index | None = None


class WarningJson(Shape):
    message: str
    parameter: str | None = None


class _IdentifiedMetadata(Shape):
    request_id: str | None = None


class Identified(Shape):
    """Any body of Deepgram's: a transcription, or an error."""

    request_id: str | None = None
    metadata: _IdentifiedMetadata | None = None
