"""Trying out a store: what it lets us do is found out, said in clear words, and nothing is left."""

import os
import socket
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from stenoflow.storage import Report, Store, check, open_store, s3
from stenoflow.storage.local import LocalStore
from stenoflow.storage.probe import PROBE
from tests.support.answering_s3 import answering
from tests.support.s3 import S3Server

EVERYTHING = ("reach", "list", "read", "write", "put if absent")


def said(report: Report) -> dict[str, bool | None]:
    return {each.name: each.ok for each in report.abilities}


def denied(bucket: str, *actions: str) -> str:
    """A bucket's policy by which nobody may do this."""
    listed = ", ".join(f'"s3:{action}"' for action in actions)
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", '
        f'"Action": [{listed}], "Resource": ["arn:aws:s3:::{bucket}", "arn:aws:s3:::{bucket}/*"]}}]}}'
    )


def test_a_store_that_does_everything(store: Store) -> None:
    report = check(store)
    assert said(report) == dict.fromkeys(EVERYTHING, True)
    assert report.serves_as_source
    assert report.serves_as_destination
    assert report.url == store.url
    assert list(store.list()) == []


def test_a_source_is_tried_without_writing(store: Store) -> None:
    assert said(check(store, write=False)) == {
        "reach": True,
        "list": True,
        "read": None,
        "write": None,
        "put if absent": None,
    }
    store.put("a", b"1")
    report = check(store, write=False)
    assert report.may("read") is True
    assert report.serves_as_source
    assert not report.serves_as_destination
    assert [info.key for info in store.list()] == ["a"]


def test_a_bucket_that_may_only_be_read(rgw: S3Server) -> None:
    bucket = rgw.new_bucket()
    rgw.open(bucket).put("a", b"1")
    rgw.client().put_bucket_policy(Bucket=bucket, Policy=denied(bucket, "PutObject"))
    report = check(rgw.open(bucket))
    assert said(report) == {
        "reach": True,
        "list": True,
        "read": True,
        "write": False,
        "put if absent": False,
    }
    assert report.serves_as_source
    assert not report.serves_as_destination


def test_a_bucket_that_may_not_be_listed(rgw: S3Server) -> None:
    bucket = rgw.new_bucket()
    rgw.client().put_bucket_policy(Bucket=bucket, Policy=denied(bucket, "ListBucket"))
    report = check(rgw.open(bucket))
    assert said(report) == dict.fromkeys(EVERYTHING, True) | {"list": False}
    assert not report.serves_as_source


def test_what_cannot_be_removed_is_told(rgw: S3Server) -> None:
    bucket = rgw.new_bucket()
    rgw.client().put_bucket_policy(Bucket=bucket, Policy=denied(bucket, "DeleteObject"))
    report = check(rgw.open(bucket))
    [write] = [each for each in report.abilities if each.name == "write"]
    left = [info.key for info in rgw.open(bucket).list()]
    assert write.ok
    assert left
    assert all(key.startswith(PROBE) and key in write.sentence for key in left)


@pytest.mark.parametrize("wrong", ["key", "secret", "bucket", "endpoint"])
def test_what_cannot_be_reached(rgw: S3Server, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = S3Server(
        closed if wrong == "endpoint" else rgw.endpoint_url,
        "NOBODY" if wrong == "key" else rgw.access_key_id,
        "not-the-secret" if wrong == "secret" else rgw.secret_access_key,
    )
    report = check(server.open("no-such-bucket" if wrong == "bucket" else rgw.new_bucket()))
    assert report.may("reach") is (wrong in ("key", "secret"))
    assert not any(each.ok for each in report.abilities if each.name != "reach")
    assert not report.serves_as_source
    assert not report.serves_as_destination
    words = {"bucket": "no such bucket", "endpoint": "did not answer"}
    sentences = " ".join(each.sentence for each in report.abilities)
    assert words.get(wrong, "refuses these credentials") in sentences
    assert "not-the-secret" not in sentences
    assert rgw.secret_access_key not in sentences


def test_a_server_that_lets_a_second_writer_win_is_no_destination() -> None:
    objects: dict[str, bytes] = {}

    def answer(request: BaseHTTPRequestHandler) -> None:
        path, _, query = request.path.partition("?")
        body = b""
        if request.command == "PUT":
            objects[path] = request.rfile.read(int(request.headers["Content-Length"]))
        elif "list-type" in query:
            body = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
        elif request.command == "GET":
            body = objects[path]
        request.send_response(200)
        request.send_header("ETag", '"1"')
        request.send_header("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    with answering(answer) as store:
        report = check(store)
    assert said(report) == dict.fromkeys(EVERYTHING, True) | {"put if absent": False}
    assert "lets a second writer replace" in report.abilities[-1].sentence
    assert not report.serves_as_destination


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    report = check(open_store(str(tmp_path / "none")), write=False)
    assert said(report) == {
        "reach": False,
        "list": False,
        "read": None,
        "write": None,
        "put if absent": None,
    }
    assert "There is no folder" in report.abilities[0].sentence


def test_a_failure_that_is_none_of_the_store_is_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(LocalStore, "put", broken)
    with pytest.raises(ZeroDivisionError):
        check(open_store(str(tmp_path)))
    assert os.listdir(tmp_path) == []  # noqa: PTH208
