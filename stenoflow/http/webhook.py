"""Delivery of a notification to the web service that a profile names.

Whoever writes a profile chooses the URL, so it must not reach what only this machine can see: only public
addresses are connected to (:mod:`stenoflow.http.public_addresses`), no proxy looks the host up again, and
no redirect is followed.
"""

import time
from collections.abc import Sequence
from threading import Event

import httpx

from stenoflow.errors import ConfigurationError, Stopped, WebhookRejected, WebhookUnavailable
from stenoflow.http.connection_errors import connection_failure, is_host
from stenoflow.http.notification import SECRET_VARIABLE, Notification, signature_headers
from stenoflow.http.options import WebhookOptions
from stenoflow.http.public_addresses import Address, is_public, look_up
from stenoflow.http.request import AbortableRequest, trusted

DEADLINE_S = 15.0
"""Seconds for one attempt, over all addresses of the host."""
CONNECT_TIMEOUT_S = 5.0
TRANSIENT_STATUSES = (408, 425, 429)
"""Statuses, besides those from 500 on, after which the service may accept the same notification."""


def deliver(
    notification: Notification,
    options: WebhookOptions,
    *,
    secret: str | None,
    stop: Event,
    deadline_s: float = DEADLINE_S,
) -> None:
    """Send a notification, in one attempt.

    Raises WebhookUnavailable (another attempt may succeed), WebhookRejected (it will not),
    ConfigurationError if the URL leads to a private address or the secret is invalid, Stopped.
    """
    url = _checked(options.url)
    body = notification.model_dump_json().encode()
    headers = {"content-type": "application/json", "user-agent": "stenoflow"}
    headers |= signature_headers(secret, notification.id, int(time.time()), body)
    addresses = _addresses(url, allow_private=options.allow_private)
    request = AbortableRequest(stop, deadline_s)
    for number, address in enumerate(addresses, 1):
        try:
            status = _post(request, url, address, body, headers)
        except httpx.HTTPError as error:
            if request.aborted_by == "stop":
                raise Stopped(f"Stopped while {url.host} was being notified.") from error
            unreachable = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            if unreachable and number < len(addresses) and request.aborted_by is None:
                continue
            late = request.aborted_by is not None
            why = (
                f"no response within {deadline_s:g} s"
                if late
                else connection_failure(error) or type(error).__name__
            )
            raise WebhookUnavailable(f"{url.host} could not be notified: {why}.") from error
        return _check_status(status, url)


def _checked(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"notify.url is not a URL: {error}.") from error
    if url.scheme not in ("http", "https") or not is_host(url.raw_host.decode("ascii")):
        raise ConfigurationError("notify.url needs http:// or https:// and the name of a host.")
    if url.userinfo:
        raise ConfigurationError(
            "notify.url must not contain a user name or password: profiles are stored in plain text. Set "
            f"{SECRET_VARIABLE}, and notifications are signed."
        )
    return url


def _addresses(url: httpx.URL, *, allow_private: bool) -> Sequence[Address]:
    try:
        addresses = look_up(url)
    except OSError as error:
        raise WebhookUnavailable(
            f"The address of {url.host} could not be looked up: {error.strerror or error}."
        ) from error
    private = [address for address in addresses if not is_public(address)]
    if private and not allow_private:
        raise ConfigurationError(
            f"notify.url leads to {private[0]}, which is not a public address: choose another URL, or "
            "set notify.allow_private."
        )
    return addresses


def _post(
    request: AbortableRequest,
    url: httpx.URL,
    address: Address,
    body: bytes,
    headers: dict[str, str],
) -> int:
    """Send the notification to exactly this address; return the status. The response is not read."""
    # The request's own deadline ends all of it.
    timeout = httpx.Timeout(None, connect=CONNECT_TIMEOUT_S)
    # A transport of its own does not use a proxy from the environment.
    transport = httpx.HTTPTransport(verify=trusted(), trust_env=False)
    with (
        request.client(timeout, transport=transport, read=False) as client,
        client.stream(
            "POST",
            url.copy_with(host=str(address)),
            content=body,
            headers={**headers, "host": url.netloc.decode("ascii")},
            # TLS asks for the certificate of the host's name, and checks it.
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        ) as response,
    ):
        return response.status_code


def _check_status(status: int, url: httpx.URL) -> None:
    if 200 <= status < 300:
        return
    if status in TRANSIENT_STATUSES or status >= 500:
        raise WebhookUnavailable(f"{url.host} did not accept the notification: status {status}.")
    if 300 <= status < 400:
        raise WebhookRejected(
            f"{url.host} redirects (status {status}): set notify.url to its new place."
        )
    raise WebhookRejected(
        f"{url.host} refuses the notification with status {status}. Check notify.url and the service."
    )
