"""Error responses of servers of OpenAI's protocol: meanings of statuses and bodies.

After https://platform.openai.com/docs/guides/error-codes and what FastAPI, vLLM and LocalAI answer.
"""

import json
import re
from typing import Any, cast

from pydantic_core import from_json

from stenoflow.engines.http_errors import (
    COMMON_STATUSES,
    Reported,
    StatusRule,
    StatusTable,
    TextRule,
    snippet,
)

REQUEST_ID = "x-request-id"

_NO_MODEL = "has no such model, or no transcription at this base URL"
_NO_OPTION = "does not know the model, or an option, of the profile"

STATUSES = StatusTable(
    texts=(
        # A 429, too, may be for good.
        TextRule(
            (429,),
            re.compile("insufficient_quota|billing_hard_limit_reached"),
            COMMON_STATUSES[402],
        ),
        # As vLLM and some models of OpenAI's report a limit on length or size.
        TextRule(
            (400,),
            re.compile(
                r"(?=.*\b(?:audio|file|content|clip|duration|size)\b)"
                r"(?=.*(?:too (?:long|large|big)|longer than|exceed|maximum))",
                re.IGNORECASE,
            ),
            COMMON_STATUSES[413],
        ),
        TextRule(
            (400, 415, 422),
            re.compile(
                r"decod|corrupt|(?:file|audio) format|too short|audio_too_short", re.IGNORECASE
            ),
            StatusRule("audio", "cannot read the audio"),
        ),
        TextRule(
            (400,),
            re.compile(
                r"model|language|param|argument|option|response_format|unsupported_value"
                r"|invalid_value|extra fields",
                re.IGNORECASE,
            ),
            StatusRule("configuration", _NO_OPTION),
        ),
    ),
    statuses={
        **COMMON_STATUSES,
        401: StatusRule(
            "account", "does not accept the API key: see that it is whole, and not revoked"
        ),
        403: StatusRule("account", "does not grant the key this model, or refuses our region"),
        404: StatusRule("account", _NO_MODEL),
        405: StatusRule("account", "has no transcription at this base URL"),
        409: StatusRule("transient", "has another request in its way"),
        415: StatusRule("configuration", "does not take FLAC"),
        422: StatusRule("configuration", _NO_OPTION),
    },
)


def reported(body: bytes) -> Reported:
    """Return the code and message of an error.

    Known are ``{"error": {...}}`` (OpenAI), the same without the wrapping (vLLM), and
    ``{"detail": ...}`` (FastAPI); what is none of them yields an empty message.
    """
    try:
        value: Any = from_json(body)
    except ValueError:
        return Reported()
    for key in ("error", "detail"):
        if isinstance(value, dict) and key in value:
            value = cast("dict[str, Any]", value)[key]
    if isinstance(value, str | list):
        return Reported(snippet(value if isinstance(value, str) else json.dumps(value)))
    if not isinstance(value, dict):
        return Reported()
    error = cast("dict[str, Any]", value)
    code, message = error.get("code") or error.get("type"), error.get("message")
    parts = (str(each) for each in (code, message) if each)
    return Reported(snippet(": ".join(parts)), str(code) if code else None)
