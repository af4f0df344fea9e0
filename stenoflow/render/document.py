"""``transcript.json``: its fields, their meaning, and how a transcript is put into them.

This module is the schema: ``schemas/transcript.json`` is made from it. All times are seconds of the
original recording, rounded to the millisecond here and nowhere else. Fields are added without notice;
one that changes its meaning, or goes, changes the number at the end of ``schema``.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from stenoflow.render.base import Rendering
from stenoflow.render.links import moment
from stenoflow.transcript.model import Finding, Utterance, Word
from stenoflow.transcript.speakers import SpeakerKey, speakers
from stenoflow.transcript.text import join_words

SCHEMA: Literal["stenoflow/transcript/1"] = "stenoflow/transcript/1"

_Seconds = Annotated[float, Field(ge=0, description="Seconds from the start of the recording.")]
_Share = Annotated[float, Field(ge=0, le=1)]


class RecordingEntry(TypedDict):
    """What was transcribed."""

    key: Annotated[str, Field(description="The recording's key in its store.")]
    url: Annotated[str, Field(description="Where it lies, without credentials.")]
    version: Annotated[str, Field(description="ETag, or the like: changes with the content.")]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(description="Hex digest of the file.")]
    duration_s: Annotated[float, Field(ge=0, description="Length as decoded, in seconds.")]
    playback_url: Annotated[str | None, Field(description="Where it can be played.")]


class EngineEntry(TypedDict):
    """What heard the words."""

    name: str
    model: str | None
    accuracy: Annotated[
        Literal["low", "standard"],
        Field(description="low: an engine meant for trying out; expect many wrong words."),
    ]


class SpeakerEntry(TypedDict):
    """A voice, and how much of the recording is its own."""

    id: Annotated[int, Field(ge=0, description="What `speaker_id` of utterances points to.")]
    name: Annotated[str | None, Field(description="Fit to be shown; null for a single voice.")]
    channel: Annotated[int, Field(ge=0)]
    speaker: Annotated[int | None, Field(description="Diarized speaker, counted from 0.")]
    talk_s: Annotated[float, Field(ge=0, description="Seconds of talking.")]
    words: Annotated[int, Field(ge=0)]


class PassageEntry(TypedDict):
    """A run of words: `words[first_word:last_word]`."""

    start_s: _Seconds
    end_s: _Seconds
    first_word: Annotated[int, Field(ge=0)]
    last_word: Annotated[int, Field(ge=0, description="One past the last.")]


class UtteranceEntry(PassageEntry):
    """What one voice said in one go. Utterances partition the words."""

    id: Annotated[str, Field(description="u1, u2 ...: the same in every artifact.")]
    speaker_id: Annotated[int, Field(ge=0)]
    text: str
    confidence: Annotated[_Share | None, Field(description="Mean of the words'.")]
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
    """Something found in a passage."""

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
    """All that was said in one recording."""

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


def document(rendering: Rendering) -> Document:
    """A rendering's transcript as a JSON value."""
    recording, transcript = rendering.recording, rendering.transcript
    heard = speakers(transcript)
    ids = {speaker.key: number for number, speaker in enumerate(heard)}
    return {
        "schema": SCHEMA,
        "recording": {
            "key": recording.key,
            "url": recording.url,
            "version": recording.version,
            "bytes": recording.size,
            "sha256": recording.sha256,
            "duration_s": round(transcript.duration_s, 3),
            "playback_url": recording.playback_url,
        },
        "engine": {
            "name": transcript.engine,
            "model": transcript.model,
            "accuracy": transcript.accuracy,
        },
        "language": transcript.language,
        "language_confidence": _rounded(transcript.language_confidence),
        "summary": transcript.summary,
        "topics": _findings(transcript.findings, "topic"),
        "intents": _findings(transcript.findings, "intent"),
        "sentiments": _findings(transcript.findings, "sentiment"),
        "entities": _findings(transcript.findings, "entity"),
        "speakers": [
            {
                "id": number,
                "name": speaker.name,
                "channel": speaker.key.channel,
                "speaker": speaker.key.speaker,
                "talk_s": round(speaker.talk_s, 3),
                "words": speaker.words,
            }
            for number, speaker in enumerate(heard)
        ],
        "utterances": [
            _utterance(number, utterance, rendering, ids)
            for number, utterance in enumerate(transcript.utterances, 1)
        ],
        "paragraphs": [
            _passage(paragraph, transcript.words) for paragraph in transcript.paragraphs
        ],
        "words": [word_entry(word) for word in transcript.words],
        "warnings": list(transcript.warnings),
    }


def word_entry(word: Word) -> WordEntry:
    """One word as a JSON value."""
    return {
        "text": word.text,
        "start_s": round(word.start_s, 3),
        "end_s": round(word.end_s, 3),
        "confidence": _rounded(word.confidence),
        "speaker": word.speaker,
        "channel": word.channel,
    }


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of :class:`Document`."""
    schema = TypeAdapter(Document).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def utterance_id(number: int) -> str:
    """What the utterance of this number, counted from 1, is called in every artifact."""
    return f"u{number}"


def _utterance(
    number: int, utterance: Utterance, rendering: Rendering, ids: dict[SpeakerKey, int]
) -> UtteranceEntry:
    words = rendering.transcript.words[utterance.first : utterance.last]
    passage = _passage(utterance, rendering.transcript.words)
    given = [word.confidence for word in words if word.confidence is not None]
    url = rendering.recording.playback_url
    return {
        "id": utterance_id(number),
        "speaker_id": ids[SpeakerKey.of(words[0])],
        **passage,
        "text": join_words(word.text for word in words),
        "confidence": round(sum(given) / len(given), 4) if given else None,
        "playback_url": moment(url, passage["start_s"], passage["end_s"]) if url else None,
    }


def _passage(run: Utterance, words: tuple[Word, ...]) -> PassageEntry:
    return {
        "start_s": round(words[run.first].start_s, 3),
        "end_s": round(max(word.end_s for word in words[run.first : run.last]), 3),
        "first_word": run.first,
        "last_word": run.last,
    }


def _findings(findings: tuple[Finding, ...], kind: str) -> list[FindingEntry]:
    return [
        {
            "label": found.label,
            "confidence": _rounded(found.confidence),
            "text": found.text,
            "first_word": found.first,
            "last_word": found.last,
        }
        for found in findings
        if found.kind == kind
    ]


def _rounded(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 4)
