"""Notifications by HTTP push: ``POST /`` from Ceph RGW, MinIO, Amazon SNS, or a person with curl.

Every request must carry the secret: as bearer token, as the password of basic authentication, or, for
senders that can do neither, as the path. Each connection carries one request, so that its deadline is
the connection's. For TLS, put a reverse proxy before it.

- Ceph RGW: a topic's ``push-endpoint=http://HOST:PORT/SECRET``
- MinIO: ``MINIO_NOTIFY_WEBHOOK_ENDPOINT_x=http://HOST:PORT/``, ``MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_x=SECRET``
- Amazon SNS: a subscription to ``https://anybody:SECRET@HOST/``
"""

import asyncio
import hmac
import logging
import os
import socket
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Self

import uvicorn
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from stenoflow.errors import BadNotification, ConfigurationError, TransientError

SECRET = "STENOFLOW_RELAY_TOKEN"  # noqa: S105 (the name of the variable that holds it)
SHORTEST_SECRET = 16
MOST_BYTES = 1024**2
"""Largest notification. Those of AWS have at most 256 KiB."""
BODY_S = 10.0
CONNECTION_S = 40.0
"""After this a connection is cut, whatever it does: body and Prefect have had their time."""
MOST_CONNECTIONS = 64
AGAIN_S = "5"

Take = Callable[[bytes], Awaitable[int]]

log = logging.getLogger("stenoflow.relay")


class Rate:
    """A token bucket: ``per_s`` requests a second, after a burst of as many, at least one."""

    def __init__(self, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._most = max(1.0, per_s)
        self._clock = clock
        self._left = self._most
        self._at = clock()

    def admits(self) -> bool:
        """Return True, and count the request, if one more may pass now."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, said: str, **headers: str) -> None:
        super().__init__(said)
        names = ((name.replace("_", "-"), value) for name, value in headers.items())
        self.response = JSONResponse({"error": said}, status, dict(names))


class Listener:
    """An HTTP server at an address of one's choice."""

    def __init__(self, listening: socket.socket, secret: str, rate: Rate) -> None:
        self._socket = listening
        self._secret = secret.encode()
        self._rate = rate

    @classmethod
    def at(cls, address: str, per_s: float) -> Self:
        """Listen at ``HOST:PORT``, with the secret of the environment.

        Raises ConfigurationError if the secret is missing or short, or the address is not available.
        """
        secret = os.environ.get(SECRET, "").strip()
        if len(secret) < SHORTEST_SECRET:
            raise ConfigurationError(
                f"set {SECRET} to the secret that senders must know, of at least "
                f"{SHORTEST_SECRET} characters: without it anybody could start runs."
            )
        host, _, port = address.rpartition(":")
        try:
            return cls(socket.create_server((host.strip("[]"), int(port))), secret, Rate(per_s))
        except (OSError, ValueError, OverflowError) as error:
            raise ConfigurationError(
                f"cannot listen at {address!r} ({error}): write HOST:PORT."
            ) from error

    @property
    def url(self) -> str:
        """Address at which the server listens."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}/"

    async def serve(self, take: Take, stop: asyncio.Event) -> None:
        """Answer until ``stop`` is set; requests in hand are answered still."""
        config = uvicorn.Config(
            _Answering(take, self._secret, self._rate),
            http=_OneRequest,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # a path may hold the secret
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=int(CONNECTION_S),
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopping.cancel()
        await serving


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are the relay's."""
        yield


class _OneRequest(H11Protocol):
    """A connection that is cut at its deadline: uvicorn itself waits for ever for a request's head."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._cut = self.loop.call_later(CONNECTION_S, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cut.cancel()
        super().connection_lost(exc)


class _Answering:
    """The application: from a request to its answer."""

    def __init__(self, take: Take, secret: bytes, rate: Rate) -> None:
        self._take = take
        self._secret = secret
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = JSONResponse({"events": await self._taken(Request(scope, receive))})
        except Refused as refused:
            response = refused.response
        except ClientDisconnect:
            return
        response.headers["connection"] = "close"
        await response(scope, receive, send)

    async def _taken(self, request: Request) -> int:
        path = request.url.path.strip("/")
        if not (self._knows(request.headers) or self._is_secret(path)):
            raise Refused(401, "the secret is missing or wrong", www_authenticate="Bearer, Basic")
        if path and not self._is_secret(path):
            raise Refused(404, "notifications go to /")
        if request.method != "POST":
            raise Refused(405, "notifications are posted", allow="POST")
        if not self._rate.admits():
            raise Refused(429, "too many requests", retry_after=AGAIN_S)
        body = await _body(request)
        try:
            return await self._take(body)
        except BadNotification as error:
            log.warning("400: %s", error)
            raise Refused(400, str(error)) from error
        except TransientError as error:
            log.warning("503: %s", error)
            raise Refused(503, "Prefect has not taken it", retry_after=AGAIN_S) from error

    def _knows(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        match scheme.lower():
            case "bearer":
                return self._is_secret(given.strip())
            case "basic":
                try:
                    user_and_password = b64decode(given, validate=True)
                except ValueError:
                    return False
                return hmac.compare_digest(user_and_password.partition(b":")[2], self._secret)
            case _:
                return False

    def _is_secret(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(errors="surrogateescape"), self._secret)


async def _body(request: Request) -> bytes:
    """Raises Refused where it is too large or too slow."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise Refused(413, f"a notification has at most {MOST_BYTES} bytes")
    except TimeoutError as error:
        raise Refused(408, f"the body took longer than {BODY_S:g} s") from error
    return bytes(body)
