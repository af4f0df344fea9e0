"""The base of engines behind HTTP: one request over one new connection, judged by its response.

A request is never repeated here, since a repeated one may be paid twice. The reply is returned byte
for byte, before it is read.
"""

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, cast

import httpx

from stenoflow.audio.encoding import RequestAudio
from stenoflow.engines.http_errors import (
    Reported,
    Statuses,
    StatusRule,
    no_response_error,
    rule_of,
    status_error,
)
from stenoflow.errors import EngineError, StenoflowError, Stopped
from stenoflow.http.request import AbortableRequest


class HttpEngine(ABC):
    """An engine behind HTTP. Safe to use from many threads.

    Subclasses say how to send a request, and what their service means by its statuses.
    """

    statuses: Statuses
    """What each status means."""
    request_id_header: str
    """Response header with the id by which the service finds a request."""

    def __init__(self, *, called: str, host: str, deadline_s: float) -> None:
        self._called = called
        self._host = host
        self._deadline_s = deadline_s

    def transcribe(self, body: RequestAudio, *, stop: threading.Event) -> bytes:
        """Send one request and return the reply, byte for byte: a JSON object.

        Raises EngineRefused, EngineAccountError, EngineBusy and RequestTooLong by the response's
        status; EngineError for any other, where there is no response, or where it is not a JSON
        object; Stopped.
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
            raise no_response_error(
                request,
                failure,
                called=self._called,
                host=self._host,
                deadline_s=self._deadline_s,
                request_id=request.headers.get(self.request_id_header),
            ) from failure
        return self._reply(request, request.response, body)

    @abstractmethod
    def _send(self, request: AbortableRequest, body: RequestAudio) -> None:
        """Send the request by :meth:`AbortableRequest.client`, and have its response read."""

    @abstractmethod
    def _reported(self, body: bytes) -> Reported:
        """Return what the service itself says in the body of an error."""

    @abstractmethod
    def _redact(self, message: str, body: RequestAudio) -> str:
        """Return an error's message without the secrets that the service may have repeated."""

    def _rule(self, status: int, reported: Reported) -> StatusRule:
        """Return the rule for an error; some services need its text as well."""
        return rule_of(status, self.statuses)

    def _request_id(self, response: httpx.Response) -> str | None:
        """Return the id by which the service finds the request."""
        return response.headers.get(self.request_id_header)

    def _reply_error(
        self, reply: Mapping[str, Any], request_id: str | None
    ) -> StenoflowError | None:
        """Return the error for a reply that shows that no request to this model can succeed."""
        return None

    def _reply(
        self, request: AbortableRequest, response: httpx.Response, body: RequestAudio
    ) -> bytes:
        if not response.is_success:
            raise self._status_error(response, body, sent=request.sent)
        reply = _json_object(response.content)
        if reply is not None:
            if error := self._reply_error(reply, self._request_id(response)):
                raise error
            return response.content
        if request.aborted_by == "stop":
            raise Stopped(f"Stopped while {self._called} was answering; the request may be paid.")
        raise EngineError(
            f"{self._called}'s reply is broken off, or not a transcription: "
            f"{len(response.content)} bytes of {response.headers.get('content-type', 'no type')} "
            "that are not a JSON object.",
            request_id=self._request_id(response),
            may_be_paid=True,
        )

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


def _json_object(content: bytes) -> Mapping[str, Any] | None:
    try:
        value: Any = json.loads(content)
    except ValueError:
        return None
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else None
