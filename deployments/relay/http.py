"""Notifications by HTTP push: ``POST /`` from Ceph RGW, MinIO, Amazon SNS, or a person with curl.

Every request must carry the secret: as bearer token, as the password of basic authentication, or, for
senders that can do neither, as the path. Each connection carries one request, under the deadlines of
:mod:`stenoflow.deployments.relay.connections`. For TLS, put a reverse proxy before it.

- Ceph RGW: a topic's ``push-endpoint=http://HOST:PORT/SECRET``
- MinIO: ``MINIO_NOTIFY_WEBHOOK_ENDPOINT_x=http://HOST:PORT/``, ``MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_x=SECRET``
- Amazon SNS: a subscription to ``https://anybody:SECRET@HOST/``
"""

import asyncio
import hmac
import logging
import math
import os
import socket
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Self, cast

import uvicorn
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from stenoflow.deployments.relay.connections import Connection, Limits
from stenoflow.errors import BadNotification, ConfigurationError, TransientError

SECRET = "STENOFLOW_RELAY_TOKEN"  # noqa: S105 (the name of the variable that holds it)
SHORTEST_SECRET = 16
DEFAULT_LIMITS = Limits()

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

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        names = ((name.replace("_", "-"), value) for name, value in headers.items())
        self.response = JSONResponse({"error": message}, status, dict(names))


class Listener:
    """An HTTP server at an address of one's choice."""

    def __init__(
        self, listening: socket.socket, secret: str, rate: Rate, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._socket = listening
        self._secret = secret.encode()
        self._rate = rate
        self._limits = limits

    @classmethod
    def at(cls, address: str, per_s: float, limits: Limits = DEFAULT_LIMITS) -> Self:
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
            return cls(
                socket.create_server((host.strip("[]"), int(port))), secret, Rate(per_s), limits
            )
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
            _Answering(take, self._secret, self._rate, self._limits),
            http=cast("type[asyncio.Protocol]", partial(Connection, limits=self._limits)),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # a path may hold the secret
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=math.ceil(self._limits.connection_s),
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


class _Answering:
    """The application: from a request to its answer."""

    def __init__(self, take: Take, secret: bytes, rate: Rate, limits: Limits) -> None:
        self._take = take
        self._secret = secret
        self._rate = rate
        self._limits = limits

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
            raise Refused(429, "too many requests", retry_after=self._again)
        body = await _body(request, self._limits)
        try:
            return await self._take(body)
        except BadNotification as error:
            log.warning("400: %s", error)
            raise Refused(400, str(error)) from error
        except TransientError as error:
            log.warning("503: %s", error)
            raise Refused(503, "Prefect has not taken it", retry_after=self._again) from error

    @property
    def _again(self) -> str:
        return str(self._limits.retry_after_s)

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


async def _body(request: Request, limits: Limits) -> bytes:
    """Raises Refused where it is too large or too slow."""
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.body_bytes:
                    raise Refused(413, f"a notification has at most {limits.body_bytes} bytes")
    except TimeoutError as error:
        raise Refused(408, f"the body took longer than {limits.body_s:g} s") from error
    return bytes(body)
