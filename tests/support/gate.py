"""A gate before a server: while it is shut, connections are cut, as those to a server that is away."""

import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_RESET = struct.pack("ii", 1, 0)
"""Value of SO_LINGER with which closing sends a reset."""


@dataclass
class Gate:
    """The gate's address, and how many connections came while it was shut."""

    url: str
    _upstream: tuple[str, int]
    _open: set[socket.socket] = field(default_factory=set[socket.socket])
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _shut_for: int | None = 0
    turned_away: int = 0

    def shut(self, *, attempts: int | None = None) -> None:
        """Cut all connections; open again after so many further attempts, or never."""
        with self._lock:
            self._shut_for = attempts
            for each in self._open:
                _reset(each)
            self._open.clear()

    def open(self) -> None:
        """Let everybody through."""
        with self._lock:
            self._shut_for = 0

    def serve(self, listener: socket.socket) -> None:
        """Accept connections until the listener is closed."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                if self._shut_for is None or self._shut_for > 0:
                    self.turned_away += 1
                    self._shut_for = None if self._shut_for is None else self._shut_for - 1
                    _reset(client)
                    client.close()
                    continue
                server = socket.create_connection(self._upstream)
                self._open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.shutdown(socket.SHUT_RDWR)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def gate_before(url: str) -> Generator[Gate]:
    """Run a gate, open at first, before the server at ``url``; its own URL has the same path."""
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        own = f"{parts.scheme}://127.0.0.1:{listener.getsockname()[1]}{parts.path}"
        gate = Gate(own, (parts.hostname, parts.port))
        thread = threading.Thread(target=gate.serve, args=(listener,))
        thread.start()
        try:
            yield gate
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            gate.shut()
