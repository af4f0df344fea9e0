"""A stand-in for Deepgram over real HTTP: hears what it is sent, bills it, and misbehaves on demand.

    with StandIn() as standin:
        engine = DeepgramEngine(options, standin.key, standin.url)
        standin.script(status(503), FINE)
        ...
        standin.bill.of(sha256)

Audio that the corpus has a recorded reply for gets that; other audio gets the positions of its sounds.
Another process can read the bill and the requests, and write the script: see ``apart.py``.
"""

# pyright: basic

import dataclasses
import hashlib
import json
import select
import socket
import struct
import tempfile
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from stenoflow.testing.deepgram.faults import FINE, HTML, OWN_ERRORS, Fault, Mix
from stenoflow.testing.deepgram.recognition import Unreadable, hear
from stenoflow.testing.deepgram.replies import (
    Query,
    RecordedReplies,
    metadata,
    on,
    recorded_replies,
    reply,
)

KEY = "standin-key-3f9a1c77d2"
CHUNK = 1 << 16
MOST_BYTES = 2 * 1000**3
KNOWN = frozenset(
    """
    callback callback_method extra sentiment summarize tag topics custom_topic custom_topic_mode
    intents custom_intent custom_intent_mode detect_entities detect_language diarize diarize_model
    dictation encoding filler_words keyterm keywords language measurements model multichannel
    numerals paragraphs profanity_filter punctuate redact replace search smart_format utterances
    utt_split version mip_opt_out
    """.split()  # noqa: SIM905
)
"""Parameters of https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One payment: work was done, whether or not its reply arrived."""

    request_id: str
    sha256: str
    seconds: float
    """Paid: the length, once for each channel heard apart."""


@dataclass(slots=True)
class Bill:
    """Everything that was charged."""

    charges: list[Charge] = field(default_factory=list[Charge])

    def of(self, sha256: str) -> list[Charge]:
        """What was charged for one body of audio."""
        return [charge for charge in self.charges if charge.sha256 == sha256]

    @property
    def seconds(self) -> float:
        return sum(charge.seconds for charge in self.charges)


@dataclass(slots=True)
class Request:
    """One request as it came in."""

    id: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    """Lower case, without the authorization."""
    fault: Fault
    received: int = 0
    """Bytes of the body that were read."""
    sha256: str | None = None
    """Of the whole audio; None where it did not come whole."""
    status: int | None = None
    """Of the response; None where there was none."""
    at_s: float = field(default_factory=time.time)

    @property
    def unknown(self) -> set[str]:
        """Parameters that Deepgram does not document."""
        return set(self.query) - KNOWN


class StandIn:
    """The server, listening while the ``with`` block runs. Safe to use from many threads."""

    def __init__(
        self,
        *,
        key: str = KEY,
        port: int = 0,
        latency_s: float = 0.0,
        most_bytes: int = MOST_BYTES,
        mix: Mix | None = None,
        replies: RecordedReplies | None = None,
    ) -> None:
        self.key = key
        self.latency_s = latency_s
        """How long the work on each request takes, before it is billed."""
        self.most_bytes = most_bytes
        self.mix = mix
        """What requests meet when the script has come to its end."""
        self.replies = recorded_replies() if replies is None else replies
        self.bill = Bill()
        self.requests: list[Request] = []
        self.most_open = 0
        """The most requests that were open at once."""
        self.arrived = threading.Condition()
        """Notified whenever a request has come in, been billed, or been answered."""
        self.closing = threading.Event()
        self._script: deque[Fault] = deque()
        self._open = 0
        self._server = _Server(("127.0.0.1", port), self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def script(self, *faults: Fault) -> None:
        """What the next requests meet, in their order; after that all goes well, or by ``mix``."""
        with self.arrived:
            self._script.extend(faults)

    def wait_for(self, what: Any, timeout_s: float = 10.0) -> None:
        """Wait until ``what()`` is true of this stand-in. Raises TimeoutError."""
        with self.arrived:
            if not self.arrived.wait_for(what, timeout_s):
                raise TimeoutError("the stand-in has waited in vain")

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
        with self.arrived:
            fault = (
                self._script.popleft() if self._script else self.mix.next() if self.mix else FINE
            )
            request = Request(str(uuid.uuid4()), query, headers, fault)
            self.requests.append(request)
            self._open += 1
            self.most_open = max(self.most_open, self._open)
            self.arrived.notify_all()
            return request

    def end(self) -> None:
        with self.arrived:
            self._open -= 1
            self.arrived.notify_all()

    def charge(self, charge: Charge) -> None:
        with self.arrived:
            self.bill.charges.append(charge)
            self.arrived.notify_all()

    def report(self) -> dict[str, Any]:
        """Bill and requests as JSON values."""
        with self.arrived:
            return {
                "bill": [dataclasses.asdict(charge) for charge in self.bill.charges],
                "requests": [dataclasses.asdict(request) for request in self.requests],
                "most_open": self.most_open,
            }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], standin: StandIn) -> None:
        self.standin = standin
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is nothing to write down."""


@dataclass(frozen=True, slots=True)
class _Refused(Exception):
    code: int
    message: str | None = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are kept in ``StandIn.requests``."""

    def do_GET(self) -> None:
        if self._path() == "/standin" and self._is_ours():
            self._send(200, json.dumps(self.server.standin.report()).encode())
        else:
            self._send_error(404)

    def do_POST(self) -> None:
        if self._path() == "/standin/script" and self._is_ours():
            body = self.rfile.read(int(self.headers["content-length"]))
            self.server.standin.script(*(Fault(**each) for each in json.loads(body)))
            self._send(200, b"{}")
        elif self._path() == "/v1/listen":
            self._listen()
        else:
            self._send_error(404)

    def _path(self) -> str:
        return urlsplit(self.path).path

    def _is_ours(self) -> bool:
        return self.headers.get("authorization") == f"Token {self.server.standin.key}"

    def _listen(self) -> None:
        standin = self.server.standin
        headers = {name.lower(): value for name, value in self.headers.items()}
        headers.pop("authorization", None)
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        request = standin.begin(query, headers)
        # One request a connection: what a fault left unread would be taken for the next.
        self.close_connection = True
        try:
            self._answer(request)
        except _Refused as refused:
            request.status = refused.code
            self._send_error(refused.code, request, refused.message)
        finally:
            standin.end()

    def _answer(self, request: Request) -> None:
        fault = request.fault
        if not self._is_ours():
            raise _Refused(401)
        if problem := _contradiction(request.query):
            raise _Refused(400, problem)
        if fault.early and fault.status is not None:
            raise _Refused(fault.status)
        with tempfile.NamedTemporaryFile(prefix="standin-") as file:
            if not self._receive(request, file):
                return
            if fault.status is not None:
                raise _Refused(fault.status)
            body = self._worked_out(request, Path(file.name))
        if fault.hang:
            self._wait_until_left(None)
            return
        if fault.late_s and self._wait_until_left(fault.late_s):
            return
        request.status = 200
        self._send(200, _spoiled(body, fault), request)

    def _receive(self, request: Request, file: Any) -> bool:
        """Take the body in; False where the fault is to break off meanwhile."""
        fault, most = request.fault, self.server.standin.most_bytes
        if "content-length" not in request.headers:
            raise _Refused(411)
        length = int(request.headers["content-length"])
        until = length if fault.reset_request_at is None else min(fault.reset_request_at, length)
        while request.received < until:
            chunk = self.rfile.read(min(CHUNK, until - request.received))
            if not chunk:
                return False
            request.received += len(chunk)
            file.write(chunk)
        if fault.reset_request_at is not None:
            self._reset()
            return False
        if length > most:
            raise _Refused(413)
        if request.headers.get("content-type", "").startswith("application/json"):
            file.flush()
            self._fetch(json.loads(Path(file.name).read_bytes())["url"], file)
        file.flush()
        with Path(file.name).open("rb") as whole:
            request.sha256 = hashlib.file_digest(whole, "sha256").hexdigest()
        return True

    def _fetch(self, url: str, file: Any) -> None:
        file.seek(0)
        file.truncate()
        try:
            with httpx.stream("GET", url, timeout=10) as response:
                response.raise_for_status()
                for chunk in response.iter_bytes():
                    file.write(chunk)
        except httpx.HTTPError as error:
            said = f"REMOTE_CONTENT_ERROR: could not fetch {url}"
            raise _Refused(400, said) from error

    def _worked_out(self, request: Request, path: Path) -> bytes:
        """The reply to a body, billed."""
        standin, fault, query = self.server.standin, request.fault, request.query
        sha256 = request.sha256 or ""
        raw = standin.replies.best(sha256, query)
        if fault.reply is not None and "metadata" in fault.reply:
            answer = fault.reply
            raw = None
        elif fault.reply is not None:
            heard = self._heard(path, query)
            told = metadata(
                request.id, sha256, heard.duration_s, channels=heard.sent_channels, query=query
            )
            answer = {"metadata": told, **fault.reply}
            raw = None
        elif raw is not None:
            answer = json.loads(raw)
        else:
            answer = reply(self._heard(path, query), query, request_id=request.id, sha256=sha256)
        standin.closing.wait(standin.latency_s)
        about = answer["metadata"]
        apart = len(answer["results"]["channels"])
        standin.charge(Charge(about["request_id"], sha256, about["duration"] * apart))
        if fault.duration_factor == 1.0 and not fault.wrong_sha256:
            return raw or json.dumps(answer).encode()
        digest = "0" * 64 if fault.wrong_sha256 else sha256
        wrong = {"duration": about["duration"] * fault.duration_factor, "sha256": digest}
        return json.dumps({**answer, "metadata": {**about, **wrong}}).encode()

    def _heard(self, path: Path, query: Query) -> Any:
        try:
            return hear(path, apart=on(query, "multichannel"))
        except Unreadable as error:
            raise _Refused(400) from error

    def _send_error(
        self, code: int, request: Request | None = None, said: str | None = None
    ) -> None:
        fault = request.fault if request else FINE
        name, message = OWN_ERRORS.get(code, ("ERROR", "Not found."))
        error = {"err_code": name, "err_msg": said or message, "request_id": request and request.id}
        body = HTML if fault.from_gateway else json.dumps(error).encode()
        self._send(code, body, request, html=fault.from_gateway)

    def _send(
        self, code: int, body: bytes, request: Request | None = None, *, html: bool = False
    ) -> None:
        fault = request.fault if request else FINE
        html = html or (code == 200 and fault.spoiled == "html")
        lines = [
            f"HTTP/1.1 {code} {self.responses[code][0] if code in self.responses else ''}",
            f"content-type: {'text/html' if html else 'application/json'}",
            f"content-length: {len(body)}",
        ]
        if request and not fault.from_gateway:
            lines.append(f"dg-request-id: {request.id}")
        if fault.retry_after is not None and code == fault.status:
            lines.append(f"retry-after: {fault.retry_after}")
        if self.close_connection:
            lines.append("connection: close")
        raw = "\r\n".join([*lines, "", ""]).encode() + body
        if fault.reset_response_at is not None:
            self.wfile.write(raw[: fault.reset_response_at])
            self._reset()
        elif fault.drip_s is not None:
            for at in range(len(raw)):
                self.wfile.write(raw[at : at + 1])
                if self._wait_until_left(fault.drip_s):
                    return
        else:
            self.wfile.write(raw)

    def _reset(self) -> None:
        """Close so that the other side is told of it at once, whatever is unread."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Both the connection and the file made of it hold the socket open.
        self.rfile.close()
        self.connection.close()

    def _wait_until_left(self, most_s: float | None) -> bool:
        """Whether the client has gone, or the stand-in is closing, within so long."""
        until_s = time.monotonic() + most_s if most_s is not None else float("inf")
        while (left_s := until_s - time.monotonic()) > 0:
            if self.server.standin.closing.is_set():
                return True
            readable, _, _ = select.select([self.connection], [], [], min(left_s, 0.05))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return True
        return False

    def finish(self) -> None:
        if not self.rfile.closed:
            super().finish()


def _contradiction(query: Query) -> str | None:
    """What Deepgram itself refuses about a combination of parameters."""
    model = (query.get("model") or ["base-general"])[-1]
    if "diarize" in query and "diarize_model" in query:
        return "diarize and diarize_model cannot be used together."
    if "keyterm" in query and not model.startswith("nova-3"):
        return "Keyterms are only supported with nova-3."
    if "keywords" in query and model.startswith("nova-3"):
        return "Keywords are not supported with nova-3. Please use keyterm instead."
    return None


def _spoiled(body: bytes, fault: Fault) -> bytes:
    match fault.spoiled:
        case None:
            return body
        case "truncated":
            return body[: len(body) // 2]
        case "html":
            return HTML
        case "not an object":
            return b"[1, 2]"
        case "wrong shape":
            return b'{"metadata": {}, "results": "none"}'
        case "error object":
            return json.dumps({"err_code": "OOPS", "err_msg": "No.", "request_id": "r"}).encode()
        case "empty":
            return b""
