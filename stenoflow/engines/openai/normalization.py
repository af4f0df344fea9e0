"""Replies of OpenAI's protocol that are not quite of their shape, brought into it as far as words go."""

from typing import Any, cast

from pydantic import ValidationError

from stenoflow.engines.openai.schema import Verbose
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

CALLED = "The engine"


def normalized(raw: bytes) -> tuple[Verbose, list[str]]:
    """Return what a reply says, and warnings about what was changed.

    Raises ErrorReply where it reports an error, EngineError where it is nothing like a transcription.
    """
    reply, replaced = json_object(raw, called=CALLED)
    warnings = list(replaced)
    timed = _list(reply.get("words")) or _list(reply.get("segments"))
    if not timed and not isinstance(reply.get("text"), str):
        check_no_error(reply, called=CALLED, request_id=None)
        raise EngineError("The reply is not a transcription: it has neither text nor words.")
    duration_s = seconds_of(reply.get("duration"))
    value: dict[str, Any] = {"language": _text(reply.get("language")), "duration": duration_s}
    if "words" in reply:
        value["words"] = _timed(reply["words"], "word", duration_s, warnings)
    if "segments" in reply:
        value["segments"] = segments = _timed(reply["segments"], "text", duration_s, warnings)
        for each in segments:
            inner = _timed(each.get("words"), "word", duration_s, warnings)
            each["words"] = inner or None
    value["text"] = _text(reply.get("text")) or _joined(value)
    try:
        return Verbose.model_validate(value), warnings
    except ValidationError as error:
        raise EngineError(
            f"The reply is not a transcription: {validation_message(error, most=1)}."
        ) from error


def _timed(
    values: Any, key: str, duration_s: float | None, warnings: list[str]
) -> list[dict[str, Any]]:
    """Return words or segments with their text under ``key``, and times; others are left out."""
    given = _list(values)
    found: list[dict[str, Any]] = [
        dict(cast("dict[str, Any]", each))
        for each in given
        if isinstance(each, dict) and _text(cast("dict[str, Any]", each).get(key)) is not None
    ]
    if lost := len(given) - len(found):
        warnings.append(f"{CALLED} gave {lost} words without their text: they are left out.")
    changed = normalize_times(found)
    if changed > max(2, len(found) // 2):
        spread(found, key, duration_s)
        warnings.append(spread_warning(CALLED))
    elif changed:
        warnings.append(times_warning(CALLED, changed))
    return found


def _joined(value: dict[str, Any]) -> str:
    if segments := value.get("segments"):
        return "".join(each["text"] for each in segments)
    return " ".join(each["word"] for each in value.get("words", []))


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
