"""A probe finds out what a store allows, reports it in clear words, and leaves nothing behind."""

import os
import socket
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from bench.harness.s3_server import S3Server
from stenoflow.storage import Report, Store, open_store, probe
from stenoflow.storage.local import LocalStore
from stenoflow.storage.probe import PROBE_PREFIX
from tests.support.answering_s3 import IMPATIENT, answering

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
    report = probe(store)
    assert said(report) == dict.fromkeys(EVERYTHING, True)
    assert report.url == store.url
    assert list(store.list()) == []


def test_a_source_is_tried_without_writing(store: Store) -> None:
    assert said(probe(store, write=False)) == {
        "reach": True,
        "list": True,
        "read": None,
        "write": None,
        "put if absent": None,
    }
    store.put("a", b"1")
    report = probe(store, write=False)
    assert report.allows("read") is True
    assert [info.key for info in store.list()] == ["a"]


def test_a_bucket_that_may_only_be_read(rgw: S3Server) -> None:
    bucket = rgw.new_bucket()
    rgw.open(bucket).put("a", b"1")
    rgw.client().put_bucket_policy(Bucket=bucket, Policy=denied(bucket, "PutObject"))
    report = probe(rgw.open(bucket))
    assert said(report) == {
        "reach": True,
        "list": True,
        "read": True,
        "write": False,
        "put if absent": False,
    }


def test_a_bucket_that_may_not_be_listed(rgw: S3Server) -> None:
    bucket = rgw.new_bucket()
    rgw.client().put_bucket_policy(Bucket=bucket, Policy=denied(bucket, "ListBucket"))
    report = probe(rgw.open(bucket))
    assert said(report) == dict.fromkeys(EVERYTHING, True) | {"list": False}


def test_a_probe_object_that_cannot_be_removed_is_reported(rgw: S3Server) -> None:
    bucket = rgw.new_bucket()
    rgw.client().put_bucket_policy(Bucket=bucket, Policy=denied(bucket, "DeleteObject"))
    report = probe(rgw.open(bucket))
    [write] = [each for each in report.abilities if each.name == "write"]
    left = [info.key for info in rgw.open(bucket).list()]
    assert write.ok
    assert left
    assert all(key.startswith(PROBE_PREFIX) for key in left)
    [named] = {key[: len(PROBE_PREFIX) + 32] for key in left}
    assert f"{named}..." in write.sentence


@pytest.mark.parametrize("wrong", ["key", "secret", "bucket", "endpoint"])
def test_what_cannot_be_reached(rgw: S3Server, wrong: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = S3Server(
        closed if wrong == "endpoint" else rgw.endpoint_url,
        "NOBODY" if wrong == "key" else rgw.access_key_id,
        "not-the-secret" if wrong == "secret" else rgw.secret_access_key,
    )
    bucket = "no-such-bucket" if wrong == "bucket" else rgw.new_bucket()
    report = probe(server.open(bucket, limits=IMPATIENT))
    assert report.allows("reach") is (wrong in ("key", "secret"))
    assert not any(each.ok for each in report.abilities if each.name != "reach")
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
        report = probe(store)
    assert said(report) == dict.fromkeys(EVERYTHING, True) | {"put if absent": False}
    assert "lets a second writer replace" in report.abilities[-1].sentence


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    report = probe(open_store(str(tmp_path / "none")), write=False)
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
        probe(open_store(str(tmp_path)))
    assert os.listdir(tmp_path) == []  # noqa: PTH208
