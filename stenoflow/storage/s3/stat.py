"""Looking at one object, and finding the reason if that is refused."""

from contextlib import closing, suppress
from typing import Any

from botocore.exceptions import (  # pyright: ignore[reportMissingTypeStubs]
    BotoCoreError,
    ClientError,
)

from stenoflow.errors import AccessDenied, NotFound
from stenoflow.storage.base import ObjectInfo
from stenoflow.storage.s3.errors import REQUESTER_PAYS, code_of, s3_errors, status_of
from stenoflow.storage.s3.listing import list_objects
from stenoflow.storage.s3.location import S3Location


def stat_object(location: S3Location, key: str) -> ObjectInfo:
    """Return what is known of an object. Raises NotFound."""
    full = location.full_key(key)
    try:
        with s3_errors(location.url_of(key)):
            try:
                head = location.client.head_object(Bucket=location.bucket, Key=full)
            except ClientError as error:
                if not 400 <= status_of(error) < 500:
                    raise
                # A response to HEAD has no body, and so no reason: a read of one byte has.
                head = _first_byte(location, full)
    except NotFound as error:
        raise explained(location, key, error) from error
    except AccessDenied as error:
        if _requester_pays(location):
            raise AccessDenied(f"{location.url_of(key)}: {REQUESTER_PAYS.format('403')}") from error
        raise
    return location.info(key, head, head.get("ContentLength"))


def explained(location: S3Location, key: str, error: NotFound) -> NotFound:
    """Return a clearer error if the key of a missing object is that of a folder, else the given one."""
    folder = key.rstrip("/") + "/"
    # Without the right to list, the first error is all that is known.
    with suppress(AccessDenied):
        if next(list_objects(location, folder), None) is not None:
            return NotFound(
                f"{location.url_of(key)} is a folder, not a recording: name one object in it, or "
                "ingest the whole folder."
            )
    return error


def _first_byte(location: S3Location, full: str) -> dict[str, Any]:
    """Return the response to a read of an object's first byte, as if it were the one to HEAD."""
    wanted = {"Bucket": location.bucket, "Key": full}
    try:
        response = location.client.get_object(**wanted, Range="bytes=0-0")
    except ClientError as error:
        if code_of(error) != "InvalidRange":
            raise
        # The object is empty.
        response = location.client.get_object(**wanted)
    with closing(response["Body"]):
        size = response.get("ContentRange", "").rpartition("/")[2]
        return response | {"ContentLength": int(size)} if size.isdecimal() else response


def _requester_pays(location: S3Location) -> bool:
    """Return True if the bucket's readers pay: AWS refuses those who do not agree to without saying so."""
    with suppress(ClientError, BotoCoreError):
        found = location.client.get_bucket_request_payment(Bucket=location.bucket)
        return found.get("Payer") == "Requester"
    return False
