"""Options of Deepgram, by Deepgram's own names."""

from typing import Annotated, Literal

from pydantic import Field

from stenoflow.options import Options

HOSTS = {
    "global": "https://api.deepgram.com",
    "eu": "https://api.eu.deepgram.com",
    "au": "https://api.au.deepgram.com",
    "in": "https://api.in.deepgram.com",
}
"""By region: https://developers.deepgram.com/reference/regional-endpoints."""


class DeepgramOptions(Options):
    """Deepgram's pre-recorded options, by Deepgram's own names; empty ones are not sent."""

    model: str = Field(default="nova-3", title="Model", min_length=1)
    version: str | None = Field(default=None, title="Model version")
    language: str | None = Field(
        default=None, title="Language", description="BCP-47 tag, or `multi`"
    )
    detect_language: bool | tuple[str, ...] | None = Field(
        default=None, title="Detect the language"
    )
    diarize: bool | None = Field(default=None, title="Diarize (old form)")
    diarize_model: Literal["latest", "v1", "v2"] | None = Field(
        default="latest", title="Diarization model"
    )
    smart_format: bool | None = Field(default=True, title="Smart format")
    punctuate: bool | None = Field(default=True, title="Punctuate")
    paragraphs: bool | None = Field(default=True, title="Paragraphs")
    utterances: bool | None = Field(default=True, title="Utterances")
    utt_split: Annotated[float, Field(gt=0, le=60)] | None = Field(
        default=None, title="Utterance split, s"
    )
    summarize: Literal["v2"] | None = Field(default=None, title="Summarize")
    topics: bool | None = Field(default=None, title="Topics")
    custom_topic: tuple[str, ...] = Field(default=(), title="Custom topics")
    custom_topic_mode: Literal["extended", "strict"] | None = Field(
        default=None, title="Custom topic mode"
    )
    intents: bool | None = Field(default=None, title="Intents")
    custom_intent: tuple[str, ...] = Field(default=(), title="Custom intents")
    custom_intent_mode: Literal["extended", "strict"] | None = Field(
        default=None, title="Custom intent mode"
    )
    sentiment: bool | None = Field(default=None, title="Sentiment")
    detect_entities: bool | None = Field(default=None, title="Detect entities")
    redact: tuple[str, ...] = Field(
        default=(), title="Redact", description="pci, pii, numbers, ..."
    )
    replace: tuple[str, ...] = Field(default=(), title="Replace", description="FIND:REPLACE")
    search: tuple[str, ...] = Field(default=(), title="Search")
    keyterm: tuple[str, ...] = Field(default=(), title="Key terms (nova-3)")
    keywords: tuple[str, ...] = Field(default=(), title="Keywords (before nova-3)")
    numerals: bool | None = Field(default=None, title="Numerals")
    measurements: bool | None = Field(default=None, title="Measurements")
    dictation: bool | None = Field(default=None, title="Dictation")
    filler_words: bool | None = Field(default=None, title="Filler words")
    profanity_filter: bool | None = Field(default=None, title="Profanity filter")
    mip_opt_out: bool | None = Field(default=None, title="Opt out of model improvement")
    tag: tuple[str, ...] = Field(
        default=(), title="Tags", description="Labels in Deepgram's usage reports"
    )
    extra: tuple[str, ...] = Field(
        default=(), title="Extra", description="KEY:VALUE, echoed in the reply"
    )
    region: Literal["global", "eu", "au", "in"] = Field(default="global", title="Region")
    other: dict[str, str | bool | int | float | tuple[str, ...]] = Field(
        default_factory=dict,
        title="Other options",
        description="Further parameters, sent to Deepgram unchanged",
    )
    upload: Literal["flac", "wav", "original", "url"] = Field(default="flac", title="Upload")
    """Speech encoded as FLAC or WAV; or the whole recording: the `original` file, or a presigned `url`."""

    deadline_s: float = Field(default=1200, title="Total deadline of a request, seconds", gt=0)
    connect_timeout_s: float = Field(default=10, title="Connect timeout, seconds", gt=0)
    write_timeout_s: float = Field(default=60, title="Write timeout, seconds", gt=0)
    read_timeout_s: float = Field(default=660, title="Read timeout, seconds", gt=0)
