"""Deepgram's refusals as errors: which are for good, which pass, which close the account to us.

After https://developers.deepgram.com/docs/errors and the statuses that users report.
"""

import httpx
from pydantic import BaseModel, ValidationError

from stenoflow.engines.deepgram.response import request_id_of
from stenoflow.engines.http import BEHIND_A_GATEWAY, retry_after_s, snippet
from stenoflow.errors import (
    EngineAccountError,
    EngineBusy,
    EngineError,
    EngineRefused,
    RequestTooLong,
    StenoError,
)

REQUEST_ID = "dg-request-id"

CLOSED = {
    401: "does not accept the API key: see that it is whole, and not revoked",
    402: "is out of credit: add some in the Deepgram console",
    403: "does not grant the key this model or feature: see the key's role and project",
}
REFUSED = {
    400: "cannot read the audio, or does not know an option",
    411: "misses the length of the audio",
    414: "takes no URL this long: ask for fewer key terms",
}
TOO_LONG = {413: "takes no body this large", 504: "did not finish in time"}
TROUBLE = {
    408: "did not get the audio fast enough",
    422: "did not get the audio whole",
}


class _ErrorBody(BaseModel):
    """Both forms of Deepgram's errors."""

    err_code: str | None = None
    err_msg: str | None = None
    category: str | None = None
    message: str | None = None

    @property
    def text(self) -> str:
        parts = (self.err_code or self.category, self.err_msg or self.message)
        return ": ".join(part for part in parts if part)


def refusal(response: httpx.Response, *, sent: bool) -> StenoError:
    """The error for a response that is no success.

    An error that Deepgram itself reports is not billed. A gateway's page says nothing about that:
    such a request, once wholly ``sent``, may be paid.
    """
    status = response.status_code
    request_id = id_of(response)
    own_words = _own_words(response.content)
    said = own_words or snippet(response.text)
    message = f"Deepgram {_what(status)} ({status}{f', {said}' if said else ''})."
    may_be_paid = sent and not own_words and status in BEHIND_A_GATEWAY
    if status == 429:
        wait_s = retry_after_s(response.headers.get("retry-after"))
        return EngineBusy(message, request_id=request_id, retry_after_s=wait_s)
    if status in TOO_LONG:
        return RequestTooLong(
            message, request_id=request_id, may_be_paid=may_be_paid, again=status == 504
        )
    if status in TROUBLE or status >= 500:
        return EngineError(message, request_id=request_id, may_be_paid=may_be_paid)
    if status in CLOSED or status in (404, 405) or status < 400:
        return EngineAccountError(message, request_id=request_id)
    return EngineRefused(message, request_id=request_id)


def id_of(response: httpx.Response) -> str | None:
    """Deepgram's id of the request, by which its support finds it."""
    return response.headers.get(REQUEST_ID) or request_id_of(response.content)


def _what(status: int) -> str:
    known: dict[int, str] = {**CLOSED, **REFUSED, **TOO_LONG, **TROUBLE}
    if status in known:
        return known[status]
    if status == 429:
        return "has too many requests of this project at once"
    if status >= 500:
        return "is in trouble"
    if status in (404, 405) or status < 400:
        return "is not at this base URL: see the credentials"
    return "refuses the request"


def _own_words(body: bytes) -> str | None:
    try:
        return snippet(_ErrorBody.model_validate_json(body).text) or None
    except ValidationError:
        return None
