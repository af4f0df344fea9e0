"""Upload notifications of S3 servers: AWS by SQS or SNS, Ceph RGW, MinIO.

They agree on the form of a record, https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
and differ in whether ``s3:`` stands before the event's name and whether the key is URL-encoded.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from stenoflow.errors import BadNotification
from stenoflow.options import validation_message

LITERAL = "ceph:"
"""Senders whose records hold keys as they are; those of others are URL-encoded, as AWS has it."""


@dataclass(frozen=True)
class Upload:
    """An object that was written."""

    bucket: str
    key: str
    """The whole key, decoded."""
    size: int
    """Bytes."""
    version: str | None
    """Version ID, if the bucket is versioned."""
    etag: str | None
    sequencer: str | None
    """Orders the events of one key."""
    at: datetime


class _Bucket(BaseModel):
    name: str = Field(min_length=1)


class _Object(BaseModel):
    key: str = Field(min_length=1)
    size: int = 0
    etag: str | None = Field(default=None, alias="eTag")
    version: str | None = Field(default=None, alias="versionId")
    sequencer: str | None = None


class _S3(BaseModel):
    bucket: _Bucket
    object: _Object


class _Record(BaseModel):
    source: str = Field(default="", alias="eventSource")
    name: str = Field(alias="eventName")
    at: AwareDatetime = Field(alias="eventTime")
    s3: _S3


class _Notification(BaseModel):
    records: list[_Record] | None = Field(default=None, alias="Records")
    event: str | None = Field(default=None, alias="Event")
    type: str | None = Field(default=None, alias="Type")
    message: str | None = Field(default=None, alias="Message")
    subscribe_url: str | None = Field(default=None, alias="SubscribeURL")


_notification = TypeAdapter(_Notification)


@dataclass(frozen=True)
class Notification:
    """The content of one notification."""

    uploads: tuple[Upload, ...] = ()
    confirm: str | None = None
    """Amazon SNS sends nothing until this URL has been opened."""


def read_notification(body: bytes | str) -> Notification:
    """Return the uploads that a notification announces; other events are left out.

    Raises BadNotification.
    """
    parsed = _parsed(body)
    if parsed.type == "Notification" and parsed.message is not None:
        parsed = _parsed(parsed.message)
    elif parsed.type == "SubscriptionConfirmation":
        return Notification(confirm=parsed.subscribe_url)
    if parsed.records is not None:
        created = (each for each in parsed.records if _is_created(each))
        return Notification(tuple(_upload(each) for each in created))
    if parsed.event == "s3:TestEvent":
        return Notification()
    raise BadNotification("it is JSON, but no notification of an S3 server: it has no Records.")


def _parsed(body: bytes | str) -> _Notification:
    try:
        return _notification.validate_json(body)
    except ValidationError as error:
        raise BadNotification(
            f"it is not a notification of an S3 server: {validation_message(error, most=1)}."
        ) from error


def _is_created(record: _Record) -> bool:
    return record.name.removeprefix("s3:").startswith("ObjectCreated:")


def _upload(record: _Record) -> Upload:
    written = record.s3.object
    key = written.key
    if not record.source.startswith(LITERAL):
        try:
            key = unquote_plus(key, errors="strict")
        except UnicodeDecodeError as error:
            raise BadNotification(f"the key {written.key!r} is not UTF-8.") from error
    return Upload(
        bucket=record.s3.bucket.name,
        key=key,
        size=written.size,
        version=written.version or None,
        etag=written.etag or None,
        sequencer=written.sequencer or None,
        at=record.at,
    )
