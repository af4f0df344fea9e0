"""The base of engines behind HTTP: one request over one new connection, judged by its response.

A request is never repeated here, since a repeated one may be paid twice. The reply is returned byte
for byte, before it is read.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

import httpx
from pydantic_core import from_json

from stenoflow.audio.encoding import RequestAudio
from stenoflow.engines.http_errors import (
    Reported,
    StatusRule,
    StatusTable,
    no_response_error,
    status_error,
)
from stenoflow.errors import BrokenReply, ErrorReply, ReplyTooLarge, StenoflowError, Stopped
from stenoflow.http.request import AbortableRequest
from stenoflow.transcript.model import Reply


class HttpEngine(ABC):
    """An engine behind HTTP. Safe to use from many threads.

    Subclasses say how to send a request, and what their service means by its statuses.
    """

    statuses: StatusTable
    """Meaning of each status."""
    request_id_header: str
    """Response header with the id by which the service finds a request."""

    def __init__(self, *, called: str, host: str, deadline_s: float) -> None:
        self._called = called
        self._host = host
        self._deadline_s = deadline_s

    def transcribe(self, body: RequestAudio, *, stop: threading.Event) -> bytes:
        """Send one request and return the body of a successful response, byte for byte, whatever it is.

        Raises EngineRefused, RequestRefused, ConfigurationError, EngineAccountError, EngineBusy and
        RequestTooLong by the response's status and text; BrokenReply and ReplyTooLarge where a
        successful response was not read to its end; EngineError for any other status, and where there
        is no response; Stopped.
        """
        if stop.is_set():
            raise Stopped(f"Stopped before the audio was sent to {self._called}.")
        request = AbortableRequest(stop, self._deadline_s)
        failure: Exception | None = None
        try:
            self._send(request, body)
        except Exception as error:
            # A client library may trip over a response that is there nevertheless.
            failure = error
        if request.response is None:
            return self._broken_reply(request, failure)
        if not request.response.is_success:
            raise self._status_error(request.response, body, sent=request.sent)
        return request.response.content

    @abstractmethod
    def _send(self, request: AbortableRequest, body: RequestAudio) -> None:
        """Send the request by :meth:`AbortableRequest.client`, and have its response read."""

    @abstractmethod
    def _reported(self, body: bytes) -> Reported:
        """Return what the service itself says in the body of an error."""

    @abstractmethod
    def _redact(self, message: str, body: RequestAudio | None) -> str:
        """Return an error's message without the secrets that the service may have repeated.

        ``body`` is that of the request; None where it is not known any more.
        """

    def _parsed(self, read: Callable[[], Reply]) -> Reply:
        """Return a reply as ``read`` reads it; the text of an error in it is redacted."""
        try:
            return read()
        except ErrorReply as error:
            error.args = (self._redact(str(error), None),)
            raise

    def _rule(self, status: int, reported: Reported) -> StatusRule:
        """Return the rule for an error."""
        return self.statuses.rule_of(status, reported)

    def _request_id(self, response: httpx.Response) -> str | None:
        """Return the id by which the service finds the request."""
        return response.headers.get(self.request_id_header)

    def _broken_reply(self, request: AbortableRequest, failure: Exception | None) -> bytes:
        """Return what came of a response if nothing is missing but its formal end; raise otherwise."""
        error = no_response_error(
            request,
            failure,
            called=self._called,
            host=self._host,
            deadline_s=self._deadline_s,
            request_id=request.headers.get(self.request_id_header),
        )
        status, received = request.status, request.received
        if isinstance(error, Stopped) or status is None or not httpx.codes.is_success(status):
            raise error from failure
        if request.too_large:
            raise ReplyTooLarge(
                f"{self._called}'s reply is larger than {len(received) / 1024**2:g} MiB.",
                received,
                request_id=request.headers.get(self.request_id_header),
            ) from failure
        if _is_json(received):
            return received
        raise BrokenReply(
            f"{error} Its reply broke off after {len(received)} bytes.",
            received,
            request_id=request.headers.get(self.request_id_header),
        ) from failure

    def _status_error(
        self, response: httpx.Response, body: RequestAudio, *, sent: bool
    ) -> StenoflowError:
        reported = self._reported(response.content)
        error = status_error(
            response,
            self._rule(response.status_code, reported),
            reported,
            called=self._called,
            request_id=self._request_id(response),
            sent=sent,
        )
        error.args = (self._redact(str(error), body),)
        return error


def _is_json(content: bytes) -> bool:
    try:
        from_json(content)
    except ValueError:
        return False
    return True
