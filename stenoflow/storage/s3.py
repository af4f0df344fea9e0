"""A bucket, or a prefix of one, as a store: AWS S3, Ceph, MinIO or any server that speaks S3.

boto3's own client, which is safe among threads and repeats what may be repeated, a few times.
s3fs is not used: it has no conditional write that all servers understand, and does not take up a
broken read at the version it began with.
"""

import re
import threading
import time
import uuid
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import boto3.session  # pyright: ignore[reportMissingTypeStubs]
import botocore.loaders  # pyright: ignore[reportMissingTypeStubs]
import botocore.session  # pyright: ignore[reportMissingTypeStubs]
from boto3.s3.transfer import (  # pyright: ignore[reportMissingTypeStubs]
    TransferConfig,
    create_transfer_manager,  # pyright: ignore[reportUnknownVariableType]
)
from botocore.config import Config  # pyright: ignore[reportMissingTypeStubs]
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]
from botocore.utils import (  # pyright: ignore[reportMissingTypeStubs]
    parse_timestamp,  # pyright: ignore[reportUnknownVariableType]
)

from stenoflow.errors import (
    AccessDenied,
    ConfigurationError,
    NotFound,
    OverLimit,
    SourceChanged,
    StoreUnavailable,
)
from stenoflow.storage.base import ANY_BYTES, CHUNK, SMALL, Fetched, ObjectInfo
from stenoflow.storage.download import Incoming, NoRoom, new_file
from stenoflow.storage.s3_errors import retries_of, s3_errors, status_of

Addressing = Literal["auto", "path", "virtual"]

LONGEST_KEY = 1024
"""Bytes of UTF-8, prefix included.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""
PAGE = 1000
"""Objects of one listing request: as many as S3 gives."""
CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 20
"""A server that is silent for so long has gone."""
ATTEMPTS = 4
"""How many times one request is sent at most."""
RESUMES = 6
"""How many times in a row a read is taken up again without getting a chunk further."""
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
CONFLICTS = 8
"""How many times in a row a conditional write may meet another one on its way."""
LONGEST_PRESIGN_S = 7 * 24 * 3600
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html"""

CONNECTIONS = 32
"""Kept open for the threads that share a store."""
WATCH_S = 0.2

_MULTIPART = TransferConfig(
    multipart_threshold=64 * 1024**2, multipart_chunksize=16 * 1024**2, max_concurrency=4
)
_WRITER = "stenoflow-writer"

_NO_XML = bytes({*range(0x20)} - {*b"\t\n\r"})
_NO_XML_EITHER = re.compile(rb"\xef\xbf[\xbe\xbf]")
_NO_XML_REFERRED_TO = re.compile(rb"&#x(?:0?[0-8bcef]|1[0-9a-f]|fff[ef]);", re.IGNORECASE)


class S3Store:
    """Objects of ``bucket`` whose key starts with ``prefix`` and a slash.

    What is None comes from where the AWS tools look: the environment, their files, the machine's
    own role.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        addressing: Addressing = "auto",
    ) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self._base = f"{prefix}/" if prefix else ""
        with s3_errors(self.url):
            self._client = _client(
                endpoint_url, region, access_key_id, secret_access_key, addressing
            )

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}" if self.prefix else f"s3://{self.bucket}"

    def url_of(self, key: str) -> str:
        return f"s3://{self.bucket}/{self._base}{key}"

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        page = self._page(prefix, self._base + after)
        while page["IsTruncated"]:
            # While one page is gone through, the next is on its way.
            with ThreadPoolExecutor(1, "s3-list") as ahead:
                following = ahead.submit(self._page, prefix, page["Contents"][-1]["Key"])
                yield from self._infos(page)
                page = following.result()
        yield from self._infos(page)

    def stat(self, key: str) -> ObjectInfo:
        full = self._full(key)
        try:
            with s3_errors(self.url_of(key)):
                head = self._client.head_object(Bucket=self.bucket, Key=full)
        except NotFound as error:
            raise self._absent(key, error) from error
        return self._info(key, head, head.get("ContentLength"))

    def fetch(
        self, key: str, path: Path, *, max_bytes: int, stop: threading.Event | None = None
    ) -> Fetched:
        url = self.url_of(key)
        with new_file(path, url) as file:
            incoming = Incoming(url, file, max_bytes=max_bytes, stop=stop)
            info, resumed = self._receive(key, incoming)
        return Fetched(path, info, incoming.sha256, resumed)

    def read(self, key: str, *, max_bytes: int = SMALL) -> bytes:
        body = BytesIO()
        self._receive(key, Incoming(self.url_of(key), body, max_bytes=max_bytes))
        return body.getvalue()

    def put(self, key: str, body: bytes | Path, *, content_type: str = ANY_BYTES) -> None:
        full = self._full(key)
        with s3_errors(self.url_of(key)):
            if isinstance(body, bytes):
                self._client.put_object(
                    Bucket=self.bucket, Key=full, Body=body, ContentType=content_type
                )
                return
            uploads: Any = create_transfer_manager(self._client, _MULTIPART)
            with uploads:
                uploads.upload(str(body), self.bucket, full, {"ContentType": content_type}).result()

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = ANY_BYTES) -> bool:
        full, url, writer = self._full(key), self.url_of(key), uuid.uuid4().hex
        for conflicts in range(CONFLICTS):
            with s3_errors(url):
                try:
                    self._client.put_object(
                        Bucket=self.bucket,
                        Key=full,
                        Body=body,
                        ContentType=content_type,
                        Metadata={_WRITER: writer},
                        IfNoneMatch="*",
                    )
                    return True
                except ClientError as error:
                    status = status_of(error)
                    if status == 412:
                        # A write that was sent again, its answer being lost, meets itself.
                        again = conflicts > 0 or retries_of(error) > 0
                        return again and self._writer_of(full) == writer
                    if status == 501:
                        raise ConfigurationError(
                            f"{self.url} cannot write an object only where there is none "
                            "(If-None-Match), and nothing is bought without that. Use AWS S3, Ceph, "
                            "MinIO or a folder."
                        ) from error
                    if status != 409:
                        raise
            time.sleep(_pause_s(conflicts))
        raise StoreUnavailable(f"{url} was being written by others all the time. Try again.")

    def delete(self, key: str) -> None:
        full = self._full(key)
        # Not every server is content where there is nothing to remove, as S3 is.
        with suppress(NotFound), s3_errors(self.url_of(key)):
            self._client.delete_object(Bucket=self.bucket, Key=full)

    def presign(self, key: str, *, expires_s: int) -> str | None:
        full = self._full(key)
        if not 0 < expires_s <= LONGEST_PRESIGN_S:
            raise ConfigurationError(
                f"A presigned URL lives 1 to {LONGEST_PRESIGN_S:,} seconds, not {expires_s:,}."
            )
        with s3_errors(self.url_of(key)):
            return self._client.generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": full}, ExpiresIn=expires_s
            )

    def _full(self, key: str) -> str:
        if not key:
            raise NotFound(
                f"{self.url} is the store itself: name one object in it, by a key such as a.mp3."
            )
        full = self._base + key
        try:
            size = len(full.encode())
        except UnicodeEncodeError as error:
            raise NotFound(
                f"The key {key!r} is no Unicode text: nothing has such a name."
            ) from error
        if size > LONGEST_KEY:
            raise OverLimit(
                f"The key {full[:60]!r}... has {size:,} bytes; S3 takes {LONGEST_KEY:,} at most. Give "
                "the recording a shorter name."
            )
        return full

    def _page(self, prefix: str, after: str) -> dict[str, Any]:
        with s3_errors(self.url):
            page = self._client.list_objects_v2(
                Bucket=self.bucket,
                Prefix=self._base + prefix,
                MaxKeys=PAGE,
                **({"StartAfter": after} if after else {}),
            )
        if "IsTruncated" not in page or (page["IsTruncated"] and not page.get("Contents")):
            raise _no_s3(self.url)
        return page

    def _infos(self, page: dict[str, Any]) -> Iterator[ObjectInfo]:
        for entry in page.get("Contents", ()):
            key: str = entry["Key"]
            # The key of the prefix itself, which some tools make to show a folder, is no name.
            if key != self._base:
                yield self._info(key.removeprefix(self._base), entry, entry.get("Size"))

    def _absent(self, key: str, error: NotFound) -> NotFound:
        """Says what there is at a key in the place of an object."""
        folder = key.rstrip("/") + "/"
        # A store that may not be listed leaves us with what it said first.
        with suppress(AccessDenied):
            if next(self.list(folder), None) is not None:
                return NotFound(
                    f"{self.url_of(key)} is a folder, not a recording: name one object in it, or "
                    "ingest the whole folder."
                )
        return error

    def _info(self, key: str, reply: dict[str, Any], size: int | None) -> ObjectInfo:
        if size is None or "ETag" not in reply or "LastModified" not in reply:
            raise _no_s3(self.url_of(key))
        # HEAD tells whole seconds only, and both must tell the same.
        modified: datetime = reply["LastModified"].astimezone(UTC).replace(microsecond=0)
        return ObjectInfo(key, size, _version(reply), modified)

    def _writer_of(self, full: str) -> str | None:
        head = self._client.head_object(Bucket=self.bucket, Key=full)
        return head.get("Metadata", {}).get(_WRITER)

    def _receive(self, key: str, incoming: Incoming) -> tuple[ObjectInfo, int]:
        """Read one version of an object to its end; what it is, and how often the read broke."""
        info, body = self._begun(key, incoming)
        resumed = idle = 0
        while True:
            before = incoming.size
            try:
                body = body or self._resumed(info, before)
                _pour(body, incoming)
                return replace(info, size=incoming.size), resumed
            except NoRoom:
                raise
            except StoreUnavailable:
                idle = 0 if incoming.size - before >= CHUNK else idle + 1
                if idle > RESUMES:
                    raise
                incoming.stop.wait(_pause_s(idle))
                incoming.go_on()
                resumed, body = resumed + 1, None

    def _begun(self, key: str, incoming: Incoming) -> tuple[ObjectInfo, Any]:
        full = self._full(key)
        try:
            with s3_errors(incoming.url):
                reply = self._client.get_object(Bucket=self.bucket, Key=full)
        except NotFound as error:
            raise self._absent(key, error) from error
        # Whoever sends without saying how much is counted as it comes.
        info = self._info(key, reply, reply.get("ContentLength", 0))
        try:
            incoming.announce(info.size)
        except OverLimit:
            reply["Body"].close()
            raise
        return info, reply["Body"]

    def _resumed(self, info: ObjectInfo, start: int) -> Any:
        url = self.url_of(info.key)
        with s3_errors(url):
            try:
                reply = self._client.get_object(
                    Bucket=self.bucket,
                    Key=self._full(info.key),
                    IfMatch=f'"{info.version}"',
                    **({"Range": f"bytes={start}-"} if start else {}),
                )
            except ClientError as error:
                # 416: shorter now than what we have of it.
                if status_of(error) in (404, 412, 416):
                    raise _changed(url) from error
                raise
        body = reply["Body"]
        if _version(reply) != info.version:
            body.close()
            raise _changed(url)
        if start and not reply.get("ContentRange", "").startswith(f"bytes {start}-"):
            body.close()
            raise StoreUnavailable(
                f"{url}: the read broke off, and the server would not go on from byte {start:,}."
            )
        return body


def _client(
    endpoint_url: str | None,
    region: str | None,
    access_key_id: str | None,
    secret_access_key: str | None,
    addressing: Addressing,
) -> Any:
    core: Any = botocore.session.get_session()  # pyright: ignore[reportUnknownMemberType]
    core.register_component("data_loader", _loader())
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_time)
    session: Any = boto3.session.Session(
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        region_name=region,
        botocore_session=core,
    )
    client = session.client(
        "s3",
        endpoint_url=endpoint_url,
        config=Config(
            # Left to itself, boto3 presigns in some regions as AWS has long ceased to accept.
            signature_version="s3v4",
            s3={"addressing_style": addressing},
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=CONNECTIONS,
            # Servers other than AWS stumble over the checksums that boto3 adds of its own accord.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    client.meta.events.register("before-parse.s3.ListObjectsV2", _make_readable)
    return client


@cache
def _loader() -> Any:
    """Descriptions of AWS's services: reading them takes longer than all else of opening a store."""
    return botocore.loaders.create_loader()  # pyright: ignore[reportUnknownMemberType]


def _time(written: Any) -> datetime:
    """botocore's own way takes longer than all else of a listing."""
    with suppress(TypeError, ValueError):
        known = datetime.fromisoformat(written)
        if known.tzinfo:
            return known
    return parse_timestamp(written)


def _make_readable(response_dict: dict[str, Any], **_: object) -> None:
    """Ceph repeats what it was asked with signs that no XML may hold; keys it does encode."""
    body: bytes = response_dict["body"]
    if b"<EncodingType>url<" in body:
        readable = _NO_XML_EITHER.sub(b"", body.translate(None, _NO_XML))
        readable = _NO_XML_REFERRED_TO.sub(b"", readable)
        if readable != body:
            # What cannot be read, boto3 has by now declared to be a failure of the server.
            response_dict |= {"body": readable, "status_code": 200}


def _pour(body: Any, incoming: Incoming) -> None:
    with closing(body), _broken_off_at(incoming.stop, body), s3_errors(incoming.url):
        while chunk := body.read(CHUNK):
            incoming.take(chunk)
        # A read that was broken off may end as if all had come.
        incoming.go_on()


@contextmanager
def _broken_off_at(stop: threading.Event, body: Any) -> Generator[None, None, None]:
    """Ends a read that waits for a silent server as soon as somebody asks to stop."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(WATCH_S):
            if stop.is_set():
                # Not there any more where the read has just come to its end.
                with suppress(ValueError, OSError):
                    body._raw_stream.shutdown()
                return

    watcher = threading.Thread(target=watch, name="s3-stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _version(reply: dict[str, Any]) -> str:
    return reply.get("ETag", "").strip('"')


def _no_s3(url: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"{url}: what answers there does not speak S3. Check the endpoint's address, and what lies "
        "between it and this machine."
    )


def _changed(url: str) -> SourceChanged:
    return SourceChanged(f"{url} was replaced while it was being read. Try again.")


def _pause_s(times: int) -> float:
    return min(FIRST_PAUSE_S * 2**times, LONGEST_PAUSE_S)
