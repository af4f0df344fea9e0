"""A stand-in for Deepgram over real HTTP: it recognizes tones, bills, and fails on demand.

    with StandIn() as standin:
        engine = DeepgramEngine(options, Credential(standin.key, standin.url))
        standin.script(status(503), FINE)
        ...
        standin.bill.of(sha256)

Audio with a recorded reply gets that reply; other audio gets the positions of its tones. Another
process can read the bill and the requests, and write the script: see ``process.py``.
"""

# pyright: basic

import dataclasses
import threading
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, Self

from stenoflow.testing.deepgram.faults import FINE, Fault, Mix
from stenoflow.testing.deepgram.handler import HttpServer
from stenoflow.testing.deepgram.records import Bill, Charge, Request
from stenoflow.testing.deepgram.replies import RecordedReplies, recorded_replies

KEY = "standin-key-3f9a1c77d2"
MAX_BYTES = 2 * 1000**3


class StandIn:
    """The server, which listens while the ``with`` block runs. It is safe to use from many threads."""

    def __init__(
        self,
        *,
        key: str = KEY,
        port: int = 0,
        latency_s: float = 0.0,
        max_bytes: int = MAX_BYTES,
        mix: Mix | None = None,
        replies: RecordedReplies | None = None,
    ) -> None:
        self.key = key
        self.latency_s = latency_s
        """Seconds that each request takes before it is billed."""
        self.max_bytes = max_bytes
        self.mix = mix
        """Faults of the requests that come after the end of the script."""
        self.replies = recorded_replies() if replies is None else replies
        self.bill = Bill()
        self.requests: list[Request] = []
        self.max_open = 0
        """The largest number of requests that were open at the same time."""
        self.arrived = threading.Condition()
        """Notified when a request comes in, is billed, or is answered."""
        self.closing = threading.Event()
        self._script: deque[Fault] = deque()
        self._open = 0
        self._server = HttpServer(("127.0.0.1", port), self)

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def script(self, *faults: Fault) -> None:
        """Set the faults of the next requests, in order; later requests follow ``mix``."""
        with self.arrived:
            self._script.extend(faults)

    def wait_for(self, what: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Wait until ``what()`` is true. Raises TimeoutError."""
        with self.arrived:
            if not self.arrived.wait_for(what, timeout_s):
                raise TimeoutError(f"not true within {timeout_s:g} s")

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def begin(self, query: dict[str, list[str]], headers: dict[str, str]) -> Request:
        """Record a request, and decide its fault."""
        with self.arrived:
            fault = (
                self._script.popleft() if self._script else self.mix.next() if self.mix else FINE
            )
            request = Request(str(uuid.uuid4()), query, headers, fault)
            self.requests.append(request)
            self._open += 1
            self.max_open = max(self.max_open, self._open)
            self.arrived.notify_all()
            return request

    def end(self) -> None:
        """Record that a request was answered or dropped."""
        with self.arrived:
            self._open -= 1
            self.arrived.notify_all()

    def charge(self, charge: Charge) -> None:
        """Add a charge to the bill."""
        with self.arrived:
            self.bill.charges.append(charge)
            self.arrived.notify_all()

    def report(self) -> dict[str, Any]:
        """Return the bill and the requests as JSON values."""
        with self.arrived:
            return {
                "bill": [dataclasses.asdict(charge) for charge in self.bill.charges],
                "requests": [dataclasses.asdict(request) for request in self.requests],
                "max_open": self.max_open,
            }
