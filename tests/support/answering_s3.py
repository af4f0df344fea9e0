"""A server that answers every request as a test tells it."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stenoflow.storage.s3 import S3Store
from tests.support.s3 import S3Server

Answer = Callable[[BaseHTTPRequestHandler], None]


def says(
    status: int, code: str = "", message: str = "", headers: dict[str, str] | None = None
) -> Answer:
    """A refusal in S3's words; without ``code`` there is no body."""
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
def answering(*answers: Answer) -> Generator[S3Store]:
    """A store whose server gives these answers in turn, and the last of them ever after."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            with suppress(ConnectionError):
                (left.pop(0) if len(left) > 1 else left[0])(self)

        do_GET = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815 - as it wants them called

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test says what was wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield S3Server(f"http://127.0.0.1:{server.server_port}", "key", "hidden").open("calls")
        finally:
            server.shutdown()
            thread.join()
