"""Reading one version of an object to its end, and resuming where the connection broke."""

import threading
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]

from stenoflow.errors import NotFound, OverLimit, SourceChanged, StoreUnavailable
from stenoflow.storage.base import CHUNK, ObjectInfo
from stenoflow.storage.download import Download
from stenoflow.storage.s3.errors import s3_errors, status_of
from stenoflow.storage.s3.location import S3Location, version_in
from stenoflow.storage.s3.stat import explained

CANCEL_POLL_S = 0.2
"""Seconds between two looks at a download's cancellation event."""


def read_object(location: S3Location, key: str, download: Download) -> tuple[ObjectInfo, int]:
    """Read an object; return what was read, and how many times the read was resumed.

    Raises NotFound, OverLimit, SourceChanged if the object is replaced meanwhile, LocalWriteFailed,
    Stopped; StoreUnavailable after several attempts in a row that got no chunk further.
    """
    info, body = _open(location, key, download)
    breaks = 0

    def read_on() -> bool:
        nonlocal body, breaks
        before = download.size
        try:
            if body is None:
                download.check_cancelled()
                body = _reopen(location, info, before)
            _copy(body, download)
            return True
        except StoreUnavailable:
            body, breaks = None, breaks + 1
            if download.size - before >= CHUNK:
                return False
            raise

    limits = location.limits
    done = False
    while not done:
        attempts = limits.backoff.retrying(
            download.cancelled, retry_on=StoreUnavailable, attempts=limits.resumes + 1
        )
        done = attempts(read_on)
    return replace(info, size=download.size), breaks


def _open(location: S3Location, key: str, download: Download) -> tuple[ObjectInfo, Any]:
    full = location.full_key(key)
    try:
        with s3_errors(download.url):
            response = location.client.get_object(Bucket=location.bucket, Key=full)
    except NotFound as error:
        raise explained(location, key, error) from error
    # Without an announced length, the bytes are counted as they arrive.
    info = location.info(key, response, response.get("ContentLength", 0))
    try:
        download.check_size(info.size)
    except OverLimit:
        response["Body"].close()
        raise
    return info, response["Body"]


def _reopen(location: S3Location, info: ObjectInfo, start: int) -> Any:
    url = location.url_of(info.key)
    with s3_errors(url):
        try:
            response = location.client.get_object(
                Bucket=location.bucket,
                Key=location.full_key(info.key),
                IfMatch=f'"{info.version}"',
                **({"Range": f"bytes={start}-"} if start else {}),
            )
        except ClientError as error:
            # 416: the object is now shorter than what has been read of it.
            if status_of(error) in (404, 412, 416):
                raise _changed(url) from error
            raise
    body = response["Body"]
    if version_in(response) != info.version:
        body.close()
        raise _changed(url)
    if start and not response.get("ContentRange", "").startswith(f"bytes {start}-"):
        body.close()
        raise StoreUnavailable(
            f"{url}: the read broke off, and the server did not resume it at byte {start:,}. Try again."
        )
    return body


def _copy(body: Any, download: Download) -> None:
    with closing(body), _aborted_by(download.cancelled, body), s3_errors(download.url):
        while chunk := body.read(CHUNK):
            download.write(chunk)
        # An aborted read may look like one that has come to its end.
        download.check_cancelled()


@contextmanager
def _aborted_by(cancelled: threading.Event, body: Any) -> Generator[None, None, None]:
    """End a read that waits for a silent server once ``cancelled`` is set."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(CANCEL_POLL_S):
            if cancelled.is_set():
                # The stream is gone if the read has just come to its end.
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


def _changed(url: str) -> SourceChanged:
    return SourceChanged(f"{url} was replaced while it was being read. Try again.")
