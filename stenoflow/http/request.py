"""An HTTP request that can be aborted: by a total deadline, or by cancellation.

The timeouts of httpx hold for each read and each write by itself, so a response that drips in byte by
byte outlives them all. Here a thread watches the clock and the ``stop`` event. It shuts the socket
down, whereupon the thread that reads or writes fails at once. Two things are not cut short: the
look-up of a name, which ends by the resolver's own limits, and connecting, which has a timeout.
"""

import socket
import ssl
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Literal

import httpx

from stenoflow.http.response_body import ENCODINGS, MAX_BYTES, BodyTooLarge, ResponseBody

POLL_S = 0.1
"""Seconds between two looks at ``stop``. The deadline is met exactly."""

AbortReason = Literal["stop", "deadline"]


class _ResponseRead(Exception):
    """Ends a client's call once the response has been read: only the caller parses it."""


class AbortableRequest:
    """One request under a total deadline, and what is known of it while it runs and after it failed.

    The deadline, in seconds, counts from the construction. Where no host was reached, a second client
    of the same request may try another address, under the same deadline.
    """

    def __init__(
        self, stop: threading.Event, deadline_s: float, *, max_bytes: int = MAX_BYTES
    ) -> None:
        self._stop = stop
        self._end_s = time.monotonic() + deadline_s
        self._max_bytes = max_bytes
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.aborted_by: AbortReason | None = None
        """Reason why the request was aborted; None if it was not."""
        self.sent = False
        """True once the whole request has left this machine: from then on it may be acted upon."""
        self.headers = httpx.Headers()
        """Headers of the response, as soon as they have arrived."""
        self.status: int | None = None
        """Status of the response, as soon as it has arrived."""
        self.received = b""
        """Bytes of a response that was not read to its end, decompressed."""
        self.too_large = False
        """True if the response was not read to its end since it is larger than the limit."""
        self.response: httpx.Response | None = None
        """The response, once it has been read to its end."""

    @contextmanager
    def client(
        self,
        timeout: httpx.Timeout,
        *,
        transport: httpx.BaseTransport | None = None,
        read: bool = True,
    ) -> Generator[httpx.Client]:
        """Yield a client for this one request, over a new connection.

        A connection kept from earlier may have been closed by the other side. Redirects are not
        followed. The response is read to its end, and the block left, unless ``read`` is false: then
        the block's own code reads it.
        """
        self._done.clear()
        watcher = threading.Thread(target=self._watch, name="abortable-request", daemon=True)
        watcher.start()
        hooks = {"request": [self._trace], "response": [self._read_response] if read else []}
        try:
            with (
                httpx.Client(
                    verify=trusted(),
                    timeout=timeout,
                    transport=transport,
                    event_hooks=hooks,
                    headers={"accept-encoding": ENCODINGS},
                ) as client,
                suppress(_ResponseRead),
            ):
                yield client
        finally:
            self._done.set()
            watcher.join()

    def _watch(self) -> None:
        """Abort the request at its deadline, or soon after ``stop`` is set."""
        while not self._done.wait(min(POLL_S, max(0.0, self._end_s - time.monotonic()))):
            if self._stop.is_set() or time.monotonic() >= self._end_s:
                with self._lock:
                    self.aborted_by = "stop" if self._stop.is_set() else "deadline"
                    self._shut_down_socket()
                return

    def _shut_down_socket(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _trace(self, request: httpx.Request) -> None:
        request.extensions["trace"] = self._on_trace

    def _on_trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow httpcore's events: https://www.encode.io/httpcore/extensions/#trace."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                if self.aborted_by:
                    self._shut_down_socket()
        elif event.endswith("send_request_body.complete"):
            self.sent = True

    def _read_response(self, response: httpx.Response) -> None:
        self.headers, self.status = response.headers, response.status_code
        body = ResponseBody(response.headers.get("content-encoding", ""), self._max_bytes)
        try:
            for raw in response.iter_raw():
                body.add(raw)
        except (httpx.HTTPError, httpx.StreamError) as error:
            self.received = bytes(body.content)
            self.too_large = isinstance(error, BodyTooLarge)
            raise
        headers = response.headers.copy()
        if body.decoded:
            del headers["content-encoding"]
        self.response = httpx.Response(
            response.status_code,
            headers=headers,
            content=bytes(body.content),
            request=response.request,
        )
        raise _ResponseRead


@cache
def trusted() -> ssl.SSLContext:
    """Return the certificates to trust; loaded once, as that takes a while."""
    return httpx.create_ssl_context()
