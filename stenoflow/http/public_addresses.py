"""Addresses of a host, and which of them are public.

A URL chosen by another party must not reach what only this machine can see. So the host's addresses
are looked up once, rejected unless all of them are public, and then connected to as they are: a second
look-up could give another answer.

The tables follow IANA's registries of special-purpose addresses, both as of 2025-10-09:
https://www.iana.org/assignments/iana-ipv4-special-registry and .../iana-ipv6-special-registry. `ipaddress`
has tables of its own, which differ from one Python to the next and lag behind. Blocks in which the
registries name single services (192.0.0.0/24, 2001::/23: relays, anycast) are rejected as a whole.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

NOT_PUBLIC_IPV4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by the customers of a provider; metadata of Alibaba Cloud
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # Azure's platform, seen from its machines only; not in the registry
            "169.254.0.0/16",  # link-local; metadata of most clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments; metadata of Oracle's cloud
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 and 6a44 relays, deprecated
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarking
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved; broadcast
        ),
    )
)
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""RFC 4291: IANA assigns public IPv6 addresses from here only. Outside are, among others, fc00::/7 (private),
fe80::/10 (link-local), fec0::/10 (site-local), ::/96 and ::ffff:0:0/96 (IPv4), 64:ff9b:1::/48 (translation
within a network), 100::/64 (discarded), 5f00::/16 (segment routing) and ff00::/8 (multicast)."""
NOT_PUBLIC_IPV6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "3fff::/20",  # documentation
        ),
    )
)
NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address. Networks with IPv6 only reach IPv4 hosts by these."""

Address = IPv4Address | IPv6Address


def look_up(url: httpx.URL) -> Sequence[Address]:
    """Return the addresses of a URL's host without duplicates, the preferred one first.

    Raises OSError if the look-up fails.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    found = socket.getaddrinfo(url.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM)
    # A zone ("fe80::1%eth0") is part of the name that is looked up, not of the address.
    texts = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not texts:
        raise socket.gaierror(socket.EAI_NONAME, "it has no address")
    return [ip_address(text) for text in dict.fromkeys(texts)]


def is_public(address: Address) -> bool:
    """Return True if an address belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in NOT_PUBLIC_IPV4)
    if address in NAT64:
        return is_public(IPv4Address(address.packed[-4:]))
    return address in GLOBAL_UNICAST and not any(address in block for block in NOT_PUBLIC_IPV6)
