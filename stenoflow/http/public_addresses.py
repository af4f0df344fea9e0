"""Addresses of a host, and which of them are public.

A URL that somebody else has chosen must not reach what only this machine can see. So the host's addresses
are looked up once, rejected unless all of them are public, and then connected to as they are: a second
look-up could give another answer.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address."""

Address = IPv4Address | IPv6Address


def look_up(url: httpx.URL) -> Sequence[Address]:
    """Return the addresses of a URL's host without duplicates, the preferred one first.

    Raises OSError if the look-up fails.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    found = socket.getaddrinfo(url.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM)
    # A zone ("fe80::1%eth0") is part of the name that is looked up, not of the address.
    texts = [str(entry[4][0]).partition("%")[0] for entry in found]
    return [ip_address(text) for text in dict.fromkeys(texts)]


def is_public(address: Address) -> bool:
    """Return True if an address belongs to the public internet.

    An IPv6 address that stands for an IPv4 address is public if the latter is.
    """
    if isinstance(address, IPv6Address):
        embedded = _embedded_ipv4(address)
        if embedded is not None:
            return is_public(embedded)
    return address.is_global and not address.is_multicast


def _embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    return IPv4Address(address.packed[-4:]) if address in NAT64 else None
