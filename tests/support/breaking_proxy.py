"""A proxy that breaks: it forwards TCP to a server, and cuts connections after so many response bytes."""

import socket
import struct
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

_RESET = struct.pack("ii", 1, 0)
"""Value of SO_LINGER with which closing sends a reset."""


@dataclass(frozen=True, slots=True)
class Break:
    """How a connection breaks once the server has sent so many bytes over it."""

    after: int
    """Bytes of responses, heads included, since the last break."""
    how: Literal["reset", "close", "silence"] = "reset"
    meanwhile: Callable[[], object] = lambda: None
    """Called when those bytes are sent, before the connection breaks."""


@dataclass
class BreakingProxy:
    """The proxy's address, and a record of what passed through it."""

    url: str = ""
    breaks: list[Break] = field(default_factory=list[Break])
    """The breaks to come, one after the other; then the proxy works."""
    asked: list[str] = field(default_factory=list[str])
    """Heads of all requests."""
    answered: int = 0
    """Bytes forwarded from the server."""
    silent: threading.Event = field(default_factory=threading.Event)
    """Set once it is silent."""
    _since: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: list[socket.socket] = field(default_factory=list[socket.socket])

    def ranges(self) -> list[str]:
        """Return the ``Range`` of each request that had one."""
        lines = (line for head in self.asked for line in head.splitlines())
        return [line.partition(":")[2].strip() for line in lines if line.startswith("Range:")]

    def serve(self, listener: socket.socket, upstream: tuple[str, int]) -> None:
        """Accept connections until the listener is closed."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(upstream)
            self._open += [client, server]
            for pump in (self._requests, self._answers):
                threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def end(self) -> None:
        """Close all connections."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if b" HTTP/1.1\r\n" in data:
                    self.asked.append(data.partition(b"\r\n\r\n")[0].decode("latin-1"))
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                with self._lock:
                    broken = self._next(len(data))
                    if broken:
                        data = data[: broken.after - self._since]
                        self._since = 0
                    else:
                        self._since += len(data)
                    self.answered += len(data)
                client.sendall(data)
                if broken:
                    self._break(broken, client, server)
                    return
            client.shutdown(socket.SHUT_WR)

    def _next(self, more: int) -> Break | None:
        if self.breaks and self._since + more > self.breaks[0].after:
            return self.breaks.pop(0)
        return None

    def _break(self, broken: Break, client: socket.socket, server: socket.socket) -> None:
        broken.meanwhile()
        if broken.how == "silence":
            self.silent.set()
            return
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        if broken.how == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            # Otherwise the thread that waits for the next request would keep it open.
            client.shutdown(socket.SHUT_RD)
        else:
            client.shutdown(socket.SHUT_RDWR)
        client.close()


@contextmanager
def breaking_proxy(upstream_url: str, breaks: Iterable[Break] = ()) -> Generator[BreakingProxy]:
    """Run a proxy in front of ``upstream_url`` that breaks as given."""
    upstream = urlsplit(upstream_url)
    assert upstream.hostname and upstream.port
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = BreakingProxy(f"http://127.0.0.1:{listener.getsockname()[1]}", list(breaks))
        threading.Thread(
            target=proxy.serve,
            args=(listener, (upstream.hostname, upstream.port)),
            daemon=True,
        ).start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            proxy.end()
