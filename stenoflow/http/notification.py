"""The notification of a recording's outcome: its JSON, and its signature by Standard Webhooks.

Libraries for most languages check the signature (https://www.standardwebhooks.com). The headers are::

    webhook-id         the notification's ID: the same in every attempt, to recognize repetitions by
    webhook-timestamp  seconds since 1970, of this attempt; reject what is older than five minutes
    webhook-signature  "v1," and base64(HMAC-SHA256(secret, id + "." + timestamp + "." + body))
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from stenoflow.errors import ConfigurationError, OutcomeName

SECRET_VARIABLE = "STENOFLOW_NOTIFY_SECRET"  # noqa: S105 - the name of the variable
"""Environment variable with the secret: base64 after ``whsec_``, or any other text, taken as it is.
Without a secret, notifications are not signed."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - as above


class Notification(BaseModel):
    """The outcome of one recording, as it is sent to a web service."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, use_attribute_docstrings=True)

    schema_: Literal["stenoflow/notice/1"] = Field(default="stenoflow/notice/1", alias="schema")
    id: str
    """ID of this outcome: the same in every attempt to deliver it."""
    key: str
    """Key of the recording in its source."""
    outcome: OutcomeName
    reason: str | None = None
    """One sentence for a person; null if the recording was published."""
    error: str | None = None
    """Name of the error's type."""
    manifest: str | None = None
    """Key of the manifest in the destination; null if the recording was given up."""
    flow_run: str | None = None
    """ID of the Prefect flow run."""
    finished: datetime


def signature_headers(
    secret: str | None, notification_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """Return the headers that identify a notification and, given a secret, prove its sender.

    Raises ConfigurationError if the secret is empty or not valid base64.
    """
    headers = {"webhook-id": notification_id, "webhook-timestamp": str(timestamp_s)}
    if secret is None:
        return headers
    signed = f"{notification_id}.{timestamp_s}.".encode() + body
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
            f"{SECRET_VARIABLE} is empty, or not base64 after {SECRET_PREFIX}. Set it to the secret that "
            "the web service knows."
        )
    return key
