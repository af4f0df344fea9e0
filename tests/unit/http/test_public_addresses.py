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


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url", ["http://user:password@example.org/", "http:///path", "http://[::1/"]
)
def test_a_url_of_the_wrong_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"notify\.url") as caught:
        send(url)
    assert "password@" not in str(caught.value)
