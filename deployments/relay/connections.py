"""Connections of the relay's HTTP server: a deadline for each part of a request, and a cap for each peer.

Only what knows the secret may hold a connection for long. Until a request's head is complete, nothing is
known of who sends it, so the head has a short deadline; and where a newcomer finds no room, the oldest
connection without a head makes room. Thus connections that send nothing never keep a notification out.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

IPV6_PREFIX = 64
"""Bits of an IPv6 address that a provider assigns to one customer, who chooses the rest at will."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one relay."""

    head_s: float = 5.0
    """Seconds from the connection to the end of the request's head."""
    body_s: float = 10.0
    """Seconds for the body."""
    connection_s: float = 40.0
    """Seconds until a connection is cut, whatever it does: body and Prefect have had their time."""
    body_bytes: int = 1024**2
    """Largest notification. Those of AWS have at most 256 KiB."""
    connections: int = 128
    peer_connections: int = 32
    """Connections of one peer at a time. A reverse proxy counts as one peer."""
    retry_after_s: int = 5
    """Seconds after which a sender that is refused for lack of room is to try again."""


class Connection(H11Protocol):
    """A connection that is cut at its deadlines; uvicorn itself waits for ever for a request's head."""

    def __init__(self, *args: Any, limits: Limits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._timers: Sequence[asyncio.TimerHandle] = ()
        self.peer = ""
        self.since_s = 0.0

    @property
    def has_head(self) -> bool:
        """True once the request's head is complete."""
        return self.cycle is not None  # pyright: ignore[reportUnnecessaryComparison]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse it if there is no room."""
        super().connection_made(transport)
        self.peer = peer_of(self.client[0] if self.client else "")
        self.since_s = self.loop.time()
        self._timers = (
            self.loop.call_later(self._limits.head_s, self._cut_without_head),
            self.loop.call_later(self._limits.connection_s, transport.abort),
        )
        if not self._make_room():
            self._refuse()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        for timer in self._timers:
            timer.cancel()
        super().connection_lost(exc)

    def _cut_without_head(self) -> None:
        if not self.has_head:
            self.cut()

    def cut(self) -> None:
        """End the connection now; it no longer counts."""
        self.connections.discard(self)
        self.transport.abort()

    def _make_room(self) -> bool:
        """Return False if this connection is one too many, and no other can make room."""
        others = [
            each for each in self.connections if isinstance(each, Connection) and each is not self
        ]
        of_peer = [each for each in others if each.peer == self.peer]
        for rivals, most in (
            (of_peer, self._limits.peer_connections),
            (others, self._limits.connections),
        ):
            if len(rivals) < most:
                continue
            silent = [each for each in rivals if not each.has_head]
            if not silent:
                return False
            oldest = min(silent, key=lambda each: each.since_s)
            oldest.cut()
            others.remove(oldest)
        return True

    def _refuse(self) -> None:
        """Answer before the request has come."""
        self.transport.write(
            b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n"
            b"retry-after: %d\r\n\r\n" % self._limits.retry_after_s
        )
        self.connections.discard(self)
        self.transport.close()


def peer_of(host: str) -> str:
    """Return what counts as one peer: an IPv4 address, or the network of an IPv6 address."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, IPV6_PREFIX), strict=False))
