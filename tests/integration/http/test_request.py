"""A request ends when it should, whatever the other side does, over plain sockets and over TLS."""

import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from stenoflow.http.request import AbortableRequest, trusted
from tests.support.certificate import write_certificate

PATIENT = httpx.Timeout(30)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"


@contextmanager
def serving(
    serve: Callable[[socket.socket], None], context: ssl.SSLContext | None = None
) -> Generator[str]:
    """The URL of a server that treats its one connection so, and then holds it open."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with context.wrap_socket(connection, True) if context else connection as talking:
                    serve(talking)
                    done.wait()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            scheme = "https" if context else "http"
            yield f"{scheme}://localhost:{listener.getsockname()[1]}/"
        finally:
            done.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture(params=["plain", "TLS"])
def context(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[ssl.SSLContext | None]:
    if request.param == "plain":
        yield None
        return
    pem = write_certificate(tmp_path / "localhost.pem", "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    trusted.cache_clear()
    yield context
    trusted.cache_clear()


def silent(connection: socket.socket) -> None:
    connection.recv(65_536)


def dripping(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(HEAD)
    for _ in range(1000):
        connection.sendall(b" ")
        time.sleep(0.02)


def deaf(_: socket.socket) -> None:
    """Takes nothing in."""


def without_end() -> Iterator[bytes]:
    for _ in range(1000):
        yield bytes(1_000_000)


def fail(request: AbortableRequest, url: str, content: Iterator[bytes] | bytes = b"") -> None:
    """Send a request that fails, long before the timeouts of its client do."""
    with pytest.raises(httpx.HTTPError), request.client(PATIENT) as client:
        client.post(url, content=content)


@pytest.mark.parametrize("serve", [silent, dripping])
def test_the_deadline_holds_for_the_whole_exchange(
    context: ssl.SSLContext | None, serve: Callable[[socket.socket], None]
) -> None:
    with serving(serve, context) as url:
        request = AbortableRequest(threading.Event(), 0.3)
        fail(request, url)
    assert (request.aborted_by, request.sent, request.response) == ("deadline", True, None)


def test_it_holds_while_the_request_is_not_read(context: ssl.SSLContext | None) -> None:
    with serving(deaf, context) as url:
        request = AbortableRequest(threading.Event(), 0.5)
        fail(request, url, without_end())
    assert (request.aborted_by, request.sent) == ("deadline", False)


@pytest.mark.parametrize("begun", [b"", HEAD + b" "], ids=["silent", "begun"])
def test_cancellation_aborts_it(context: ssl.SSLContext | None, begun: bytes) -> None:
    stop = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(begun)
        stop.set()

    with serving(serve, context) as url:
        request = AbortableRequest(stop, 30)
        fail(request, url)
    assert request.aborted_by == "stop"


def test_an_answer_in_time_is_read_whole(context: ssl.SSLContext | None) -> None:
    def answering(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(HEAD + b"x" * 1000)

    with serving(answering, context) as url:
        request = AbortableRequest(threading.Event(), 30)
        with request.client(PATIENT) as client:
            client.post(url, content=b"hello")
    assert request.response
    assert (request.aborted_by, request.sent, request.response.content) == (None, True, b"x" * 1000)


def compressed(size: int, wbits: int) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return deflater.compress(bytes(size)) + deflater.flush()


@pytest.mark.parametrize(("encoding", "wbits"), [("gzip", 31), ("deflate", 15)])
def test_a_compressed_answer_is_read_up_to_the_limit_in_flat_memory(
    encoding: str, wbits: int
) -> None:
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\n".encode()

    def answering(size: int) -> Callable[[socket.socket], None]:
        body = compressed(size, wbits)

        def answer(connection: socket.socket) -> None:
            connection.recv(65_536)
            connection.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)

        return answer

    with serving(answering(1_000_000)) as url:
        request = AbortableRequest(threading.Event(), 30, max_bytes=1_000_000)
        with request.client(PATIENT) as client:
            client.post(url)
    assert request.response
    assert request.response.content == bytes(1_000_000)
    with serving(answering(200_000_000)) as url:
        tracemalloc.start()
        request = AbortableRequest(threading.Event(), 30, max_bytes=1_000_000)
        fail(request, url)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (request.too_large, len(request.received), request.status) == (True, 1_000_000, 200)
    assert peak < 8_000_000


def test_a_body_that_is_not_what_its_encoding_says_breaks_off() -> None:
    def answering(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nno z"
        )

    with serving(answering) as url:
        request = AbortableRequest(threading.Event(), 30)
        fail(request, url)
    assert (request.response, request.too_large) == (None, False)


def test_no_thread_is_left_behind() -> None:
    with serving(silent) as url:
        request = AbortableRequest(threading.Event(), 0.2)
        fail(request, url)
        assert "abortable-request" not in {thread.name for thread in threading.enumerate()}
