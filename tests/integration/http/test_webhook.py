"""A web service is notified of outcomes: signed, once in each attempt, without proxies or redirects."""

import base64
import hashlib
import hmac
import http.server
import json
import socket
import ssl
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stenoflow.errors import ConfigurationError, Stopped, WebhookRejected, WebhookUnavailable
from stenoflow.http.options import WebhookOptions
from stenoflow.http.request import trusted
from stenoflow.http.webhook import deliver
from tests.support.certificate import write_certificate
from tests.support.webhook import NOTIFICATION, resolve, send


@dataclass
class Receiver:
    """A web service that records what it receives."""

    url: str = ""
    status: int = 204
    location: str | None = None
    silent: bool = False
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)
    leave: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Generator[Receiver]:
    receiver = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.taken.append((headers, body))
            receiver.came.set()
            if receiver.silent:
                receiver.leave.wait()
                return
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("location", receiver.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https" if context else "http"
        receiver.url = f"{scheme}://127.0.0.1:{server.server_address[1]}/hook?for=us"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.leave.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with receiving() as running:
        yield running


def named(url: str, host: str) -> str:
    return url.replace("127.0.0.1", host)


def test_an_outcome_is_sent_as_json(receiver: Receiver) -> None:
    send(receiver.url)
    ((headers, body),) = receiver.taken
    assert headers["content-type"] == "application/json"
    assert headers["host"] == receiver.url.split("/")[2]
    assert json.loads(body) == {
        "schema": "stenoflow/notice/1",
        "id": "a1b2",
        "key": "calls/2026/ünïcode.mp3",
        "outcome": "rejected",
        "reason": "The recording is longer than the profile allows.",
        "error": "OverLimit",
        "manifest": "_stenoflow/manifests/calls/2026/ünïcode.mp3/0.json",
        "flow_run": None,
        "finished": "2026-11-23T18:00:00Z",
    }


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("just some text", b"just some text"),
        ("whsec_" + base64.b64encode(b"\x00\xff raw bytes").decode(), b"\x00\xff raw bytes"),
    ],
)
def test_who_knows_the_secret_can_check_a_notification(
    receiver: Receiver, secret: str, key: bytes
) -> None:
    send(receiver.url, secret=secret)
    ((headers, body),) = receiver.taken
    signed = b".".join(
        (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body)
    )
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert secret not in str(headers) + body.decode()


def test_without_a_secret_a_notification_is_not_signed(receiver: Receiver) -> None:
    send(receiver.url)
    assert "webhook-signature" not in receiver.taken[0][0]


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64"])
def test_a_broken_secret_sends_nothing(receiver: Receiver, secret: str) -> None:
    with pytest.raises(ConfigurationError, match="STENOFLOW_NOTIFY_SECRET"):
        send(receiver.url, secret=secret)
    assert not receiver.taken


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503, 504])
def test_transient_statuses_may_be_tried_again(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(WebhookUnavailable, match=str(status)):
        send(receiver.url)
    assert len(receiver.taken) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410, 413])
def test_refusals_are_final(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(WebhookRejected, match=str(status)):
        send(receiver.url)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    with receiving() as elsewhere:
        receiver.status, receiver.location = status, elsewhere.url
        with pytest.raises(WebhookRejected, match="redirects"):
            send(receiver.url)
        assert not elsewhere.taken


def test_an_unreachable_service_may_be_tried_again() -> None:
    with receiving() as gone:
        url = gone.url
    with pytest.raises(WebhookUnavailable, match=r"127\.0\.0\.1 could not be notified"):
        send(url)


def test_a_failed_look_up_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(WebhookUnavailable, match="looked up"):
        send("http://nowhere.test/")


def test_silence_ends_at_the_deadline(receiver: Receiver) -> None:
    receiver.silent = True
    with pytest.raises(WebhookUnavailable, match=r"no response within 0\.3 s"):
        send(receiver.url, deadline_s=0.3)


def test_cancellation_ends_the_attempt(receiver: Receiver) -> None:
    receiver.silent = True
    stop = threading.Event()
    rules = WebhookOptions(url=receiver.url, allow_private=True)
    with ThreadPoolExecutor(1) as threads:
        delivery = threads.submit(deliver, NOTIFICATION, rules, secret=None, stop=stop)
        assert receiver.came.wait(60)
        stop.set()
        with pytest.raises(Stopped):
            delivery.result(timeout=60)


def test_a_name_is_looked_up_once(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolve(monkeypatch, ["127.0.0.1"], ["192.0.2.1"])
    send(named(receiver.url, "receiver.test"))
    assert asked == ["receiver.test"]
    assert receiver.taken[0][0]["host"].startswith("receiver.test:")


def test_no_proxy_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        send(receiver.url)
        assert len(receiver.taken) == 1
        assert not proxy.taken


def test_the_next_address_is_tried_where_one_does_not_answer(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    send(named(receiver.url, "two.test"))
    assert len(receiver.taken) == 1


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[ssl.SSLContext]:
    """A server's certificate for receiver.test, trusted in this test."""
    pem = write_certificate(tmp_path / "receiver.pem", "receiver.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    trusted.cache_clear()
    yield context
    trusted.cache_clear()


def test_the_certificate_must_be_the_names(
    certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, ["127.0.0.1"])
    with receiving(certified) as receiver:
        send(named(receiver.url, "receiver.test"))
        assert len(receiver.taken) == 1
        with pytest.raises(WebhookUnavailable):
            send(named(receiver.url, "impostor.test"))
        assert len(receiver.taken) == 1
