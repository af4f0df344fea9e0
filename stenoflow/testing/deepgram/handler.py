"""The HTTP side of the Deepgram stand-in: requests are read, and replies or faults sent."""

# pyright: basic

import hashlib
import json
import select
import socket
import struct
import tempfile
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx

from stenoflow.testing.deepgram.faults import FINE, HTML, OWN_ERRORS, Fault
from stenoflow.testing.deepgram.recognition import Unreadable, recognize
from stenoflow.testing.deepgram.records import Charge, Request
from stenoflow.testing.deepgram.replies import Query, metadata, on, reply

if TYPE_CHECKING:
    from stenoflow.testing.deepgram.server import StandIn

CHUNK = 1 << 16


class HttpServer(ThreadingHTTPServer):
    """A thread for each connection, none of which delays the end of the process."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], standin: "StandIn") -> None:
        self.standin = standin
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client that disconnects is part of the tests."""


@dataclass(frozen=True, slots=True)
class _Refused(Exception):
    code: int
    message: str | None = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HttpServer

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: requests are kept in ``StandIn.requests``."""

    def do_GET(self) -> None:
        """Answer with the bill and the requests."""
        if self._path() == "/standin" and self._is_authorized():
            self._send(200, json.dumps(self.server.standin.report()).encode())
        else:
            self._send_error(404)

    def do_POST(self) -> None:
        """Transcribe, or take a script."""
        if self._path() == "/standin/script" and self._is_authorized():
            body = self.rfile.read(int(self.headers["content-length"]))
            self.server.standin.script(*(Fault(**each) for each in json.loads(body)))
            self._send(200, b"{}")
        elif self._path() == "/v1/listen":
            self._listen()
        else:
            self._send_error(404)

    def _path(self) -> str:
        return urlsplit(self.path).path

    def _is_authorized(self) -> bool:
        return self.headers.get("authorization") == f"Token {self.server.standin.key}"

    def _listen(self) -> None:
        standin = self.server.standin
        headers = {name.lower(): value for name, value in self.headers.items()}
        headers.pop("authorization", None)
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        request = standin.begin(query, headers)
        # One request per connection: bytes that a fault left unread would be read as the next request.
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
        if not self._is_authorized():
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
            body = self._transcribe(request, Path(file.name))
        if fault.hang:
            self._wait_for_disconnect(None)
            return
        if fault.late_s and self._wait_for_disconnect(fault.late_s):
            return
        request.status = 200
        self._send(200, _spoiled(body, fault), request)

    def _receive(self, request: Request, file: Any) -> bool:
        """Read the body; return False if the connection ended before its end."""
        fault, max_bytes = request.fault, self.server.standin.max_bytes
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
        if length > max_bytes:
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
            raise _Refused(400, f"REMOTE_CONTENT_ERROR: could not fetch {url}") from error

    def _transcribe(self, request: Request, path: Path) -> bytes:
        """Return the body of the reply to a request, which is billed."""
        standin, fault, query = self.server.standin, request.fault, request.query
        sha256 = request.sha256 or ""
        raw = standin.replies.best(sha256, query)
        if fault.reply is not None and "metadata" in fault.reply:
            answer = fault.reply
            raw = None
        elif fault.reply is not None:
            recognition = self._recognize(path, query)
            values = metadata(
                request.id,
                sha256,
                recognition.duration_s,
                channels=recognition.sent_channels,
                query=query,
            )
            answer = {"metadata": values, **fault.reply}
            raw = None
        elif raw is not None:
            answer = json.loads(raw)
        else:
            answer = reply(
                self._recognize(path, query), query, request_id=request.id, sha256=sha256
            )
        standin.closing.wait(standin.latency_s)
        about = answer["metadata"]
        channels = len(answer["results"]["channels"])
        standin.charge(Charge(about["request_id"], sha256, about["duration"] * channels))
        if fault.duration_factor == 1.0 and not fault.wrong_sha256:
            return raw or json.dumps(answer).encode()
        digest = "0" * 64 if fault.wrong_sha256 else sha256
        wrong = {"duration": about["duration"] * fault.duration_factor, "sha256": digest}
        return json.dumps({**answer, "metadata": {**about, **wrong}}).encode()

    def _recognize(self, path: Path, query: Query) -> Any:
        try:
            return recognize(path, multichannel=on(query, "multichannel"))
        except Unreadable as error:
            raise _Refused(400) from error

    def _send_error(
        self, code: int, request: Request | None = None, message: str | None = None
    ) -> None:
        fault = request.fault if request else FINE
        name, default = fault.error or OWN_ERRORS.get(code, ("ERROR", "Not found."))
        error = {
            "err_code": name,
            "err_msg": message or default,
            "request_id": request and request.id,
        }
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
                if self._wait_for_disconnect(fault.drip_s):
                    return
        else:
            self.wfile.write(raw)

    def _reset(self) -> None:
        """Close the connection with a TCP reset, whatever is unread."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The connection and the file made from it each keep the socket open.
        self.rfile.close()
        self.connection.close()

    def _wait_for_disconnect(self, timeout_s: float | None) -> bool:
        """Return True if the client disconnects, or the stand-in closes, within so many seconds."""
        until_s = time.monotonic() + timeout_s if timeout_s is not None else float("inf")
        while (left_s := until_s - time.monotonic()) > 0:
            if self.server.standin.closing.is_set():
                return True
            readable, _, _ = select.select([self.connection], [], [], min(left_s, 0.05))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return True
        return False

    def finish(self) -> None:
        """Close the connection, unless a reset has done so."""
        if not self.rfile.closed:
            super().finish()


def _contradiction(query: Query) -> str | None:
    """Return the message with which Deepgram refuses a combination of parameters."""
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
