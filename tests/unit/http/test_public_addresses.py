"""Only public addresses are connected to, however a URL writes them."""

import ipaddress

import pytest

from stenoflow.errors import ConfigurationError
from stenoflow.http.public_addresses import is_public
from tests.support.webhook import resolve, send


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
    with pytest.raises(ConfigurationError, match="not a public address"):
        send(f"http://{host}:9/", allow_private=False)


def test_one_private_address_among_public_ones_is_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve(monkeypatch, ["93.184.216.34", "10.0.0.7"])
    with pytest.raises(ConfigurationError, match=r"10\.0\.0\.7"):
        send("http://mixed.test/", allow_private=False)


# The first and the last address of each block that the registries of 2025-10-09 call not globally reachable.
EDGES = [
    ("0.0.0.0", "0.255.255.255"),
    ("10.0.0.0", "10.255.255.255"),
    ("100.64.0.0", "100.127.255.255"),
    ("127.0.0.0", "127.255.255.255"),
    ("168.63.129.16", "168.63.129.16"),
    ("169.254.0.0", "169.254.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.0.0.0", "192.0.0.255"),
    ("192.0.2.0", "192.0.2.255"),
    ("192.88.99.0", "192.88.99.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("198.18.0.0", "198.19.255.255"),
    ("198.51.100.0", "198.51.100.255"),
    ("203.0.113.0", "203.0.113.255"),
    ("224.0.0.0", "239.255.255.255"),
    ("240.0.0.0", "255.255.255.255"),
    ("::", "::ffff:ffff"),
    ("::ffff:0:0", "::ffff:ffff:ffff"),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
    ("100::", "100::ffff:ffff:ffff:ffff"),
    ("100:0:0:1::", "100::1:ffff:ffff:ffff:ffff"),
    ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
]
WENT_THROUGH = ["168.63.129.16", "192.0.0.192", "64:ff9b:1::a00:1", "::127.0.0.1", "fec0::1"]
"""These were called by 0.1.0, on one Python or another."""


@pytest.mark.parametrize(
    "address", sorted({*WENT_THROUGH, *(each for pair in EDGES for each in pair)})
)
def test_no_address_of_a_special_block_is_public(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(ConfigurationError, match="not a public address"):
        send(f"http://{host}:9/", allow_private=False)
    resolve(monkeypatch, [address])
    with pytest.raises(ConfigurationError, match="not a public address"):
        send("http://looked-up.test/", allow_private=False)


NEIGHBOURS = [
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.88.98.255",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::",
    "2001:db7:ffff::1",
    "2001:db9::",
    "2003::",
    "2606:4700::1111",
    "3fff:1000::",
    "64:ff9b::5db8:d822",
]


@pytest.mark.parametrize("address", NEIGHBOURS)
def test_their_neighbours_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url", ["http://user:password@example.org/", "http:///path", "http://[::1/"]
)
def test_a_url_of_the_wrong_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"notify\.url") as caught:
        send(url)
    assert "password@" not in str(caught.value)
