"""Replies in Deepgram's form, made from recognized tones and the features that the query names."""

import datetime
import itertools
import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from stenoflow.testing.deepgram.recognition import Recognition, Sound

Query = Mapping[str, Sequence[str]]

BAND_HZ = 500
"""Tones within one band of frequencies belong to one speaker."""
MODEL_ID = "00000000-0000-4000-8000-000000000000"
PARAGRAPH_GAP_S = 2.0


def on(query: Query, name: str) -> bool:
    """Return True if the query switches a feature on."""
    return bool(query.get(name)) and query[name][-1] != "false"


def reply(
    recognition: Recognition, query: Query, *, request_id: str, sha256: str
) -> dict[str, Any]:
    """Return the transcription of recognized audio."""
    channels = [_channel(sounds, recognition.rate, query) for sounds in recognition.channels]
    results: dict[str, Any] = {"channels": channels}
    if on(query, "utterances"):
        results["utterances"] = sorted(
            (
                _utterance(words, at)
                for at, channel in enumerate(channels)
                for words in _split(channel["alternatives"][0]["words"], _utt_split(query))
            ),
            key=lambda utterance: utterance["start"],
        )
    text = " ".join(channel["alternatives"][0]["transcript"] for channel in channels)
    count = len(text.split())
    whole = {"text": text, "start_word": 0, "end_word": count - 1}
    if on(query, "summarize"):
        results["summary"] = {"result": "success", "short": f"{count} sounds were recognized."}
    if on(query, "topics") and count:
        topic = {"topic": "Sound", "confidence_score": 0.9}
        results["topics"] = {"results": {"topics": {"segments": [{**whole, "topics": [topic]}]}}}
    if on(query, "intents") and count:
        intent = {"intent": "Be recognized", "confidence_score": 0.8}
        segments = [{**whole, "intents": [intent]}]
        results["intents"] = {"results": {"intents": {"segments": segments}}}
    if on(query, "sentiment") and count:
        mood = {"sentiment": "neutral", "sentiment_score": 0.1}
        results["sentiments"] = {"segments": [{**whole, **mood}], "average": mood}
    about = metadata(
        request_id, sha256, recognition.duration_s, channels=recognition.sent_channels, query=query
    )
    return {"metadata": about, "results": results}


def metadata(
    request_id: str, sha256: str, duration_s: float, *, channels: int, query: Query
) -> dict[str, Any]:
    """Return the ``metadata`` of a reply."""
    model = (query.get("model") or ["base-general"])[-1]
    values: dict[str, Any] = {
        "transaction_key": "deprecated",
        "request_id": request_id,
        "sha256": sha256,
        "created": datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z"),
        "duration": duration_s,
        "channels": channels,
        "models": [MODEL_ID],
        "model_info": {MODEL_ID: {"name": f"standin-{model}", "version": "1", "arch": model}},
    }
    return values | ({"tags": list(query["tag"])} if query.get("tag") else {})


class RecordedReplies:
    """Replies that Deepgram gave, by the SHA-256 of their audio.

    ``folder`` holds them as ``*/*.json``; None holds none. Synthetic replies and the service's
    specification, which are in the same folder of the corpus, are left out.
    """

    def __init__(self, folder: Path | None) -> None:
        self._paths: dict[str, list[Path]] = {}
        for path in sorted(folder.glob("*/*.json")) if folder else ():
            if path.parent.name != "spec" and not path.name.startswith("synthetic"):
                sha256 = json.loads(path.read_bytes())["metadata"]["sha256"]
                self._paths.setdefault(sha256, []).append(path)

    def best(self, sha256: str, query: Query) -> bytes | None:
        """Return the reply for this audio that has most of the features that the query names."""
        known = [path.read_bytes() for path in self._paths.get(sha256, ())]
        return max(known, key=lambda raw: _has(json.loads(raw), query)) if known else None


@cache
def recorded_replies() -> RecordedReplies:
    """Return the replies in ``deepgram/`` of the folder that ``STENOFLOW_CORPUS`` names."""
    named = os.environ.get("STENOFLOW_CORPUS")
    return RecordedReplies(Path(named) / "deepgram" if named else None)


def _has(answer: dict[str, Any], query: Query) -> tuple[int, str]:
    results, words = answer["results"], answer["results"]["channels"][0]["alternatives"][0]["words"]
    wanted = (
        on(query, "utterances") == ("utterances" in results),
        on(query, "summarize") == ("summary" in results),
        (on(query, "diarize") or on(query, "diarize_model")) == ("speaker" in words[0]),
        on(query, "smart_format") == ("punctuated_word" in words[0]),
    )
    return sum(wanted), answer["metadata"]["created"]


def _channel(sounds: Sequence[Sound], rate: int, query: Query) -> dict[str, Any]:
    words = [_word(sound, rate) for sound in sounds]
    if on(query, "diarize") or on(query, "diarize_model"):
        # Numbered in order of appearance within each request, as real diarizers do.
        bands: dict[int, int] = {}
        for word, sound in zip(words, sounds, strict=True):
            word["speaker"] = bands.setdefault(sound.pitch_hz // BAND_HZ, len(bands))
            word["speaker_confidence"] = 1
    utterances = _split(words, _utt_split(query))
    if on(query, "smart_format") or on(query, "punctuate"):
        for utterance in utterances:
            for word in utterance:
                word["punctuated_word"] = word["word"]
            utterance[0]["punctuated_word"] = utterance[0]["word"].capitalize()
            utterance[-1]["punctuated_word"] += "."
    alternative: dict[str, Any] = {
        "transcript": _text(words),
        "confidence": 0.99 if words else 0.0,
        "words": words,
    }
    if on(query, "paragraphs") and words:
        alternative["paragraphs"] = _paragraphs(_split(words, PARAGRAPH_GAP_S))
    detected = on(query, "detect_language")
    language = {"detected_language": "en", "language_confidence": 0.99} if detected else {}
    return {"alternatives": [alternative], **language}


def _word(sound: Sound, rate: int) -> dict[str, Any]:
    return {
        "word": f"tone{sound.pitch_hz}",
        "start": sound.start / rate,
        "end": sound.end / rate,
        "confidence": 0.99,
    }


def _utterance(words: Sequence[dict[str, Any]], channel: int) -> dict[str, Any]:
    speaker = {"speaker": words[0]["speaker"]} if "speaker" in words[0] else {}
    return {
        "start": words[0]["start"],
        "end": words[-1]["end"],
        "confidence": 0.99,
        "channel": channel,
        "transcript": _text(words),
        "words": list(words),
        **speaker,
        "id": f"{channel}-{words[0]['start']}",
    }


def _paragraphs(groups: Sequence[Sequence[dict[str, Any]]]) -> dict[str, Any]:
    def sentence(words: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return {"text": _text(words), "start": words[0]["start"], "end": words[-1]["end"]}

    paragraphs = [
        {
            "sentences": [sentence(words)],
            "num_words": len(words),
            "start": words[0]["start"],
            "end": words[-1]["end"],
        }
        for words in groups
    ]
    return {"transcript": "\n\n".join(map(_text, groups)), "paragraphs": paragraphs}


def _split(words: Sequence[dict[str, Any]], gap_s: float) -> list[list[dict[str, Any]]]:
    groups: list[list[dict[str, Any]]] = [[words[0]]] if words else []
    for before, word in itertools.pairwise(words):
        if word["start"] - before["end"] >= gap_s:
            groups.append([])
        groups[-1].append(word)
    return groups


def _utt_split(query: Query) -> float:
    return float((query.get("utt_split") or ["0.8"])[-1])


def _text(words: Sequence[dict[str, Any]]) -> str:
    return " ".join(word.get("punctuated_word", word["word"]) for word in words)
