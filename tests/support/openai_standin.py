"""A small stand-in for servers of OpenAI's transcription protocol, over real HTTP.

It recognizes tones to the sample, as the Deepgram stand-in does, or answers from a script.
"""

import hashlib
import json
import mmap
import select
import socket
import struct
import tempfile
import threading
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from stenoflow.testing.deepgram.recognition import recognize
from stenoflow.times import SAMPLE_RATE

KEY = "sk-standin-9c41"
CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Meets:
    """What one request meets instead of a recognizer."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    early: bool = False
    """Answers before the body is read."""
    reset_request_at: int | None = None
    """Resets the connection after this many bytes of the request's body."""
    cut_at: int | None = None
    """Resets the connection after this many bytes of the answer's body."""
    hang: bool = False
    drip_s: float = 0.0


@dataclass(slots=True)
class Request:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    received: int = 0
    fields: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    file_name: str = ""
    content_type: str = ""
    file_sha256: str = ""


class OpenAIStandIn:
    """Runs for the length of a ``with`` block."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answered = threading.Event()
        """Set once a request was read to its end."""
        self._script: deque[Meets] = deque()
        self._closing = threading.Event()
        standin = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                standin._serve(self)

            def log_message(self, format: str, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def script(self, *meets: Meets) -> None:
        """Set what the next requests meet; those after them are recognized."""
        self._script.extend(meets)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        request = Request(handler.path, headers)
        self.requests.append(request)
        meets = self._script.popleft() if self._script else None
        with (
            tempfile.NamedTemporaryFile(suffix=".body") as body,
            tempfile.TemporaryDirectory() as at,
        ):
            if not (meets and meets.early):
                self._read(handler, request, body, meets)
                if meets and meets.reset_request_at is not None:
                    return
                body.flush()
                audio = _parted(Path(body.name), request, Path(at))
                if meets is None:
                    meets = Meets(body=json.dumps(_heard(audio, request)).encode())
            self.answered.set()
            self._answer(handler, meets or Meets())

    def _read(
        self, handler: BaseHTTPRequestHandler, request: Request, body: Any, meets: Meets | None
    ) -> None:
        left = int(request.headers["content-length"])
        stop_at = meets.reset_request_at if meets else None
        while left:
            most = min(left, CHUNK if stop_at is None else stop_at - request.received)
            if most <= 0:
                _reset(handler)
                return
            block = handler.rfile.read(most)
            if not block:
                return
            request.received += len(block)
            left -= len(block)
            body.write(block)

    def _answer(self, handler: BaseHTTPRequestHandler, meets: Meets) -> None:
        if meets.hang:
            self._wait_for_goodbye(handler)
            return
        handler.send_response(meets.status)
        handler.send_header("content-length", str(len(meets.body)))
        handler.send_header("x-request-id", "req-1")
        for name, value in meets.headers:
            handler.send_header(name, value)
        handler.end_headers()
        try:
            if meets.drip_s:
                for at in range(len(meets.body)):
                    handler.wfile.write(meets.body[at : at + 1])
                    if self._closing.wait(meets.drip_s):
                        return
            else:
                handler.wfile.write(meets.body[: meets.cut_at])
        except OSError:
            return
        if meets.cut_at is not None or meets.early:
            _reset(handler)

    def _wait_for_goodbye(self, handler: BaseHTTPRequestHandler) -> None:
        while not self._closing.is_set():
            readable, _, _ = select.select([handler.connection], [], [], 0.05)
            if readable and not handler.connection.recv(1):
                return


def _reset(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def _parted(body: Path, request: Request, folder: Path) -> Path:
    """The file of a multipart body, in a folder; its fields go into the request."""
    boundary = request.headers["content-type"].partition("boundary=")[2].strip('"').encode()
    audio = folder / "none"
    with body.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        at = whole.find(b"--" + boundary)
        while (end := whole.find(b"\r\n--" + boundary, at)) >= 0:
            head_at = whole.find(b"\r\n", at) + 2
            value_at = whole.find(b"\r\n\r\n", at) + 4
            head = message_from_bytes(whole[head_at:value_at])
            name = str(head.get_param("name", header="content-disposition"))
            if head.get_filename() is None:
                request.fields.setdefault(name, []).append(whole[value_at:end].decode())
            else:
                request.file_name = str(head.get_filename())
                request.content_type = head.get_content_type()
                audio = folder / "audio"
                with audio.open("wb") as copy:
                    for start in range(value_at, end, CHUNK):
                        copy.write(whole[start : min(start + CHUNK, end)])
            at = end + 2
    with audio.open("rb") as copied:
        request.file_sha256 = hashlib.file_digest(copied, "sha256").hexdigest()
    return audio


def _heard(audio: Path, request: Request) -> dict[str, Any]:
    recognition = recognize(audio, multichannel=False)
    words = [
        {
            "word": f"tone{sound.pitch_hz}",
            "start": sound.start / SAMPLE_RATE,
            "end": sound.end / SAMPLE_RATE,
        }
        for sound in recognition.channels[0]
    ]
    text = " ".join(str(word["word"]) for word in words)
    ends = (words[0]["start"], words[-1]["end"]) if words else (0.0, 0.0)
    segments = [{"id": 0, "text": text, "start": ends[0], "end": ends[1]}] if words else []
    return {
        "task": "transcribe",
        "language": "english",
        "duration": round(recognition.duration_s, 2),
        "text": text,
        "words": words if "word" in request.fields.get("timestamp_granularities[]", []) else None,
        "segments": segments,
    }
