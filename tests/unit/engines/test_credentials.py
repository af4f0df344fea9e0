"""A key belongs to one host, and is shown nowhere."""

import pytest

from stenoflow.engines.credentials import Credential, CredentialSpec
from stenoflow.errors import ConfigurationError

SPEC = CredentialSpec("THE_KEY", "THE_URL", "the-credentials", "https://api.example.com/v1")


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://api.example.com", True),
        ("https://API.example.com:443/v2/", True),
        ("http://api.example.com/v1", False),
        ("https://api.example.com:8443/v1", False),
        ("https://api.example.com.evil.org/v1", False),
        ("https://evil.org/api.example.com", False),
        ("https://api.example.com@evil.org/v1", False),
    ],
)
def test_a_key_is_for_one_scheme_host_and_port(url: str, same: bool) -> None:
    assert Credential("key", "https://api.example.com/v1").is_for(url) is same


def test_the_key_is_not_in_its_repr() -> None:
    assert "s3cret" not in repr(Credential("s3cret", "https://api.example.com"))


@pytest.mark.parametrize("key", ["", " ", "two words", "line\nbreak", "ключ"])
def test_what_cannot_be_a_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ConfigurationError, match=r"API key for https://a\.example") as caught:
        Credential(key, "https://a.example")
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize("url", ["", "here", "ftp://a/v1", "http://", "http://a:port/v1"])
def test_a_key_needs_a_host(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base URL"):
        Credential("key", url)


def test_the_environments_key_goes_to_the_engines_own_host_unless_configured_otherwise() -> None:
    assert SPEC.from_environment({}) is None
    assert SPEC.from_environment({"THE_KEY": "  "}) is None
    assert SPEC.from_environment({"THE_KEY": " k "}) == Credential("k", SPEC.base_url)
    other = {"THE_KEY": "k", "THE_URL": "http://mine.example"}
    assert SPEC.from_environment(other) == Credential("k", "http://mine.example")


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "ключ"])
def test_a_variable_that_holds_no_key_is_named(key: str) -> None:
    with pytest.raises(ConfigurationError, match="THE_KEY") as caught:
        SPEC.from_environment({"THE_KEY": key})
    assert key not in str(caught.value)
