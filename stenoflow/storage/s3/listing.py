"""Listing objects of a bucket, a page at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

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
