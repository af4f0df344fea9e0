"""Deepgram's error responses: meanings of statuses and bodies.

After https://developers.deepgram.com/docs/errors and the statuses that users report.
"""

import re

from pydantic import BaseModel, ValidationError

from stenoflow.engines.http_errors import (
    COMMON_STATUSES,
    Reported,
    StatusRule,
    StatusTable,
    TextRule,
    snippet,
)

REQUEST_ID = "dg-request-id"

_ELSEWHERE = StatusRule("account", "is not at this base URL: see the credentials")

STATUSES = StatusTable(
    texts=(
        TextRule(
            (400,),
            re.compile("REMOTE_CONTENT_ERROR"),
            StatusRule(
                "transient",
                "cannot fetch the recording by its URL: if it never can, set deepgram.upload to flac",
            ),
        ),
        TextRule(
            (400,),
            re.compile(r"corrupt|unsupported data|process audio|decode", re.IGNORECASE),
            StatusRule("audio", "cannot read the audio"),
        ),
        TextRule(
            (400,),
            re.compile(
                r"model|language|tier|parameter|query|feature|option|support", re.IGNORECASE
            ),
            StatusRule("configuration", "does not know the model, or an option, of the profile"),
        ),
    ),
    statuses={
        **COMMON_STATUSES,
        401: StatusRule(
            "account", "does not accept the API key: see that it is whole, and not revoked"
        ),
        402: StatusRule("account", "is out of credit: add some in the Deepgram console"),
        403: StatusRule(
            "account",
            "does not grant the key this model or feature: see the key's role and project",
        ),
        404: _ELSEWHERE,
        405: _ELSEWHERE,
        411: StatusRule("request", "misses the length of the audio"),
        413: StatusRule("too_long", "takes no body this large"),
        414: StatusRule("configuration", "takes no URL this long: ask for fewer key terms"),
        422: StatusRule("transient", "did not get the audio whole"),
        429: StatusRule("busy", "has too many requests of this project at once"),
    },
)


class _ErrorBody(BaseModel):
    """Both forms of Deepgram's errors."""

    err_code: str | None = None
    err_msg: str | None = None
    category: str | None = None
    message: str | None = None


def reported(body: bytes) -> Reported:
    """Return the code and message of an error; empty where the body is not one of Deepgram's."""
    try:
        error = _ErrorBody.model_validate_json(body)
    except ValidationError:
        return Reported()
    code = error.err_code or error.category
    parts = (code, error.err_msg or error.message)
    return Reported(snippet(": ".join(part for part in parts if part)), code)
