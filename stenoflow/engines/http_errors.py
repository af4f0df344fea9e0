"""Errors of engines behind HTTP: one decision table by status, and what to say without a response."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from re import Pattern
from types import MappingProxyType
from typing import Any, Literal

import httpx

from stenoflow.errors import (
    ConfigurationError,
    EngineAccountError,
    EngineBusy,
    EngineError,
    EngineRefused,
    RequestRefused,
    RequestTooLong,
    StenoflowError,
    Stopped,
)
from stenoflow.http.connection_errors import connection_failure
from stenoflow.http.request import AbortableRequest

FROM_A_GATEWAY = (500, 502, 504)
"""Statuses of a gateway that has lost the engine's response, after the work, perhaps, was done."""

SNIPPET_CHARS = 300

_FOR_GOOD = {
    "account": EngineAccountError,
    "audio": EngineRefused,
    "configuration": ConfigurationError,
    "request": RequestRefused,
}


@dataclass(frozen=True, slots=True)
class StatusRule:
    """Meaning of a status: the error it becomes, and what the engine did."""

    kind: Literal["account", "audio", "configuration", "request", "busy", "too_long", "transient"]
    """EngineAccountError, EngineRefused, ConfigurationError, RequestRefused, EngineBusy, RequestTooLong or
    EngineError. Only ``audio`` is a verdict on a recording."""
    text: str
    """Follows the engine's name in the message."""
    same_again: bool = False
    """With ``too_long``: the same request is worth one more try before it is halved."""


Statuses = Mapping[int, StatusRule]


@dataclass(frozen=True, slots=True)
class TextRule:
    """Meaning of a status with a certain text of the engine's."""

    statuses: tuple[int, ...]
    says: Pattern[str]
    """Found anywhere in the engine's code and message."""
    rule: StatusRule


@dataclass(frozen=True, slots=True)
class Reported:
    """The engine's own message; empty if the response is not the engine's own."""

    text: str = ""
    code: str | None = None


@dataclass(frozen=True, slots=True)
class StatusTable:
    """Meanings of an engine's statuses: the first text that fits decides, then the status."""

    texts: Sequence[TextRule]
    statuses: Statuses

    def rule_of(self, status: int, reported: Reported) -> StatusRule:
        """Return the rule of an error; statuses without one of their own follow their class."""
        for each in self.texts:
            if status in each.statuses and each.says.search(reported.text):
                return each.rule
        if rule := self.statuses.get(status):
            return rule
        if status >= 500:
            return StatusRule("transient", "is in trouble")
        if status >= 400:
            return StatusRule("request", "refuses the request")
        return StatusRule("account", "is not at this base URL")


COMMON_STATUSES: Statuses = MappingProxyType(
    {
        400: StatusRule("request", "refuses the request"),
        402: StatusRule("account", "is out of credit"),
        404: StatusRule("account", "is not at this base URL"),
        405: StatusRule("account", "is not at this base URL"),
        408: StatusRule("transient", "did not get the audio fast enough"),
        413: StatusRule("too_long", "takes no audio this long"),
        429: StatusRule("busy", "has too many requests at once"),
        504: StatusRule("too_long", "did not finish in time", same_again=True),
    }
)
"""Meanings common to all engines, after RFC 9110. Each engine adds its own rules, or replaces these."""


def status_error(
    response: httpx.Response,
    rule: StatusRule,
    reported: Reported,
    *,
    called: str,
    request_id: str | None,
    sent: bool,
) -> StenoflowError:
    """Return the error for a response that is not a success; ``called`` names the engine.

    An error that the engine itself reports is not billed. The page of a gateway says nothing about
    that: such a request, once it was ``sent`` whole, may be paid.
    """
    status = response.status_code
    details = reported.text or snippet(response.text)
    message = f"{called} {rule.text} ({status}{f', {details}' if details else ''})."
    may_be_paid = sent and not reported.text and status in FROM_A_GATEWAY
    match rule.kind:
        case "account" | "audio" | "configuration" | "request":
            error = _FOR_GOOD[rule.kind](message)
            error.request_id = request_id
            return error
        case "busy":
            wait_s = retry_after_s(response.headers.get("retry-after"))
            return EngineBusy(message, request_id=request_id, retry_after_s=wait_s)
        case "too_long":
            return RequestTooLong(
                message, request_id=request_id, may_be_paid=may_be_paid, again=rule.same_again
            )
        case "transient":
            return EngineError(message, request_id=request_id, may_be_paid=may_be_paid)


def no_response_error(
    request: AbortableRequest,
    failure: Exception | None,
    *,
    called: str,
    host: str,
    deadline_s: float,
    request_id: str | None,
) -> StenoflowError:
    """Return the error for a request without a response.

    A ``failure`` that has nothing to do with the network is raised as it is.
    """
    if request.aborted_by == "stop":
        return Stopped(f"Stopped while {called} was transcribing; the request may be paid.")
    if request.aborted_by == "deadline":
        what = f"has not answered within {deadline_s:g} s"
    elif isinstance(failure, httpx.ConnectTimeout | httpx.ConnectError):
        what = f"cannot be reached at {host}"
    elif isinstance(failure, httpx.TimeoutException):
        what = "has been silent for too long" if request.sent else "does not take the audio"
    elif isinstance(failure, httpx.HTTPError):
        what = "broke off the connection"
    else:
        raise failure or AssertionError("the client returned without a response")
    why = ""
    if failure is not None and request.aborted_by is None:
        why = f" ({connection_failure(failure) or type(failure).__name__})"
    return EngineError(f"{called} {what}{why}.", request_id=request_id, may_be_paid=request.sent)


def retry_after_s(value: Any) -> float | None:
    """Return the seconds of a Retry-After header, which may be a date (RFC 9110, 10.2.3).

    None where it is neither.
    """
    if not isinstance(value, str):
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - time.time()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def snippet(text: str) -> str:
    """Return the beginning of a text from outside, on one line, as part of a sentence."""
    return " ".join(text[: 2 * SNIPPET_CHARS].split())[:SNIPPET_CHARS].rstrip(".")
