"""An S3 server that answers each request as a test defines it."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.harness.s3_server import S3Server
from stenoflow.http.backoff import Backoff
from stenoflow.storage.s3 import S3Limits, S3Store

AT_ONCE = Backoff(first_s=0, longest_s=0)
"""Pauses of no length."""
IMPATIENT = S3Limits(attempts=1, resumes=0, backoff=AT_ONCE)
"""Nothing is tried a second time."""

Answer = Callable[[BaseHTTPRequestHandler], None]


def says(
    status: int, code: str = "", message: str = "", headers: dict[str, str] | None = None
) -> Answer:
    """Return an answer in S3's error format; without ``code`` there is no body."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>" if code else ""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in (headers or {}).items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.rfile.read(int(request.headers.get("Content-Length", 0)))
        if request.command != "HEAD":
            request.wfile.write(body.encode())

    return answer


@contextmanager
def answering(*answers: Answer, limits: S3Limits = S3Limits(backoff=AT_ONCE)) -> Generator[S3Store]:
    """Yield a store whose server gives these answers in turn, and the last one from then on."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            with suppress(ConnectionError):
                (left.pop(0) if len(left) > 1 else left[0])(self)

        do_GET = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815 - names that it requires

        def log_message(self, format: str, *args: object) -> None:
            """Do nothing: the test reports what was wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            running = S3Server(f"http://127.0.0.1:{server.server_port}", "key", "hidden")
            yield running.open("calls", limits=limits)
        finally:
            server.shutdown()
            thread.join()
