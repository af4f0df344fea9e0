"""What all engines behind HTTP have in common: why there was no answer, what of one may be shown."""

import math
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from stenoflow.errors import EngineError, StenoError, Stopped
from stenoflow.http.request import AbortableRequest

BEHIND_A_GATEWAY = (500, 502, 504)
"""What a gateway says when the engine's answer got lost, after the work, perhaps, was done."""

SHOWN_CHARS = 300


def no_response_error(
    line: AbortableRequest,
    failure: Exception | None,
    *,
    called: str,
    host: str,
    deadline_s: float,
    request_id: str | None,
) -> StenoError:
    """Why there is no answer on a line; what is no matter of the network is raised as it is."""
    if line.aborted_by == "stop":
        return Stopped(f"Stopped while {called} was transcribing; the request may be paid.")
    if line.aborted_by == "deadline":
        what = f"has not answered within {deadline_s:g} s"
    elif isinstance(failure, httpx.ConnectTimeout | httpx.ConnectError):
        what = f"cannot be reached at {host}"
    elif isinstance(failure, httpx.TimeoutException):
        what = "has been silent for too long" if line.sent else "does not take the audio"
    elif isinstance(failure, httpx.HTTPError):
        what = "broke off the connection"
    else:
        raise failure or AssertionError("the client returned without an answer")
    why = f" ({type(failure).__name__})" if line.aborted_by is None else ""
    return EngineError(f"{called} {what}{why}.", request_id=request_id, may_be_paid=line.sent)


def retry_after_s(value: Any) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3); None where it is neither."""
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
    """The beginning of a text from outside, in one line, as part of a sentence."""
    return " ".join(text[: 2 * SHOWN_CHARS].split())[:SHOWN_CHARS].rstrip(".")
