"""What servers of OpenAI's protocol mean by their statuses, and say in the bodies of their errors.

After https://platform.openai.com/docs/guides/error-codes and what FastAPI, vLLM and LocalAI answer.
"""

import json
import re
from typing import Any, cast

from pydantic_core import from_json

from stenoflow.engines.http_errors import (
    COMMON_STATUSES,
    Reported,
    Statuses,
    StatusRule,
    rule_of,
    snippet,
)

REQUEST_ID = "x-request-id"

OUT_OF_CREDIT = ("insufficient_quota", "billing_hard_limit_reached")
"""Codes under which a 429, too, is for good."""

SAYS_TOO_LONG = re.compile(
    r"(?=.*\b(?:audio|file|content|clip|duration|size)\b)"
    r"(?=.*(?:too (?:long|large|big)|longer than|exceed|maximum))",
    re.IGNORECASE,
)
"""Text of a 400 that reports a limit: of vLLM on length and size, of some models of OpenAI's."""

STATUSES: Statuses = {
    **COMMON_STATUSES,
    401: StatusRule(
        "account", "does not accept the API key: see that it is whole, and not revoked"
    ),
    403: StatusRule("account", "does not grant the key this model, or refuses our region"),
    404: StatusRule("account", "has no such model, or no transcription at this base URL"),
    405: StatusRule("account", "has no transcription at this base URL"),
    409: StatusRule("transient", "has another request in its way"),
    415: StatusRule("refused", "does not take this kind of audio"),
    422: StatusRule("refused", "does not know an option"),
}


def rule(status: int, reported: Reported) -> StatusRule:
    """Return the rule for an error: some servers report by text, rather than status, what is wrong."""
    if reported.code in OUT_OF_CREDIT:
        return STATUSES[402]
    if status == 400 and SAYS_TOO_LONG.match(reported.text):
        return STATUSES[413]
    return rule_of(status, STATUSES)


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
