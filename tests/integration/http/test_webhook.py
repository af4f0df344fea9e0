"""A web service is told of endings: signed, once a try, and nowhere that is private."""

import base64
import hashlib
import hmac
import http.server
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stenoflow.errors import ConfigurationError, Stopped
from stenoflow.http import webhook as notifying
from stenoflow.http.options import WebhookOptions
from stenoflow.http.request import trusted
from stenoflow.http.webhook import (
    Notice,
    WebhookRejected,
    WebhookUnavailable,
    is_public,
    notify,
    signature_headers,
)
from tests.support.certificate import write_certificate

GO_ON = threading.Event()
NOTICE = Notice(
    id="a1b2",
    key="calls/2026/ünïcode.mp3",
    outcome="rejected",
    reason="The recording is longer than the profile allows.",
    error="OverLimit",
    manifest="_stenoflow/manifests/calls/2026/ünïcode.mp3/0.json",
    finished=datetime(2026, 11, 23, 18, 0, tzinfo=UTC),
)


@dataclass
class Receiver:
    """A web service that writes down what it is told."""

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


def tell(url: str, *, secret: str | None = None, allow_private: bool = True) -> None:
    rules = WebhookOptions(url=url, allow_private=allow_private)
    notify(NOTICE, rules, secret=secret, stop=GO_ON)


def named(url: str, host: str) -> str:
    return url.replace("127.0.0.1", host)


def resolve(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Answer look-ups of names in turn, as a name server may; the names that were looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *args: Any, **named: Any) -> Any:
        if not host.endswith(".test"):
            return real(host, port, *args, **named)
        asked.append(host)
        answer = answers[min(len(asked), len(answers)) - 1]
        return [entry for each in answer for entry in real(each, port, *args, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_an_ending_is_told_as_json(receiver: Receiver) -> None:
    tell(receiver.url)
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
def test_who_knows_the_secret_can_check_a_notice(
    receiver: Receiver, secret: str, key: bytes
) -> None:
    tell(receiver.url, secret=secret)
    ((headers, body),) = receiver.taken
    signed = b".".join(
        (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body)
    )
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert secret not in str(headers) + body.decode()


def test_the_standards_own_example_is_met() -> None:
    headers = signature_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_without_a_secret_a_notice_is_not_signed(receiver: Receiver) -> None:
    tell(receiver.url)
    assert "webhook-signature" not in receiver.taken[0][0]


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64"])
def test_a_broken_secret_sends_nothing(receiver: Receiver, secret: str) -> None:
    with pytest.raises(ConfigurationError, match="STENOFLOW_NOTIFY_SECRET"):
        tell(receiver.url, secret=secret)
    assert not receiver.taken


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503, 504])
def test_trouble_passes(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(WebhookUnavailable, match=str(status)):
        tell(receiver.url)
    assert len(receiver.taken) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410, 413])
def test_refusals_do_not(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(WebhookRejected, match=str(status)):
        tell(receiver.url)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    with receiving() as elsewhere:
        receiver.status, receiver.location = status, elsewhere.url
        with pytest.raises(WebhookRejected, match="redirects"):
            tell(receiver.url)
        assert not elsewhere.taken


def test_nobody_there_is_trouble() -> None:
    with receiving() as gone:
        url = gone.url
    with pytest.raises(WebhookUnavailable, match=r"127\.0\.0\.1 could not be told"):
        tell(url)


def test_a_name_that_is_not_found_is_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(WebhookUnavailable, match="looked up"):
        tell("http://nowhere.test/")


def test_silence_ends_at_the_deadline(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "DEADLINE_S", 0.3)
    receiver.silent = True
    with pytest.raises(WebhookUnavailable):
        tell(receiver.url)


def test_a_wish_to_stop_is_met(receiver: Receiver) -> None:
    receiver.silent = True
    stop = threading.Event()
    rules = WebhookOptions(url=receiver.url, allow_private=True)
    with ThreadPoolExecutor(1) as threads:
        telling = threads.submit(notify, NOTICE, rules, secret=None, stop=stop)
        assert receiver.came.wait(10)
        stop.set()
        with pytest.raises(Stopped):
            telling.result(timeout=5)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
def test_private_addresses_are_not_called(host: str) -> None:
    with pytest.raises(ConfigurationError, match="no public address"):
        tell(f"http://{host}:9/", allow_private=False)


def test_one_private_address_among_public_ones_is_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve(monkeypatch, ["93.184.216.34", "10.0.0.7"])
    with pytest.raises(ConfigurationError, match=r"10\.0\.0\.7"):
        tell("http://mixed.test/", allow_private=False)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_a_name_is_looked_up_once(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolve(monkeypatch, ["127.0.0.1"], ["192.0.2.1"])
    tell(named(receiver.url, "receiver.test"))
    assert asked == ["receiver.test"]
    assert receiver.taken[0][0]["host"].startswith("receiver.test:")


def test_no_proxy_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        tell(receiver.url)
        assert len(receiver.taken) == 1
        assert not proxy.taken


def test_the_next_address_is_tried_where_nobody_answers(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    tell(named(receiver.url, "two.test"))
    assert len(receiver.taken) == 1


@pytest.mark.parametrize(
    "url", ["http://user:password@example.org/", "http:///path", "http://[::1/"]
)
def test_a_url_of_the_wrong_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"notify\.url") as caught:
        tell(url)
    assert "password@" not in str(caught.value)


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
        tell(named(receiver.url, "receiver.test"))
        assert len(receiver.taken) == 1
        with pytest.raises(WebhookUnavailable):
            tell(named(receiver.url, "impostor.test"))
        assert len(receiver.taken) == 1
