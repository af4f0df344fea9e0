"""A transcript as the JSON value of ``transcript.json``."""

from stenoflow.rendering.base import Rendering
from stenoflow.rendering.document_schema import (
    SCHEMA,
    Document,
    FindingEntry,
    PassageEntry,
    SpeakerEntry,
    UtteranceEntry,
    WordEntry,
)
from stenoflow.rendering.playback import media_fragment
from stenoflow.transcript.model import Finding, Utterance, Word
from stenoflow.transcript.speakers import Speaker, SpeakerKey, speakers
from stenoflow.transcript.text import join_words


def document(rendering: Rendering) -> Document:
    """Return a transcript as the JSON value of ``transcript.json``, times rounded to the millisecond."""
    recording, transcript = rendering.recording, rendering.transcript
    found_speakers = speakers(transcript)
    ids = {speaker.key: number for number, speaker in enumerate(found_speakers)}
    found: Document = {
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
        "speakers": [_speaker(number, speaker) for number, speaker in enumerate(found_speakers)],
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
    if transcript.speaker_source:
        found["speaker_source"] = transcript.speaker_source
    return found


def _speaker(number: int, speaker: Speaker) -> SpeakerEntry:
    entry: SpeakerEntry = {
        "id": number,
        "name": speaker.name,
        "channel": speaker.key.channel,
        "speaker": speaker.key.speaker,
        "talk_s": round(speaker.talk_s, 3),
        "words": speaker.words,
    }
    if speaker.margin is not None:
        entry["margin"] = round(speaker.margin, 3)
    if speaker.closeness is not None:
        entry["closeness"] = round(speaker.closeness, 3)
    return entry


def word_entry(word: Word) -> WordEntry:
    """Return a word as a JSON value."""
    return {
        "text": word.text,
        "start_s": round(word.start_s, 3),
        "end_s": round(word.end_s, 3),
        "confidence": _rounded(word.confidence),
        "speaker": word.speaker,
        "channel": word.channel,
    }


def utterance_id(number: int) -> str:
    """Return the identifier, in every artifact, of an utterance by its number, counted from 1."""
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
        "playback_url": media_fragment(url, passage["start_s"], passage["end_s"]) if url else None,
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
