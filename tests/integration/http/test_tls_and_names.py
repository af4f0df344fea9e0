"""Hosts that cannot be looked up, and servers that fail at TLS, for all that is reached over HTTP.

Stores, engines and the webhook say why, in words; nothing counts as paid, and another attempt may follow.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from stenoflow.audio.encoding import RequestAudio
from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.openai.engine import OpenAIEngine
from stenoflow.engines.openai.options import OpenAIOptions
from stenoflow.errors import (
    ConfigurationError,
    EngineError,
    StoreUnavailable,
    TransientError,
    WebhookUnavailable,
)
from stenoflow.storage.s3 import S3Config, S3Store
from stenoflow.testing.tones import Tone, request_audio, synthesize, write_wav
from tests.support.answering_s3 import IMPATIENT
from tests.support.certificate import write_certificate
from tests.support.webhook import NOT_STOPPED, send

Door = Callable[[str, RequestAudio], object]
"""Sends a request to a base URL."""


def read_from_s3(url: str, _: RequestAudio) -> object:
    config = S3Config(
        endpoint_url=url,
        region="us-east-1",
        access_key_id="key",
        secret_access_key="hidden",
        limits=IMPATIENT,
    )
    return S3Store("calls", config=config).read("a.mp3")


def ask_deepgram(url: str, audio: RequestAudio) -> object:
    engine = DeepgramEngine(DeepgramOptions(), Credential("key", url))
    return engine.transcribe(audio, stop=NOT_STOPPED)


def ask_openai(url: str, audio: RequestAudio) -> object:
    engine = OpenAIEngine(OpenAIOptions(base_url=url), Credential("key", url))
    return engine.transcribe(audio, stop=NOT_STOPPED)


def notify(url: str, _: RequestAudio) -> object:
    return send(f"{url}/hook")


DOORS: dict[Door, type[TransientError]] = {
    read_from_s3: StoreUnavailable,
    ask_deepgram: EngineError,
    ask_openai: EngineError,
    notify: WebhookUnavailable,
}

Shake = Callable[[socket.socket, ssl.SSLContext], object]
"""What a server does instead of a handshake that succeeds."""


def with_a_certificate_of_its_own(connection: socket.socket, context: ssl.SSLContext) -> None:
    context.wrap_socket(connection, True).recv(100)


def without_tls(connection: socket.socket, _: ssl.SSLContext) -> None:
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def with_an_alert(connection: socket.socket, _: ssl.SSLContext) -> None:
    connection.recv(1000)
    connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28")


def with_nonsense(connection: socket.socket, _: ssl.SSLContext) -> None:
    connection.recv(1000)
    connection.sendall(b"\x16\x03\x03\x00\x05hello")


def by_leaving(connection: socket.socket, _: ssl.SSLContext) -> None:
    connection.recv(1000)


@contextmanager
def shaking(shake: Shake, folder: Path) -> Generator[str]:
    """Yield the URL of a server whose handshakes fail like this."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_certificate(folder / "server.pem", "elsewhere.test"))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    shake(connection, context)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> RequestAudio:
    path = tmp_path_factory.mktemp("audio") / "tone.wav"
    return request_audio(
        write_wav(path, synthesize((Tone(100, 8_000, 300),), 16_000)), samples=16_000
    )


def failure(door: Door, url: str, audio: RequestAudio) -> str:
    """Return the message of the error, which is that of a passing failure, before anything is paid."""
    with pytest.raises(DOORS[door]) as raised:
        door(url, audio)
    assert not getattr(raised.value, "may_be_paid", False)
    return str(raised.value)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("shake", "why"),
    [
        (with_a_certificate_of_its_own, "certificate is not trusted: self-signed certificate"),
        (without_tls, "it does not speak TLS there"),
        (with_an_alert, "handshake failure"),
        (with_nonsense, "it does not speak TLS there"),
        (by_leaving, ""),
    ],
)
def test_a_failed_handshake_is_explained(
    door: Door, shake: Shake, why: str, audio: RequestAudio, tmp_path: Path
) -> None:
    with shaking(shake, tmp_path) as url:
        assert why in failure(door, url, audio)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "code", [socket.EAI_NONAME, socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_NODATA]
)
def test_a_failed_look_up_is_explained(
    door: Door, code: int, audio: RequestAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "the name servers' words")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert "looked up: the name servers' words" in failure(door, "https://host.test", audio)


@pytest.mark.parametrize("door", DOORS)
def test_a_name_without_an_address_is_a_failure(
    door: Door, audio: RequestAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    failure(door, "https://host.test", audio)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("host", ["a" * 64 + ".test", "a..test", "b\u2024c.test", ""])
def test_a_name_that_no_host_can_have_is_a_mistake(
    door: Door, host: str, audio: RequestAudio
) -> None:
    with pytest.raises(ConfigurationError):
        door(f"https://{host}", audio)
