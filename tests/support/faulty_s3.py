"""An S3 server that answers for chosen objects as a test defines it, in front of one that works."""

import http.client
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from bench.harness.s3_server import S3Server
from tests.support.answering_s3 import Answer

Fault = Callable[[str, str], Answer | None]
"""Returns the answer to a request, by its method and the object's key; None: the server answers."""

_HOP = {"connection", "keep-alive", "transfer-encoding"}


@contextmanager
def faulty_s3(server: S3Server, fault: Fault) -> Generator[S3Server]:
    """Yield the server's double: requests about an object that ``fault`` has no answer to pass through.

    Listings, which are about a bucket, have the key "".
    """
    upstream = urlsplit(server.endpoint_url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            key = unquote(urlsplit(self.path).path.lstrip("/").partition("/")[2])
            with suppress(ConnectionError):
                if answer := fault(self.command, key):
                    answer(self)
                else:
                    self.forward()

        def forward(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            # The host stays as it was signed.
            connection = http.client.HTTPConnection(upstream.netloc, timeout=60)
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() not in {"connection", "expect"}:
                    connection.putheader(name, value)
            connection.endheaders(self.rfile.read(length) if length else None)
            response = connection.getresponse()
            body = response.read()
            self.send_response_only(response.status, response.reason)
            for name, value in response.getheaders():
                if name.lower() not in {*_HOP, "content-length"}:
                    self.send_header(name, value)
            announced = response.getheader("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", announced or str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            connection.close()

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815 - names that it requires

        def log_message(self, format: str, *args: object) -> None:
            """Do nothing: the test reports what was wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as double:
        double.daemon_threads = True
        thread = threading.Thread(target=double.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield S3Server(
                f"http://127.0.0.1:{double.server_port}",
                server.access_key_id,
                server.secret_access_key,
            )
        finally:
            double.shutdown()
            thread.join()
