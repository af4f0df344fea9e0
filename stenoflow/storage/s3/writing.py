"""Writing objects: whole, in parts if they are large, and only where there is none yet."""

import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from boto3.s3.transfer import (  # pyright: ignore[reportMissingTypeStubs]
    TransferConfig,
    create_transfer_manager,  # pyright: ignore[reportUnknownVariableType]
)
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]

from stenoflow.errors import ConfigurationError, NotFound, WriteConflict
from stenoflow.storage.s3.errors import retries_of, s3_errors, status_of
from stenoflow.storage.s3.location import S3Location

_MULTIPART = TransferConfig(
    multipart_threshold=64 * 1024**2, multipart_chunksize=16 * 1024**2, max_concurrency=4
)
_WRITER = "stenoflow-writer"


def put_object(location: S3Location, key: str, body: bytes | Path, content_type: str) -> None:
    """Write an object; files of more than 64 MiB go in parts."""
    full = location.full_key(key)
    with s3_errors(location.url_of(key)):
        if isinstance(body, bytes):
            location.client.put_object(
                Bucket=location.bucket, Key=full, Body=body, ContentType=content_type
            )
            return
        uploads: Any = create_transfer_manager(location.client, _MULTIPART)
        with uploads:
            options = {"ContentType": content_type}
            uploads.upload(str(body), location.bucket, full, options).result()


def put_object_if_absent(location: S3Location, key: str, body: bytes, content_type: str) -> bool:
    """Write an object unless there is one; return True for the one writer that made it.

    Raises ConfigurationError if the server has no conditional writes, and WriteConflict if others were
    writing the same object at every attempt.
    """
    full, url, writer = location.full_key(key), location.url_of(key), uuid.uuid4().hex
    sent = 0

    def write() -> bool:
        nonlocal sent
        sent += 1
        with s3_errors(url):
            try:
                location.client.put_object(
                    Bucket=location.bucket,
                    Key=full,
                    Body=body,
                    ContentType=content_type,
                    Metadata={_WRITER: writer},
                    IfNoneMatch="*",
                )
                return True
            except ClientError as error:
                match status_of(error):
                    case 412:
                        # A write that was repeated, because its response was lost, meets itself.
                        repeated = sent > 1 or retries_of(error) > 0
                        return repeated and _writer_of(location, full) == writer
                    case 409:
                        raise WriteConflict(
                            f"{url} was being written by others at every attempt. Try again."
                        ) from error
                    case 501:
                        raise ConfigurationError(
                            f"{location.url} cannot write an object only if it is absent "
                            "(If-None-Match), and nothing is bought without that. Use AWS S3, Ceph, "
                            "MinIO or a folder."
                        ) from error
                    case _:
                        raise

    limits = location.limits
    return limits.backoff.retrying(
        threading.Event(), retry_on=WriteConflict, attempts=limits.write_attempts
    )(write)


def delete_object(location: S3Location, key: str) -> None:
    """Remove an object; no error if there is none."""
    full = location.full_key(key)
    # Unlike S3, some servers refuse to delete what is not there.
    with suppress(NotFound), s3_errors(location.url_of(key)):
        location.client.delete_object(Bucket=location.bucket, Key=full)


def _writer_of(location: S3Location, full: str) -> str | None:
    head = location.client.head_object(Bucket=location.bucket, Key=full)
    return head.get("Metadata", {}).get(_WRITER)
