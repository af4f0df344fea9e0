"""boto3's S3 client, set up to work with servers other than AWS too."""

import re
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any

import boto3.session  # pyright: ignore[reportMissingTypeStubs]
import botocore.loaders  # pyright: ignore[reportMissingTypeStubs]
import botocore.session  # pyright: ignore[reportMissingTypeStubs]
from botocore.config import Config  # pyright: ignore[reportMissingTypeStubs]
from botocore.utils import (  # pyright: ignore[reportMissingTypeStubs]
    parse_timestamp,  # pyright: ignore[reportUnknownVariableType]
)

from stenoflow.errors import ConfigurationError
from stenoflow.storage.s3.config import S3Config

CONNECTIONS = 32
"""Connections kept open for the threads that share a store."""

_NOT_XML = bytes({*range(0x20)} - {*b"\t\n\r"})
_NOT_XML_EITHER = re.compile(rb"\xef\xbf[\xbe\xbf]")
_NOT_XML_REFERENCE = re.compile(rb"&#x(?:0?[0-8bcef]|1[0-9a-f]|fff[ef]);", re.IGNORECASE)


def new_client(config: S3Config) -> Any:
    """Return a client. Threads may share it. Raises ConfigurationError for an impossible endpoint."""
    core: Any = botocore.session.get_session()  # pyright: ignore[reportUnknownMemberType]
    core.register_component("data_loader", _loader())
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
    session: Any = boto3.session.Session(
        aws_access_key_id=config.access_key_id,
        aws_secret_access_key=config.secret_access_key,
        region_name=config.region,
        botocore_session=core,
    )
    limits = config.limits
    try:
        client = session.client(
            "s3",
            endpoint_url=config.endpoint_url,
            config=Config(
                # By default, boto3 presigns in some regions with a signature that AWS no longer accepts.
                signature_version="s3v4",
                s3={"addressing_style": config.addressing},
                connect_timeout=limits.connect_timeout_s,
                read_timeout=limits.read_timeout_s,
                retries={"mode": "standard", "total_max_attempts": limits.attempts},
                max_pool_connections=CONNECTIONS,
                # Some servers other than AWS fail on the checksums that boto3 adds by default.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
    except ValueError as error:
        raise ConfigurationError(
            f"{error}. The address of an S3 server looks like https://HOST:PORT; for AWS there is none."
        ) from error
    client.meta.events.register("before-parse.s3.ListObjectsV2", _remove_invalid_xml)
    return client


@cache
def _loader() -> Any:
    """Return the descriptions of AWS's services; to read them takes most of the time of opening a store."""
    return botocore.loaders.create_loader()  # pyright: ignore[reportUnknownMemberType]


def _timestamp(text: Any) -> datetime:
    """Parse a time; botocore's own parser takes most of the time of a listing."""
    with suppress(TypeError, ValueError):
        time = datetime.fromisoformat(text)
        if time.tzinfo:
            return time
    return parse_timestamp(text)


def _remove_invalid_xml(response_dict: dict[str, Any], **_: object) -> None:
    """Remove characters that XML does not allow from a listing.

    Ceph encodes the keys, but repeats the request's prefix and start as they are.
    """
    body: bytes = response_dict["body"]
    if b"<EncodingType>url<" in body:
        valid = _NOT_XML_EITHER.sub(b"", body.translate(None, _NOT_XML))
        valid = _NOT_XML_REFERENCE.sub(b"", valid)
        if valid != body:
            # boto3 has by now declared the unreadable response a failure of the server.
            response_dict |= {"body": valid, "status_code": 200}
