"""Listing objects of a bucket, a page at a time, and looking at one of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from stenoflow.errors import AccessDenied, NotFound
from stenoflow.storage.base import ObjectInfo
from stenoflow.storage.s3.errors import s3_errors
from stenoflow.storage.s3.location import S3Location, not_s3


def list_objects(location: S3Location, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
    """Yield the objects whose key starts with ``prefix`` and comes after ``after``, in order."""
    page = _page(location, prefix, location.base + after)
    while page["IsTruncated"]:
        # The next page is requested while the caller works on this one.
        with ThreadPoolExecutor(1, "s3-list") as prefetcher:
            following = prefetcher.submit(_page, location, prefix, page["Contents"][-1]["Key"])
            yield from _infos(location, page)
            page = following.result()
    yield from _infos(location, page)


def stat_object(location: S3Location, key: str) -> ObjectInfo:
    """Return what is known of an object. Raises NotFound."""
    full = location.full_key(key)
    try:
        with s3_errors(location.url_of(key)):
            head = location.client.head_object(Bucket=location.bucket, Key=full)
    except NotFound as error:
        raise explained(location, key, error) from error
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


def _page(location: S3Location, prefix: str, after: str) -> dict[str, Any]:
    with s3_errors(location.url):
        page = location.client.list_objects_v2(
            Bucket=location.bucket,
            Prefix=location.base + prefix,
            MaxKeys=location.limits.page_size,
            **({"StartAfter": after} if after else {}),
        )
    if "IsTruncated" not in page or (page["IsTruncated"] and not page.get("Contents")):
        raise not_s3(location.url)
    return page


def _infos(location: S3Location, page: dict[str, Any]) -> Iterator[ObjectInfo]:
    for entry in page.get("Contents", ()):
        key: str = entry["Key"]
        # Some tools create an object at the prefix itself, to show a folder. It has no name here.
        if key != location.base:
            yield location.info(key.removeprefix(location.base), entry, entry.get("Size"))
