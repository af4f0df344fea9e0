"""Reasons of failed connections, in words, and validity of host names."""

import socket
import ssl
from collections.abc import Iterator

LONGEST_LABEL = 63
"""Characters between two dots of a name (RFC 1035, section 2.3.4)."""


def connection_failure(error: BaseException) -> str | None:
    """Return why no connection came about, as part of a sentence; None where the error does not say.

    Client libraries raise errors of their own from those of the operating system and of TLS.
    """
    for each in _causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {each.verify_message}"
        if isinstance(each, ssl.SSLError):
            return f"it does not speak TLS there: {(each.reason or str(each)).lower().replace('_', ' ')}"
        if isinstance(each, socket.gaierror):
            return f"its name cannot be looked up: {each.strerror}"
        if isinstance(each, TimeoutError):
            return "it does not answer"
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
    return None


def is_host(host: str) -> bool:
    """Return True if a host's name, with other characters than ASCII encoded, can be looked up."""
    if ":" in host:
        return True  # an IPv6 address, which is no name
    labels = host.removesuffix(".").split(".")
    return host.isascii() and all(0 < len(label) <= LONGEST_LABEL for label in labels)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that led to it."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        yield found
        seen.add(id(found))
        found = found.__cause__ or found.__context__
