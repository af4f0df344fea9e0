"""Failures that the stand-in can produce, each of which real services have shown."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

OWN_ERRORS = {
    400: ("Bad Request", "Bad Request: failed to process audio: corrupt or unsupported data"),
    401: ("INVALID_AUTH", "Invalid credentials."),
    402: ("ASR_PAYMENT_REQUIRED", "Project does not have enough credits for an ASR request."),
    403: ("INSUFFICIENT_PERMISSIONS", "Project does not have access to the requested model."),
    408: ("SLOW_UPLOAD", "The request timed out while the body was being read."),
    411: ("LENGTH_REQUIRED", "Content-Length is required."),
    413: ("PAYLOAD_TOO_LARGE", "Maximum audio size of 2 GB exceeded."),
    414: ("URI_TOO_LONG", "The request's URL is too long."),
    422: ("UNPROCESSABLE_ENTITY", "The request body could not be read whole."),
    429: ("TOO_MANY_REQUESTS", "Too many requests. Please try again later."),
    500: ("INTERNAL_SERVER_ERROR", "Internal server error."),
    502: ("BAD_GATEWAY", "Bad gateway."),
    503: ("SERVICE_UNAVAILABLE", "Service is unavailable."),
    504: ("GATEWAY_TIMEOUT", "The request took longer than 10 minutes to process."),
}
"""``err_code`` and ``err_msg`` by status."""

HTML = b"<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>\n"

Spoiling = Literal["truncated", "html", "not an object", "wrong shape", "error object", "empty"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Faults of one request; without any, it is answered normally."""

    status: int | None = None
    """The status of the response; no work is done and nothing is billed."""
    error: tuple[str, str] | None = None
    """``err_code`` and ``err_msg`` of the error, in place of :data:`OWN_ERRORS`."""
    early: bool = False
    """The status is sent before the body is read."""
    retry_after: str | None = None
    from_gateway: bool = False
    """The error is a page of HTML, as a gateway sends it, in place of Deepgram's JSON."""
    reset_request_at: int | None = None
    """The connection is reset after so many bytes of the body; nothing is billed."""
    hang: bool = False
    """The request is processed and billed, and never answered."""
    late_s: float = 0.0
    """Seconds by which the response comes late."""
    reset_response_at: int | None = None
    """The connection is reset after so many bytes of the response, headers included; a negative number
    counts from the end of the response."""
    drip_s: float | None = None
    """The response is sent byte by byte, with so many seconds between two."""
    spoiled: Spoiling | None = None
    """Status 200 with a body that is not a transcription."""
    duration_factor: float = 1.0
    """The reply names the true duration times this factor."""
    wrong_sha256: bool = False
    reply: dict[str, Any] | None = None
    """The body of the reply, in place of the recognition; ``metadata`` is added unless it is given."""


FINE = Fault()
"""No fault."""


def status(code: int, *, retry_after: str | None = None, from_gateway: bool = False) -> Fault:
    """Return the fault of a response with this status."""
    return Fault(status=code, retry_after=retry_after, from_gateway=from_gateway)


UNPAID = (
    status(429),
    status(429, retry_after="1"),
    status(500),
    status(503),
    status(503, from_gateway=True),
    status(408),
    status(422),
    Fault(reset_request_at=0),
    Fault(reset_request_at=1000),
)
"""Faults after which the client knows that nothing was billed."""

PAID = (
    Fault(reset_response_at=0),
    Fault(reset_response_at=100),
    Fault(reset_response_at=600),
    Fault(spoiled="truncated"),
    Fault(spoiled="html"),
)
"""Faults after which the work is billed, and the client has no usable reply."""


@dataclass(slots=True)
class Mix:
    """Faults for a random share of all requests; the seed makes them repeatable."""

    seed: int
    share: float = 0.2
    faults: Sequence[Fault] = UNPAID
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def next(self) -> Fault:
        """Return the fault of the next request, which may be FINE."""
        hit, which = self._random.random() < self.share, self._random.randrange(len(self.faults))
        return self.faults[which] if hit else FINE
