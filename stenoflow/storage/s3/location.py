"""The place of a store's objects: a bucket, a prefix, and a client to reach them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stenoflow.errors import KeyTooLong, NotFound, StoreUnavailable
from stenoflow.storage.base import ObjectInfo
from stenoflow.storage.s3.config import S3Limits

MAX_KEY_BYTES = 1024
"""Maximum length of a key in bytes of UTF-8, prefix included.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""


@dataclass(frozen=True, slots=True)
class S3Location:
    """The objects of ``bucket`` whose key starts with ``base``."""

    client: Any = field(repr=False)
    limits: S3Limits
    bucket: str
    base: str
    """Empty, or a prefix with a slash at its end."""

    @property
    def url(self) -> str:
        """``s3://bucket`` or ``s3://bucket/prefix``."""
        prefix = self.base.removesuffix("/")
        return f"s3://{self.bucket}/{prefix}" if self.base else f"s3://{self.bucket}"

    def url_of(self, key: str) -> str:
        """Return the URL of an object."""
        return f"s3://{self.bucket}/{self.base}{key}"

    def full_key(self, key: str) -> str:
        """Return an object's key in the bucket.

        Raises NotFound for what cannot be the key of an object, and KeyTooLong for one that is too long.
        """
        if not key:
            raise NotFound(
                f"{self.url} is the store itself: name one object in it, by a key such as a.mp3."
            )
        full = self.base + key
        try:
            size = len(full.encode())
        except UnicodeEncodeError as error:
            raise NotFound(
                f"The key {key!r} is not valid Unicode text: no object can have this name."
            ) from error
        if size > MAX_KEY_BYTES:
            raise KeyTooLong(
                f"The key {full[:60]!r}... has {size:,} bytes; S3 takes {MAX_KEY_BYTES:,} at most. Give "
                "the recording a shorter name."
            )
        return full

    def info(self, key: str, response: dict[str, Any], size: int | None) -> ObjectInfo:
        """Return what a response says about an object. Raises StoreUnavailable if it is not S3's."""
        if size is None or "ETag" not in response or "LastModified" not in response:
            raise not_s3(self.url_of(key))
        # HEAD has whole seconds only, and a listing must give the same time.
        modified: datetime = response["LastModified"].astimezone(UTC).replace(microsecond=0)
        return ObjectInfo(key, size, version_in(response), modified)


def version_in(response: dict[str, Any]) -> str:
    """Return the ETag of a response, without quotes; empty if there is none."""
    return response.get("ETag", "").strip('"')


def not_s3(url: str) -> StoreUnavailable:
    """Return the error for a response that no S3 server gives."""
    return StoreUnavailable(
        f"{url}: the server that answers there does not speak S3. Check the endpoint's address, and any "
        "proxy between it and this machine."
    )
