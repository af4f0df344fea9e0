"""Telling a web service that a recording has ended, however it ended.

A notice is JSON in a POST, signed as https://www.standardwebhooks.com has it, so that libraries for
most languages can check it:

    webhook-id         the notice's id: the same in every try, so that a second one can be told
    webhook-timestamp  seconds since 1970, of this try; refuse what is older than five minutes
    webhook-signature  "v1," and base64(HMAC-SHA256(secret, id + "." + timestamp + "." + body))

The secret is what ``STENOFLOW_NOTIFY_SECRET`` holds: base64 after ``whsec_``, as that standard has it,
or any other text, taken as it is. Without one, notices go unsigned.

Whoever writes a profile chooses the URL, so it must not reach what only this machine can see: the
host's addresses are looked up once, refused unless all are public, and connected to as they are;
nothing is looked up a second time, no proxy looks it up for us, and no redirect is followed.
"""

import base64
import binascii
import hashlib
import hmac
import socket
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field

from stenoflow.errors import ConfigurationError, PermanentError, Stopped, TransientError
from stenoflow.http.options import WebhookOptions
from stenoflow.http.request import AbortableRequest, trusted

SECRET_VARIABLE = "STENOFLOW_NOTIFY_SECRET"  # noqa: S105 - the name of it
SECRET_PREFIX = "whsec_"  # noqa: S105 - as above

DEADLINE_S = 15.0
CONNECT_S = 5.0
AGAIN = (408, 425, 429)
"""Besides those from 500 on, the statuses after which the same notice may be taken."""

NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address."""

Address = IPv4Address | IPv6Address


class WebhookUnavailable(TransientError):
    """The service did not take the notice this time."""


class WebhookRejected(PermanentError):
    """The service refuses the notice, and will refuse it again."""


class Notice(BaseModel):
    """What is told about one recording."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, use_attribute_docstrings=True)

    schema_: Literal["stenoflow/notice/1"] = Field(default="stenoflow/notice/1", alias="schema")
    id: str
    """Of this ending: the same however often it is told."""
    key: str
    """The recording's, in its source."""
    outcome: Literal["published", "no_speech", "rejected", "gave_up"]
    reason: str | None = None
    """One sentence for a person; null where all is well."""
    error: str | None = None
    """Name of the error's type in ``stenoflow.errors``."""
    manifest: str | None = None
    """Key of the manifest in the destination; null where the recording was given up."""
    flow_run: str | None = None
    """Id of the Prefect flow run."""
    finished: datetime


def notify(
    notice: Notice, rules: WebhookOptions, *, secret: str | None, stop: threading.Event
) -> None:
    """Tell the service about an ending, in one try.

    Raises Unheard (another try may succeed), Unwelcome (it will not), ConfigurationError where the URL leads
    to a private address or the secret is no secret, Stopped.
    """
    url = _checked(rules.url)
    body = notice.model_dump_json().encode()
    headers = {"content-type": "application/json", "user-agent": "stenoflow"}
    headers |= signature_headers(secret, notice.id, int(time.time()), body)
    addresses = _addresses(url, allow_private=rules.allow_private)
    request = AbortableRequest(stop, DEADLINE_S)
    for left, address in zip(reversed(range(len(addresses))), addresses, strict=True):
        try:
            status = _post(request, url, address, body, headers)
        except httpx.HTTPError as error:
            if request.aborted_by == "stop":
                raise Stopped("Stopped while telling how a recording ended.") from error
            unreachable = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            if unreachable and left and request.aborted_by is None:
                continue
            why = (
                f"no answer within {DEADLINE_S:g} s" if request.aborted_by else type(error).__name__
            )
            raise WebhookUnavailable(f"{url.host} could not be told: {why}.") from error
        return _judge(status, url)


def signature_headers(
    secret: str | None, notice_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """The headers that say which notice this is and who wrote it. Raises ConfigurationError."""
    headers = {"webhook-id": notice_id, "webhook-timestamp": str(timestamp_s)}
    if secret is None:
        return headers
    signed = f"{notice_id}.{timestamp_s}.".encode() + body
    digest = hmac.digest(_key(secret), signed, hashlib.sha256)
    return headers | {"webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}


def _key(secret: str) -> bytes:
    try:
        encoded = secret.removeprefix(SECRET_PREFIX)
        key = secret.encode() if encoded == secret else base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ConfigurationError(
            f"{SECRET_VARIABLE} is empty, or not base64 after {SECRET_PREFIX}."
        )
    return key


def _checked(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"notify.url is no URL: {error}.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError("notify.url takes http:// or https:// and a host.")
    if url.userinfo:
        raise ConfigurationError(
            "notify.url must not carry a name or password: profiles are stored in plain text; "
            f"notices are signed with {SECRET_VARIABLE} instead."
        )
    return url


def _addresses(url: httpx.URL, *, allow_private: bool) -> Sequence[Address]:
    """Where the host lives, once each, in the order of preference."""
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(url.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise WebhookUnavailable(
            f"The address of {url.host} could not be looked up: {error}."
        ) from error
    # A zone ("fe80::1%eth0") is part of what is looked up, not of the address.
    named = [str(entry[4][0]).partition("%")[0] for entry in found]
    addresses = [ip_address(each) for each in dict.fromkeys(named)]
    private = [address for address in addresses if not is_public(address)]
    if private and not allow_private:
        raise ConfigurationError(
            f"notify.url leads to {private[0]}, which is no public address: choose another URL, or "
            "set notify.allow_private."
        )
    return addresses


def is_public(address: Address) -> bool:
    """Whether an address can be reached by anybody, and so gives nothing away that is private; of
    IPv6 addresses that stand for IPv4 ones, that is asked of the latter."""
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    return IPv4Address(address.packed[-4:]) if address in NAT64 else None


def _post(
    request: AbortableRequest,
    url: httpx.URL,
    address: Address,
    body: bytes,
    headers: dict[str, str],
) -> int:
    """Send the notice to exactly this address; the status of the answer, which is not read."""
    timeout = httpx.Timeout(DEADLINE_S, connect=CONNECT_S)
    # A transport of its own asks no proxy of the environment's.
    transport = httpx.HTTPTransport(verify=trusted(), trust_env=False)
    with (
        request.client(timeout, transport=transport, read=False) as client,
        client.stream(
            "POST",
            url.copy_with(host=str(address)),
            content=body,
            headers={**headers, "host": url.netloc.decode("ascii")},
            # TLS asks for, and checks, the certificate of the name.
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        ) as response,
    ):
        return response.status_code


def _judge(status: int, url: httpx.URL) -> None:
    if 200 <= status < 300:
        return
    if status in AGAIN or status >= 500:
        raise WebhookUnavailable(f"{url.host} did not take the notice: status {status}.")
    if 300 <= status < 400:
        raise WebhookRejected(
            f"{url.host} redirects (status {status}): set notify.url to its new place."
        )
    raise WebhookRejected(f"{url.host} refuses the notice: status {status}.")
