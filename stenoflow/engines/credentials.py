"""Keys to an engine's account, each bound to the host that it may be sent to.

A profile names the server of some engines, and whoever writes a profile is not always the owner of the
key. So a key travels as a :class:`Credential`, together with the base URL that its owner has given it
for, and is sent to no other host.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from stenoflow.errors import ConfigurationError
from stenoflow.http.connection_errors import is_host


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key, and the base URL of the only host that it is sent to.

    Raises ConfigurationError where the key holds spaces or other characters that no key has, or the
    base URL is not one.
    """

    api_key: str = field(repr=False)
    base_url: str

    def __post_init__(self) -> None:
        if not is_api_key(self.api_key):
            raise ConfigurationError(
                f"The API key for {self.base_url} is not one: it is empty, or holds spaces or "
                "characters outside ASCII. Paste it again."
            )
        _origin(self.base_url)

    def is_for(self, url: str) -> bool:
        """Return True if the key may be sent to ``url``: same scheme, host and port."""
        return _origin(self.base_url) == _origin(url)


@dataclass(frozen=True, slots=True)
class CredentialSpec:
    """The names of an engine's key, and the host that it belongs to unless another is given."""

    variable: str
    """Environment variable that holds the key."""
    base_url_variable: str
    """Environment variable that holds the base URL which that key belongs to."""
    block: str
    """Slug of the Prefect block type that keeps such a key."""
    base_url: str
    """Base URL which the environment's key belongs to where ``base_url_variable`` is not set."""
    required: bool = True
    """False for engines whose servers may work without a key."""

    def from_environment(self, environment: Mapping[str, str] | None = None) -> Credential | None:
        """Return the environment's key, bound to its host; None where there is none.

        Raises ConfigurationError where the variables hold no key or no base URL.
        """
        values = os.environ if environment is None else environment
        key = values.get(self.variable, "").strip()
        if not key:
            return None
        if not is_api_key(key):
            raise ConfigurationError(
                f"{self.variable} is not an API key: it holds spaces or characters outside ASCII."
            )
        return Credential(key, values.get(self.base_url_variable) or self.base_url)


def is_api_key(text: str) -> bool:
    """Return True if a text can be an API key: ASCII, printable, without spaces."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL (RFC 6454); raise ConfigurationError if it has none."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in ("http", "https") or not is_host(parsed.raw_host.decode("ascii")):
        raise ConfigurationError(f"{url!r} is not a base URL: one looks like https://HOST/v1.")
    return parsed.scheme, parsed.host, parsed.port
