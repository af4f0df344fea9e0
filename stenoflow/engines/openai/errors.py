"""The errors of servers that speak OpenAI's protocol, as our own.

After https://platform.openai.com/docs/guides/error-codes and what FastAPI, vLLM and LocalAI answer.
"""

import json
import re
from typing import Any, cast

import httpx

from stenoflow.engines.http import BEHIND_A_GATEWAY, retry_after_s, snippet
from stenoflow.errors import (
    EngineAccountError,
    EngineBusy,
    EngineError,
    EngineRefused,
    RequestTooLong,
    StenoError,
)

REQUEST_ID = "x-request-id"

OUT_OF_CREDIT = ("insufficient_quota", "billing_hard_limit_reached")
"""Codes under which a 429, too, is for good."""

CLOSED = {
    401: "does not accept the API key: set OPENAI_API_KEY",
    402: "is out of credit",
    403: "does not grant the key this model, or refuses our region",
    404: "has no such model, or no transcription at this base URL",
    405: "has no transcription at this base URL",
}
REFUSED = {
    400: "cannot read the audio, or does not know an option",
    415: "does not take this kind of audio",
    422: "does not know an option",
}
TOO_LONG = {413: "takes no audio this long", 504: "did not finish in time"}
SAYS_TOO_LONG = re.compile(
    r"(?=.*\b(?:audio|file|content|clip|duration|size)\b)"
    r"(?=.*(?:too (?:long|large|big)|longer than|exceed|maximum))",
    re.IGNORECASE,
)
"""How a 400 tells of a limit: vLLM's on length and size, and that of some of OpenAI's models."""
TROUBLE = {408: "did not get the audio fast enough", 409: "has another request in its way"}


def refusal(response: httpx.Response, called: str, *, sent: bool) -> StenoError:
    """The error for a response that is no success; ``called`` is who answered.

    An error that the server itself reports is not billed. A gateway's page says nothing about that:
    such a request, once wholly ``sent``, may be paid.
    """
    status = response.status_code
    request_id = response.headers.get(REQUEST_ID)
    code, own_words = _own_words(response.content)
    said = own_words or snippet(response.text)
    too_long = status in TOO_LONG or (status == 400 and bool(SAYS_TOO_LONG.match(own_words)))
    if code in OUT_OF_CREDIT:
        what = CLOSED[402]
    else:
        what = TOO_LONG[413] if too_long and status == 400 else _what(status)
    message = f"{called} {what} ({status}{f', {said}' if said else ''})."
    may_be_paid = sent and not own_words and status in BEHIND_A_GATEWAY
    if status in CLOSED or status < 400 or code in OUT_OF_CREDIT:
        return EngineAccountError(message, request_id=request_id)
    if status == 429:
        wait_s = retry_after_s(response.headers.get("retry-after"))
        return EngineBusy(message, request_id=request_id, retry_after_s=wait_s)
    if too_long:
        return RequestTooLong(
            message, request_id=request_id, may_be_paid=may_be_paid, again=status == 504
        )
    if status in TROUBLE or status >= 500:
        return EngineError(message, request_id=request_id, may_be_paid=may_be_paid)
    return EngineRefused(message, request_id=request_id)


def _what(status: int) -> str:
    known: dict[int, str] = {**CLOSED, **REFUSED, **TOO_LONG, **TROUBLE}
    if status in known:
        return known[status]
    if status == 429:
        return "has too many requests at once"
    if status >= 500:
        return "is in trouble"
    return "refuses the request" if status >= 400 else "is not at this base URL"


def _own_words(body: bytes) -> tuple[str | None, str]:
    """Code and message of ``{"error": {...}}`` (OpenAI), of the same without the wrapping (vLLM), or
    of ``{"detail": ...}`` (FastAPI); an empty message where it is none of them."""
    try:
        said: Any = json.loads(body)
    except ValueError:
        return None, ""
    for key in ("error", "detail"):
        if isinstance(said, dict) and key in said:
            said = cast("dict[str, Any]", said)[key]
    if isinstance(said, str | list):
        return None, snippet(said if isinstance(said, str) else json.dumps(said))
    if not isinstance(said, dict):
        return None, ""
    error = cast("dict[str, Any]", said)
    code, message = error.get("code") or error.get("type"), error.get("message")
    parts = (str(each) for each in (code, message) if each)
    return (str(code) if code else None), snippet(": ".join(parts))
