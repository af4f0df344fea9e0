"""From what a person types to a store, and to one object in a store."""

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from stenoflow.errors import ConfigurationError
from stenoflow.storage.base import Store
from stenoflow.storage.local import LocalStore
from stenoflow.storage.local_names import key_of
from stenoflow.storage.s3 import Addressing, S3Store


def open_store(
    url: str,
    *,
    create: bool = False,
    endpoint_url: str | None = None,
    region: str | None = None,
    access_key_id: str | None = None,
    secret_access_key: str | None = None,
    addressing: Addressing = "auto",
) -> Store:
    """The store at ``s3://bucket``, ``s3://bucket/prefix``, ``file:///folder`` or a folder's path.

    Nothing is asked of a server: the first use does that. ``create`` makes a folder that is not
    there yet, as a destination wants it. The others are for S3; what is None comes from where the
    AWS tools look: the environment (AWS_ENDPOINT_URL, AWS_REGION, ...), their files, the machine's
    own role. Raises ConfigurationError where ``url`` is none of these.
    """
    if url.startswith("s3://"):
        bucket, prefix = _split_s3(url)
        return S3Store(
            bucket,
            prefix.removesuffix("/"),
            endpoint_url=endpoint_url,
            region=region,
            access_key_id=access_key_id,
            secret_access_key=secret_access_key,
            addressing=addressing,
        )
    store = LocalStore(_path(url))
    if create:
        store.create()
    return store


def locate(recording: str) -> tuple[str, str]:
    """The store and the key of the one recording that a person named by a path or an S3 URL.

    A relative path is the key as it was typed, in the working folder; any other path is a name in
    its folder. Links are followed here, where somebody chose them. Whether anything is there is for
    :meth:`~stenoflow.storage.Store.stat` to say. Raises ConfigurationError where this is neither path
    nor URL.
    """
    if recording.startswith("s3://"):
        bucket, key = _split_s3(recording)
        return f"s3://{bucket}", key
    path = _path(recording)
    here = Path.cwd()
    if not path.is_absolute() and ".." not in path.parts and path.parts:
        real = Path(os.path.realpath(path))
        if real == Path(os.path.realpath(here)) / path:
            return here.as_uri(), key_of(path.parts)
    real = Path(os.path.realpath(path))
    return real.parent.as_uri(), key_of(real.parts[-1:])


def _split_s3(url: str) -> tuple[str, str]:
    """Bucket and the rest. What follows the bucket is taken literally, as the AWS tools do."""
    bucket, _, rest = url.removeprefix("s3://").partition("/")
    if not bucket or any(sign in bucket for sign in "@?#% \\"):
        raise ConfigurationError(
            f"{url!r} names no bucket: write s3://BUCKET or s3://BUCKET/PREFIX."
        )
    return bucket, rest


def _path(url: str) -> Path:
    if url.startswith("file:"):
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
            raise ConfigurationError(f"{url!r} is no file of this machine: write file:///PATH.")
        return Path(os.fsdecode(unquote_to_bytes(parts.path)))
    scheme, separator, _ = url.partition("://")
    if separator and "/" not in scheme:
        raise ConfigurationError(
            f"{url!r}: {scheme}:// is no store that can be opened. Use s3://BUCKET/PREFIX (with an "
            "endpoint for servers other than AWS), file:///PATH, or a path."
        )
    if not url or "\0" in url:
        raise ConfigurationError(f"{url!r} is neither a path nor an s3:// URL.")
    return Path(url).expanduser()
