"""The blocks' logos, for the UI in a browser on this machine, for as long as ``stenoflow serve`` runs.

Prefect keeps of a logo its http address only. Each lies beside its block's module, as an SVG file.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files


@cache
def logos() -> dict[str, bytes]:
    """By their file names."""
    found = (file for file in files("stenoflow.blocks").iterdir() if file.name.endswith(".svg"))
    return {file.name: file.read_bytes() for file in found}


@contextmanager
def served_logos() -> Generator[str]:
    """The address at which they are served until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Logos) as server:
        threading.Thread(target=server.serve_forever, name="logos", daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class _Logos(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = logos().get(self.path.removeprefix("/"))
        if body is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("content-type", "image/svg+xml")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what a browser fetched is no news."""
