"""What only a bucket has: networks that break, servers that refuse, writes that conflict."""

import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from bench.harness.s3_server import S3Server
from stenoflow.errors import (
    AccessDenied,
    ConfigurationError,
    KeyTooLong,
    NotFound,
    ObjectArchived,
    ObjectEncrypted,
    ObjectTooLarge,
    OverLimit,
    SourceChanged,
    StenoflowError,
    Stopped,
    StoreMisconfigured,
    StoreRefused,
    StoreUnavailable,
    WriteConflict,
)
from stenoflow.storage import S3Config, S3Store, open_store
from stenoflow.storage.base import CHUNK
from stenoflow.storage.s3 import S3Limits
from tests.support.answering_s3 import AT_ONCE, IMPATIENT, Answer, answering, says
from tests.support.breaking_proxy import Break, breaking_proxy
from tests.support.faulty_s3 import faulty_s3

BODY = os.urandom(10 * CHUNK + 1)
PLENTY = 1 << 40
QUICK = S3Limits(backoff=AT_ONCE)
"""Without pauses before a read is resumed."""
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What comes before the answer to a write; from moto twice."""
HEADS = 4096
"""More than the head of one answer."""


def test_the_environment_says_where_and_who(rgw: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in rgw.environment.items():
        monkeypatch.setenv(name, value)
    store = open_store(f"s3://{rgw.new_bucket()}")
    store.put("a", b"1")
    assert store.read("a") == b"1"


# Broken reads


def test_a_broken_read_goes_on_where_it_broke(
    server: S3Server, bucket: str, tmp_path: Path
) -> None:
    server.open(bucket).put("a.mp3", BODY)
    version = server.open(bucket).stat("a.mp3").version
    breaks = [Break(3 * CHUNK, "close"), Break(4 * CHUNK, "close")]
    with breaking_proxy(server.endpoint_url, breaks) as proxy:
        store = server.open(bucket, endpoint_url=proxy.url, limits=QUICK)
        fetched = store.fetch("a.mp3", tmp_path / "a", max_bytes=len(BODY))
    assert fetched.path.read_bytes() == BODY
    assert fetched.sha256 == sha256(BODY).hexdigest()
    assert fetched.info.size == len(BODY)
    assert fetched.resumed == 2
    starts = [int(each.removeprefix("bytes=").removesuffix("-")) for each in proxy.ranges()]
    assert 2 * CHUNK <= starts[0] <= 3 * CHUNK <= starts[1] <= 7 * CHUNK
    assert all(f'If-Match: "{version}"' in head for head in proxy.asked[1:])
    # At most the chunk that was on its way when it broke is sent twice.
    assert proxy.answered <= len(BODY) + 2 * CHUNK + 3 * HEADS


def test_a_read_goes_on_after_a_reset(server: S3Server, bucket: str, tmp_path: Path) -> None:
    server.open(bucket).put("a", BODY)
    with breaking_proxy(server.endpoint_url, [Break(3 * CHUNK)] * 2) as proxy:
        store = server.open(bucket, endpoint_url=proxy.url, limits=QUICK)
        fetched = store.fetch("a", tmp_path / "a", max_bytes=len(BODY))
    assert fetched.resumed == 2
    assert fetched.path.read_bytes() == BODY


def test_a_read_may_break_as_often_as_it_gets_on(
    server: S3Server, bucket: str, tmp_path: Path
) -> None:
    server.open(bucket).put("a", BODY)
    breaks = [Break(CHUNK + HEADS, "close")] * 9
    with breaking_proxy(server.endpoint_url, breaks) as proxy:
        store = server.open(bucket, endpoint_url=proxy.url, limits=QUICK)
        fetched = store.fetch("a", tmp_path / "a", max_bytes=len(BODY))
    assert fetched.resumed == 9 > QUICK.resumes
    assert fetched.sha256 == sha256(BODY).hexdigest()


def test_a_read_that_gets_no_further_is_given_up(
    server: S3Server, bucket: str, tmp_path: Path
) -> None:
    server.open(bucket).put("a", BODY)
    breaks = [Break(HEADS, "close")] * 50
    with breaking_proxy(server.endpoint_url, breaks) as proxy:
        store = server.open(bucket, endpoint_url=proxy.url, limits=QUICK)
        with pytest.raises(StoreUnavailable, match="did not answer, or broke off"):
            store.fetch("a", tmp_path / "a", max_bytes=len(BODY))
    assert len(proxy.ranges()) <= QUICK.resumes + 1
    assert not (tmp_path / "a").exists()


def test_a_server_that_falls_silent_is_asked_again(
    server: S3Server, bucket: str, tmp_path: Path
) -> None:
    limits = S3Limits(read_timeout_s=0.3, backoff=AT_ONCE)
    server.open(bucket).put("a", BODY)
    with breaking_proxy(server.endpoint_url, [Break(3 * CHUNK, "silence")]) as proxy:
        store = server.open(bucket, endpoint_url=proxy.url, limits=limits)
        assert store.fetch("a", tmp_path / "a", max_bytes=len(BODY)).resumed >= 1
    assert (tmp_path / "a").read_bytes() == BODY


def test_cancellation_ends_the_wait_for_a_silent_server(
    server: S3Server, bucket: str, tmp_path: Path
) -> None:
    server.open(bucket).put("a", BODY)
    stop = threading.Event()
    with (
        breaking_proxy(server.endpoint_url, [Break(3 * CHUNK, "silence")]) as proxy,
        ThreadPoolExecutor(1) as thread,
    ):
        store = server.open(bucket, endpoint_url=proxy.url, limits=QUICK)
        fetching = thread.submit(store.fetch, "a", tmp_path / "a", max_bytes=PLENTY, stop=stop)
        assert proxy.silent.wait(60)
        stop.set()
        with pytest.raises(Stopped):
            fetching.result(timeout=QUICK.read_timeout_s / 2)
    assert not (tmp_path / "a").exists()
    assert "s3-stop" not in {each.name for each in threading.enumerate()}


@pytest.mark.parametrize("new", [BODY[::-1], b"short", None])
def test_an_object_replaced_between_reads_is_never_mixed(
    server: S3Server, bucket: str, tmp_path: Path, new: bytes | None
) -> None:
    direct = server.open(bucket)
    direct.put("a", BODY)

    def replace() -> None:
        direct.delete("a") if new is None else direct.put("a", new)

    with breaking_proxy(server.endpoint_url, [Break(3 * CHUNK, "close", replace)]) as proxy:
        store = server.open(bucket, endpoint_url=proxy.url, limits=QUICK)
        with pytest.raises(SourceChanged, match="was replaced while it was being read"):
            store.fetch("a", tmp_path / "a", max_bytes=PLENTY)
    assert not (tmp_path / "a").exists()


def test_the_cap_counts_what_is_read_not_what_is_announced(tmp_path: Path) -> None:
    sent = 0

    def endless(request: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        request.send_response(200)
        request.send_header("ETag", '"1"')
        request.send_header("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        while True:
            request.wfile.write(b"10000\r\n" + 65536 * b"a" + b"\r\n")
            sent += 65536

    with answering(endless) as store:
        with pytest.raises(OverLimit, match="larger than the 1,000,000 bytes allowed"):
            store.fetch("a", tmp_path / "a", max_bytes=1_000_000)
        with pytest.raises(ObjectTooLarge):
            store.read("a", max_bytes=1_000_000)
    assert not (tmp_path / "a").exists()
    assert sent < 50_000_000


def test_what_is_announced_too_large_is_not_read(
    server: S3Server, bucket: str, tmp_path: Path
) -> None:
    server.open(bucket).put("a", BODY)
    with breaking_proxy(server.endpoint_url) as proxy:
        store = server.open(bucket, endpoint_url=proxy.url, limits=QUICK)
        with pytest.raises(OverLimit):
            store.fetch("a", tmp_path / "a", max_bytes=len(BODY) - 1)
        assert len(proxy.asked) == 1


# Writing


def test_a_large_file_is_put_in_parts_and_a_broken_part_again(
    rgw: S3Server, tmp_path: Path
) -> None:
    bucket, body = rgw.new_bucket(), os.urandom(1 << 20) * 70
    (tmp_path / "body").write_bytes(body)
    with breaking_proxy(rgw.endpoint_url, [Break(1000)]) as proxy:
        store = rgw.open(bucket, endpoint_url=proxy.url, limits=QUICK)
        store.put("a.wav", tmp_path / "body")
        assert proxy.breaks == []
    fetched = rgw.open(bucket).fetch("a.wav", tmp_path / "a", max_bytes=len(body))
    assert fetched.sha256 == sha256(body).hexdigest()
    assert fetched.info.version.endswith("-5")


def test_the_content_type_is_kept(server: S3Server, bucket: str) -> None:
    store = server.open(f"{bucket}/texts")
    store.put("a.srt", b"1", content_type="application/x-subrip")
    store.put_if_absent("a.json", b"{}", content_type="application/json")
    client = server.client()
    kept = [
        client.head_object(Bucket=bucket, Key=f"texts/{key}")["ContentType"]
        for key in ("a.srt", "a.json")
    ]
    assert kept == ["application/x-subrip", "application/json"]


def test_a_write_whose_answer_was_lost_knows_itself_again(server: S3Server, bucket: str) -> None:
    with breaking_proxy(server.endpoint_url, [Break(2 * len(GO_ON))]) as proxy:
        store = server.open(bucket, endpoint_url=proxy.url, limits=QUICK)
        assert store.put_if_absent("intent", b"mine") is True
        assert [head.partition(" ")[0] for head in proxy.asked] == ["PUT", "PUT", "HEAD"]
        assert store.put_if_absent("intent", b"another") is False


def test_writes_that_cross_are_tried_again() -> None:
    cross = says(409, "ConditionalRequestConflict")
    with answering(cross, cross, says(200)) as store:
        assert store.put_if_absent("a", b"") is True
    with (
        answering(cross) as store,
        pytest.raises(WriteConflict, match="being written by others"),
    ):
        store.put_if_absent("a", b"")


def test_a_server_without_conditional_writes_is_no_destination() -> None:
    with (
        answering(says(501, "NotImplemented")) as store,
        pytest.raises(ConfigurationError, match="nothing is bought without that"),
    ):
        store.put_if_absent("a", b"")


# Listing


def test_pages_join_without_gaps(server: S3Server, bucket: str) -> None:
    limits = S3Limits(page_size=3)
    expected = [f"{number}\x01" for number in range(10)]
    for key in expected:
        server.open(bucket).put(f"calls/{key}", b"")
    with breaking_proxy(server.endpoint_url) as proxy:
        store = server.open(f"{bucket}/calls", endpoint_url=proxy.url, limits=limits)
        assert [info.key for info in store.list()] == expected
        assert len(proxy.asked) == 4


def test_a_listing_that_is_not_gone_through_leaves_no_thread(server: S3Server, bucket: str) -> None:
    for key in ("a", "b", "c"):
        server.open(bucket).put(key, b"")
    some = server.open(bucket, limits=S3Limits(page_size=2)).list()
    assert next(some).key == "a"
    assert any(each.name.startswith("s3-list") for each in threading.enumerate())
    some.close()  # type: ignore[attr-defined]
    assert not any(each.name.startswith("s3-list") for each in threading.enumerate())


def test_only_objects_under_the_prefix_are_listed(server: S3Server, bucket: str) -> None:
    whole = server.open(bucket)
    for key in ("calls", "calls/", "calls/a", "calls/b/", "calls-old/a"):
        whole.put(key, b"")
    store = server.open(f"{bucket}/calls")
    assert [info.key for info in store.list()] == ["a", "b/"]
    assert [info.key for info in whole.list("calls/")] == ["calls/", "calls/a", "calls/b/"]


# Links for others


def test_a_presigned_address_reads_without_keys(server: S3Server, bucket: str) -> None:
    store = server.open(f"{bucket}/ü")
    store.put("a b+c", BODY)
    address = store.presign("a b+c", expires_s=60)
    assert address
    assert httpx.get(address).raise_for_status().content == BODY
    assert server.secret_access_key not in address


@pytest.mark.parametrize("expires_s", [0, -1, 8 * 24 * 3600])
def test_a_presigned_address_lives_a_week_at_most(moto: S3Server, expires_s: int) -> None:
    with pytest.raises(ConfigurationError, match="lives 1 to 604,800 seconds"):
        moto.open("any").presign("a", expires_s=expires_s)


# Clear words


@pytest.mark.parametrize("method", ["stat", "read"])
def test_a_missing_bucket_is_named(server: S3Server, method: str) -> None:
    store = server.open("never-made-bucket")
    with pytest.raises(NotFound, match=r"s3://never-made-bucket.*: there is no such bucket"):
        getattr(store, method)("a")
    with pytest.raises(NotFound, match="there is no such bucket"):
        next(store.list(), None)
    for body in (b"", Path(__file__)):
        with pytest.raises(NotFound, match="there is no such bucket"):
            store.put("a", body)
    with pytest.raises(NotFound, match="there is no such bucket"):
        store.put_if_absent("a", b"")


def test_wrong_keys_are_refused_and_not_shown(rgw: S3Server, tmp_path: Path) -> None:
    bucket = rgw.new_bucket()
    rgw.open(bucket).put("a", b"")
    stranger = S3Server(rgw.endpoint_url, rgw.access_key_id, "a-wrong-secret").open(bucket)
    attempts = (
        lambda: stranger.stat("a"),
        lambda: stranger.read("a"),
        lambda: stranger.fetch("a", tmp_path / "a", max_bytes=1),
        lambda: next(stranger.list()),
        lambda: stranger.put("a", b""),
        lambda: stranger.put_if_absent("b", b""),
        lambda: stranger.delete("a"),
    )
    for attempt in attempts:
        with pytest.raises(AccessDenied, match="refuses these credentials") as refused:
            attempt()
        assert "wrong-secret" not in f"{refused.value} {refused.value.__cause__}"
    assert rgw.open(bucket).read("a") == b""


def test_without_the_right_to_list_a_missing_object_is_just_missing(rgw: S3Server) -> None:
    bucket = rgw.new_bucket()
    rgw.client().put_bucket_policy(
        Bucket=bucket,
        Policy='{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", '
        f'"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::{bucket}"}}]}}',
    )
    store = rgw.open(bucket)
    store.put("a", b"1")
    assert store.read("a") == b"1"
    with pytest.raises((NotFound, AccessDenied)):
        store.stat("b")
    with pytest.raises(AccessDenied, match="that they may do this"):
        next(store.list())


def test_a_refused_connection_to_the_endpoint_is_transient(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nowhere = S3Server(f"http://127.0.0.1:{listener.getsockname()[1]}", "key", "hidden")
    with pytest.raises(StoreUnavailable, match="check the endpoint's address and the network"):
        nowhere.open("calls", limits=IMPATIENT).fetch("a", tmp_path / "a", max_bytes=1)
    assert not (tmp_path / "a").exists()


def test_no_credentials_at_all(
    moto: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "BOTO_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    config = S3Config(endpoint_url=moto.endpoint_url, region="us-east-1")
    store = S3Store("calls", config=config)
    with pytest.raises(AccessDenied, match="There are no credentials for s3://calls/a"):
        store.read("a")


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (says(403, "AccessDenied", "Access Denied"), AccessDenied, "refuses these credentials"),
        (says(403), AccessDenied, "refuses these credentials"),
        (says(401), AccessDenied, "refuses these credentials"),
        (says(400, "ExpiredToken", "old"), AccessDenied, r"have expired \(ExpiredToken old\)"),
        (says(403, "RequestTimeTooSkewed", "15 min"), AccessDenied, "this machine's clock"),
        (says(403, "InvalidObjectState", "GLACIER"), ObjectArchived, "archived"),
        (says(400, "KMS.DisabledException", "arn:k is disabled"), ObjectEncrypted, "arn:k is dis"),
        (says(400, "InvalidRequest", "Server Side Encryption in use"), ObjectEncrypted, "SSE-C"),
        (says(400, "KMS.ThrottlingException", ""), StoreUnavailable, "too many requests"),
        (says(403, "AccessDenied", "arn:me may not kms:Decrypt"), AccessDenied, "kms:Decrypt"),
        (says(403, "AccessDenied", "Requester Pays bucket"), AccessDenied, "pays for the transfer"),
        (says(507), StoreUnavailable, "the store is full"),
        (says(403, "QuotaExceeded"), StoreUnavailable, "the store is full"),
        (says(400, "IncompleteBody"), StoreUnavailable, "the store fails"),
        (says(404, "NoSuchKey"), NotFound, "no such object"),
        (says(404, "NoSuchBucket"), NotFound, "no such bucket"),
        (says(400, "KeyTooLongError"), KeyTooLong, "too long"),
        (says(400, "EntityTooLarge"), ObjectTooLarge, "too large"),
        (says(503, "SlowDown", "less, please"), StoreUnavailable, "too many requests at once"),
        (says(500, "InternalError"), StoreUnavailable, "the store fails"),
        (says(502), StoreUnavailable, "the store fails"),
        (says(429), StoreUnavailable, "too many requests at once"),
        (
            says(400, "AuthorizationHeaderMalformed", "eu-west-1"),
            StoreMisconfigured,
            "another region",
        ),
        (
            says(301, "PermanentRedirect", "", {"x-amz-bucket-region": "eu-west-1"}),
            StoreMisconfigured,
            r"region \(it says eu-west-1\)",
        ),
        (says(400, "InvalidBucketName"), StoreMisconfigured, "InvalidBucketName"),
        (says(501, "NotImplemented"), StoreMisconfigured, "cannot do this"),
        (says(405, "MethodNotAllowed"), StoreRefused, "refuses this request"),
        (says(400, "InvalidRequest", "odd"), StoreRefused, r"\(InvalidRequest odd\)"),
        (says(418), StoreRefused, "refuses this request"),
    ],
)
def test_each_refusal_has_its_type_and_a_clear_sentence(
    answer: Answer, error: type[StenoflowError], words: str
) -> None:
    with (
        answering(answer, limits=IMPATIENT) as store,
        pytest.raises(error, match=words) as refused,
    ):
        store.put("calls/a.mp3", b"")
    assert type(refused.value) is error
    assert str(refused.value).startswith("s3://calls/calls/a.mp3: ")


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (says(403, "InvalidObjectState", "GLACIER"), ObjectArchived, "restore it first"),
        (says(400, "InvalidRequest", "Server Side Encryption"), ObjectEncrypted, "SSE-C"),
        (says(400, "KMS.DisabledException", "disabled"), ObjectEncrypted, "Enable the key"),
        (says(403, "AccessDenied", "no right"), AccessDenied, r"\(AccessDenied no right\)"),
        (says(403, "AccessDenied", "Requester Pays bucket"), AccessDenied, "pays for the transfer"),
        (says(400, "ExpiredToken", "old"), AccessDenied, "have expired"),
        (says(404, "NoSuchBucket"), NotFound, "no such bucket"),
        (says(404, "NoSuchKey"), NotFound, "no such object"),
    ],
)
def test_a_head_without_a_reason_is_explained(
    answer: Answer, error: type[StenoflowError], words: str
) -> None:
    asked: list[str] = []

    def answered(request: BaseHTTPRequestHandler) -> None:
        asked.append(f"{request.command} {request.headers.get('Range', '')}".strip())
        answer(request)

    with answering(answered, limits=IMPATIENT) as store, pytest.raises(error, match=words):
        store.stat("a.mp3")
    assert (asked[0], "GET bytes=0-0" in asked) == ("HEAD", True)


def test_a_bucket_whose_readers_pay_is_called_so() -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        if "requestPayment" not in request.path:
            says(403, "AccessDenied", "Access Denied")(request)
            return
        body = (
            b"<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>"
        )
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    with (
        answering(answer, limits=IMPATIENT) as store,
        pytest.raises(AccessDenied, match="requester pays"),
    ):
        store.stat("a.mp3")


@pytest.mark.parametrize("body", [b"", b"1", BODY])
def test_an_object_is_known_though_head_is_refused(
    server: S3Server, bucket: str, body: bytes
) -> None:
    server.open(bucket).put("a b/ü.mp3", body)

    def no_head(method: str, key: str) -> Answer | None:
        return says(405) if method == "HEAD" else None

    with faulty_s3(server, no_head) as double:
        assert double.open(bucket).stat("a b/ü.mp3") == server.open(bucket).stat("a b/ü.mp3")


@pytest.mark.parametrize("body", [b"<h1>Welcome</h1>", b""])
def test_a_server_that_does_not_speak_s3_is_reported_as_such(body: bytes) -> None:
    def page(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body if request.command != "HEAD" else b"")

    with answering(page, limits=IMPATIENT) as store:
        for attempt in (
            lambda: list(store.list()),
            lambda: store.stat("a"),
            lambda: store.read("a"),
        ):
            with pytest.raises(
                StoreUnavailable,
                match=r"s3://calls.*: the server that answers there does not speak S3",
            ):
                attempt()
