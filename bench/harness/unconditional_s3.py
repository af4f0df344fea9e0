"""A proxy in front of an S3 server that forwards every request without its ``If-None-Match``."""

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@contextmanager
def without_conditions(upstream_url: str) -> Generator[str]:
    """Yield the URL of a proxy that ignores conditions, as some S3 servers do."""
    upstream = urlsplit(upstream_url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("if-none-match", "expect", "connection")
            }
            server = HTTPConnection(upstream.hostname or "", upstream.port)
            server.request(self.command, self.path, body, headers)
            response = server.getresponse()
            answer = response.read()
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            length = response.getheader("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(answer)))
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(answer)
            server.close()

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = forward  # noqa: N815 - names that it requires

        def log_message(self, format: str, *args: object) -> None:
            """Do nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        proxy.daemon_threads = True
        thread = threading.Thread(target=proxy.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_port}"
        finally:
            proxy.shutdown()
            thread.join()
