"""Opening a store, and finding one recording, by what a person typed."""

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from stenoflow.errors import ConfigurationError
from stenoflow.storage.base import Store
from stenoflow.storage.local import LocalStore
from stenoflow.storage.local.names import key_of
from stenoflow.storage.s3 import S3Config, S3Store


def open_store(url: str, *, create: bool = False, s3: S3Config = S3Config()) -> Store:
    """Return the store at ``s3://bucket``, ``s3://bucket/prefix``, ``file:///folder`` or a folder's path.

    No request goes to the store: the first use makes one. With ``create``, a missing folder is made, as a
    destination needs it. ``s3`` has the endpoint and the credentials of a bucket. Raises
    ConfigurationError if ``url`` is none of these.
    """
    if url.startswith("s3://"):
        bucket, prefix = _split_s3(url)
        return S3Store(bucket, prefix.removesuffix("/"), s3)
    store = LocalStore(_path(url))
    if create:
        store.create()
    return store


def locate(recording: str) -> tuple[str, str]:
    """Return the store's URL and the key of one recording, given by its path or S3 URL.

    A relative path is itself the key, in the working folder; of any other path the key is the file
    name, in its folder. Symbolic links are followed here, since a person chose them. Nothing is opened:
    :meth:`Store.stat` finds if there is such an object. Raises ConfigurationError if ``recording`` is
    neither a path nor an S3 URL.
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
    """Return bucket and the rest, which is taken literally, as the AWS tools do."""
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
            raise ConfigurationError(f"{url!r} is not a file of this machine: write file:///PATH.")
        return Path(os.fsdecode(unquote_to_bytes(parts.path)))
    scheme, separator, _ = url.partition("://")
    if separator and "/" not in scheme:
        raise ConfigurationError(
            f"{url!r}: {scheme}:// is not a store that can be opened. Use s3://BUCKET/PREFIX (with an "
            "endpoint for servers other than AWS), file:///PATH, or a path."
        )
    if not url or "\0" in url:
        raise ConfigurationError(f"{url!r} is neither a path nor an s3:// URL.")
    return Path(url).expanduser()
