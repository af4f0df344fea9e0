"""Notifications are read as each S3 server writes them, and everything else is refused in a sentence."""

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.deployments.relay.s3_events import read_notification
from stenoflow.errors import BadNotification

KEY = "2026/a b+c/ü%20&<x>.mp3"


def record(key: str, **changes: Any) -> dict[str, Any]:
    """One record, with what a test is not about filled in."""
    written = {"key": key, "size": 1, "eTag": "9dd4e461", "sequencer": "CDFF046B"}
    return {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "eventTime": "2026-11-24T03:09:01.134Z",
        "s3": {"bucket": {"name": "calls"}, "object": written},
    } | changes


def notification(*records: dict[str, Any], **more: Any) -> str:
    return json.dumps({"Records": records} | more)


AWS = notification(record(quote_plus(KEY, safe="/")))
SENDERS = {
    "Amazon S3": AWS,
    "Amazon SNS": json.dumps({"Type": "Notification", "Message": AWS, "Signature": "..."}),
    "Ceph": notification(record(KEY, eventSource="ceph:s3")),
    "MinIO": notification(
        record(quote_plus(KEY), eventSource="minio:s3", eventName="s3:ObjectCreated:Put"),
        EventName="s3:ObjectCreated:Put",
        Key=f"calls/{KEY}",
    ),
}


@pytest.mark.parametrize("sender", SENDERS)
def test_the_key_is_the_objects_own_whoever_sends_it(sender: str) -> None:
    (upload,) = read_notification(SENDERS[sender]).uploads
    assert (upload.bucket, upload.key, upload.size) == ("calls", KEY, 1)
    assert (upload.etag, upload.version, upload.sequencer) == ("9dd4e461", None, "CDFF046B")
    assert upload.at.isoformat() == "2026-11-24T03:09:01.134000+00:00"


@given(st.text(min_size=1).filter(lambda key: key.isprintable()))
def test_any_key_comes_through(key: str) -> None:
    body = notification(
        record(quote_plus(key, safe="/")), record(key, eventSource="ceph:s3")
    ).encode()
    assert [upload.key for upload in read_notification(body).uploads] == [key, key]


@pytest.mark.parametrize(
    "name",
    ["ObjectCreated:CompleteMultipartUpload", "s3:ObjectCreated:Copy", "s3:ObjectCreated:Post"],
)
def test_every_way_to_write_an_object_counts(name: str) -> None:
    assert len(read_notification(notification(record("a.mp3", eventName=name))).uploads) == 1


@pytest.mark.parametrize(
    "name", ["ObjectRemoved:Delete", "s3:ObjectTagging:Put", "ObjectCreatedNot:Put", "TestEvent"]
)
def test_nothing_else_does(name: str) -> None:
    said = read_notification(notification(record("a.mp3"), record("b.mp3", eventName=name)))
    assert [upload.key for upload in said.uploads] == ["a.mp3"]


def test_the_test_event_of_a_new_configuration_is_not_an_upload() -> None:
    test = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "calls"})
    assert read_notification(test).uploads == ()
    wrapped = json.dumps({"Type": "Notification", "Message": test})
    assert read_notification(wrapped).uploads == ()


def test_a_new_sns_subscription_asks_to_be_confirmed() -> None:
    url = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"
    body = json.dumps({"Type": "SubscriptionConfirmation", "SubscribeURL": url, "Message": "..."})
    assert read_notification(body).confirm == url


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "EOF"),
        (b"\xff\xfe", "it is not a notification"),
        (b"[]", "object"),
        (b"{}", "it has no Records"),
        (b"[" * 200_000, "recursion"),
        (b'{"Records": [{"s3": {}}]}', "Records.0.eventName"),
        (notification(record("")), "Records.0.s3.object.key"),
        (notification(record("%FF.mp3")), "not UTF-8"),
        (notification(record("a.mp3", eventTime="yesterday")), "Records.0.eventTime"),
        (json.dumps({"Type": "Notification", "Message": "hello"}), "it is not a notification"),
        (json.dumps({"Type": "Notification", "Message": json.dumps({"Type": "Notification"})}), ""),
    ],
)
def test_anything_else_is_refused_in_one_sentence(body: bytes | str, said: str) -> None:
    with pytest.raises(BadNotification) as refused:
        read_notification(body)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 300
