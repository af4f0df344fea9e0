"""Replies of Deepgram's that are not quite of their shape, brought into it as far as words go."""

from typing import Any, cast

from pydantic import ValidationError

from stenoflow.engines.deepgram.schema import Transcription
from stenoflow.engines.reply_json import check_no_error, json_object
from stenoflow.engines.word_times import (
    normalize_times,
    seconds_of,
    spread,
    spread_warning,
    times_warning,
)
from stenoflow.errors import EngineError
from stenoflow.options import validation_message

CALLED = "Deepgram"


def normalized(raw: bytes) -> tuple[Transcription, list[str]]:
    """Return what a reply says, and warnings about what was changed.

    Raises ErrorReply where it reports an error, EngineError where it is nothing like a transcription;
    with its request id where it has one.
    """
    reply, replaced = json_object(raw, called=CALLED)
    return _Normalization(reply, list(replaced)).transcription()


class _Normalization:
    def __init__(self, reply: dict[str, Any], warnings: list[str]) -> None:
        self._reply = reply
        self._warnings = warnings
        self._metadata = _dict(reply.get("metadata"))
        self._duration_s = seconds_of(self._metadata.get("duration"))

    def transcription(self) -> tuple[Transcription, list[str]]:
        request_id = _text(self._metadata.get("request_id") or self._reply.get("request_id"))
        results = _dict(self._reply.get("results"))
        channels = results.get("channels")
        if not isinstance(channels, list):
            check_no_error(self._reply, called=CALLED, request_id=request_id)
            raise EngineError(
                "Deepgram's reply is not a transcription: it has no channels.",
                request_id=request_id,
            )
        found = [_dict(each) for each in cast("list[Any]", channels)] or [{}]
        metadata = {
            **self._metadata,
            "request_id": request_id,
            "duration": self._duration_s,
            "sha256": _text(self._metadata.get("sha256")),
            "models": _texts(self._metadata.get("models")),
        }
        value = {
            "metadata": metadata,
            "results": {**results, "channels": [self._channel(each) for each in found]},
        }
        try:
            return Transcription.model_validate(value), self._warnings
        except ValidationError as error:
            raise EngineError(
                f"Deepgram's reply is not a transcription: {validation_message(error, most=1)}.",
                request_id=request_id,
            ) from error

    def _channel(self, channel: dict[str, Any]) -> dict[str, Any]:
        alternatives = [_dict(each) for each in _list(channel.get("alternatives"))]
        if not alternatives:
            self._warnings.append("Deepgram gave a channel no transcript: it is taken for silent.")
        best = alternatives[0] if alternatives else {}
        return {
            "alternatives": [self._alternative(best)],
            "detected_language": _text(channel.get("detected_language")),
            "language_confidence": seconds_of(channel.get("language_confidence")),
        }

    def _alternative(self, alternative: dict[str, Any]) -> dict[str, Any]:
        transcript = _text(alternative.get("transcript")) or ""
        given = _list(alternative.get("words"))
        words = [word for each in given if (word := _word(each))]
        if lost := len(given) - len(words):
            self._warnings.append(
                f"Deepgram gave {lost} words without their text: they are left out."
            )
        changed = normalize_times(words)
        if not words and transcript.strip():
            words = [{"word": each} for each in transcript.split()]
            changed = len(words) + 3
        if changed > max(2, len(words) // 2):
            spread(words, "word", self._duration_s)
            self._warnings.append(spread_warning(CALLED))
        elif changed:
            self._warnings.append(times_warning(CALLED, changed))
        return {
            **alternative,
            "transcript": transcript,
            "words": words,
            "languages": _texts(alternative.get("languages")),
        }


def _word(value: Any) -> dict[str, Any] | None:
    word = dict(_dict(value))
    punctuated = _text(word.get("punctuated_word"))
    text = _text(word.get("word")) or punctuated
    return {**word, "word": text, "punctuated_word": punctuated} if text else None


def _dict(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Any) -> list[str]:
    return [each for each in _list(value) if isinstance(each, str)]
