"""One HTTP exchange that can be cut off from outside: by a total deadline, or by a wish to stop.

The timeouts of httpx hold for each read and each write by itself: an answer that drips in byte by
byte outlives them all. Here a thread watches the clock and ``stop``, and shuts the socket, whereupon
whoever reads or writes fails at once. Only the look-up of a name, which ends by the resolver's own
limits, and the connecting, which has a timeout, are not cut short.
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

POLL_S = 0.1
"""How often the watching thread looks at ``stop``; the deadline it meets exactly."""

Cut = Literal["stop", "deadline"]


class AbortableRequest:
    """What is known of one exchange while it goes on, and after it has failed.

    The deadline counts from the making of the line. Where nobody was reached, another client of the
    same line may try another address, under the same deadline.
    """

    def __init__(self, stop: threading.Event, deadline_s: float) -> None:
        self._stop = stop
        self._end_s = time.monotonic() + deadline_s
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.cut: Cut | None = None
        """Why it was cut off, where it was."""
        self.sent = False
        """Whether the whole request has left this machine: from then on it may be acted upon."""
        self.headers = httpx.Headers()
        """Of the answer, as soon as they are there."""
        self.response: httpx.Response | None = None
        """The answer, once it is read to its end."""

    def _traced(self, event: str, info: Mapping[str, Any]) -> None:
        """Told by httpcore, see https://www.encode.io/httpcore/extensions/#trace."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                if self.cut:
                    self._shut()
        elif event.endswith("send_request_body.complete"):
            self.sent = True

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _watch(self) -> None:
        while not self._done.wait(min(POLL_S, max(0.0, self._end_s - time.monotonic()))):
            if self._stop.is_set() or time.monotonic() >= self._end_s:
                with self._lock:
                    self.cut = "stop" if self._stop.is_set() else "deadline"
                    self._shut()
                return

    def _asked(self, request: httpx.Request) -> None:
        request.extensions["trace"] = self._traced

    def _read(self, response: httpx.Response) -> None:
        self.headers = response.headers
        response.read()
        self.response = response

    @contextmanager
    def client(
        self,
        timeout: httpx.Timeout,
        *,
        transport: httpx.BaseTransport | None = None,
        read: bool = True,
    ) -> Generator[httpx.Client]:
        """A client for this one exchange, over a connection of its own: one that was kept from
        earlier may be closed from the other side by now. Redirects are not followed; the answer is
        read to its end, unless ``read`` is false."""
        self._done.clear()
        watcher = threading.Thread(target=self._watch, name="line", daemon=True)
        watcher.start()
        try:
            with httpx.Client(
                verify=trusted(),
                timeout=timeout,
                transport=transport,
                event_hooks={"request": [self._asked], "response": [self._read] if read else []},
            ) as client:
                yield client
        finally:
            self._done.set()
            watcher.join()


@cache
def trusted() -> ssl.SSLContext:
    """Whom to trust; made once, as it takes a while."""
    return httpx.create_ssl_context()
