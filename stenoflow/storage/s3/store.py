"""A bucket, or a prefix of one, as a store."""

import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from stenoflow.errors import ConfigurationError
from stenoflow.storage.base import ANY_BYTES, SMALL, Fetched, LeftOut, ObjectInfo
from stenoflow.storage.download import Download, new_file, small_object
from stenoflow.storage.s3.client import new_client
from stenoflow.storage.s3.config import S3Config
from stenoflow.storage.s3.errors import s3_errors
from stenoflow.storage.s3.listing import list_objects
from stenoflow.storage.s3.location import S3Location
from stenoflow.storage.s3.reading import read_object
from stenoflow.storage.s3.stat import stat_object
from stenoflow.storage.s3.writing import delete_object, put_object, put_object_if_absent

MAX_PRESIGNED_S = 7 * 24 * 3600
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html"""


class S3Store:
    """The objects of ``bucket`` whose key starts with ``prefix`` and a slash; a :class:`Store`."""

    def __init__(self, bucket: str, prefix: str = "", config: S3Config = S3Config()) -> None:
        self.bucket = bucket
        self.prefix = prefix
        with s3_errors(self.url):
            client = new_client(config)
        base = f"{prefix}/" if prefix else ""
        self._location = S3Location(client, config.limits, bucket, base)

    @property
    def url(self) -> str:
        """``s3://bucket`` or ``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{self.prefix}" if self.prefix else f"s3://{self.bucket}"

    def url_of(self, key: str) -> str:
        """Return the object's URL, without credentials."""
        return self._location.url_of(key)

    def list(
        self, prefix: str = "", *, after: str = "", left_out: LeftOut | None = None
    ) -> Iterator[ObjectInfo]:
        """Yield objects in the order of their keys; see :meth:`Store.list`. Nothing is left out."""
        return list_objects(self._location, prefix, after)

    def stat(self, key: str) -> ObjectInfo:
        """Return what is known of an object. Raises NotFound."""
        return stat_object(self._location, key)

    def fetch(
        self, key: str, path: Path, *, max_bytes: int, stop: threading.Event | None = None
    ) -> Fetched:
        """Copy an object into the file ``path``, resuming broken reads; see :meth:`Store.fetch`."""
        url = self.url_of(key)
        with new_file(path, url) as file:
            download = Download(url, file, max_bytes=max_bytes, cancelled=stop)
            info, resumed = read_object(self._location, key, download)
        return Fetched(path, info, download.sha256, resumed)

    def read(self, key: str, *, max_bytes: int = SMALL) -> bytes:
        """Return the bytes of a small object. Raises NotFound, ObjectTooLarge, SourceChanged."""
        body = BytesIO()
        with small_object():
            read_object(self._location, key, Download(self.url_of(key), body, max_bytes=max_bytes))
        return body.getvalue()

    def put(self, key: str, body: bytes | Path, *, content_type: str = ANY_BYTES) -> None:
        """Write an object; readers see the old one or the new one, never a part."""
        put_object(self._location, key, body, content_type)

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = ANY_BYTES) -> bool:
        """Write an object unless there is one; return True for the one writer that made it.

        Raises ConfigurationError if the server has no conditional writes.
        """
        return put_object_if_absent(self._location, key, body, content_type)

    def delete(self, key: str) -> None:
        """Remove an object; no error if there is none."""
        delete_object(self._location, key)

    def presign(self, key: str, *, expires_s: int) -> str | None:
        """Return a URL that reads the object without credentials for ``expires_s`` seconds."""
        location, full = self._location, self._location.full_key(key)
        if not 0 < expires_s <= MAX_PRESIGNED_S:
            raise ConfigurationError(
                f"A presigned URL lives 1 to {MAX_PRESIGNED_S:,} seconds, not {expires_s:,}."
            )
        with s3_errors(self.url_of(key)):
            return location.client.generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": full}, ExpiresIn=expires_s
            )
