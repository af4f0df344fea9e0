"""The listener hears those who know its secret, within its limits, and answers what became of it."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest

from bench.harness.s3_server import S3Server
from stenoflow.deployments.relay import http as relay_push
from stenoflow.deployments.relay.http import MOST_BYTES, SECRET, Listener, Rate
from stenoflow.deployments.relay.s3_events import read_notification
from stenoflow.errors import BadNotification, PrefectUnavailable

TOKEN = "known to senders only"
BEARER = {"authorization": f"Bearer {TOKEN}"}


def basic(password: str) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(f'rgw:{password}'.encode()).decode()}"}


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, TOKEN)


class Taker:
    """What stands behind the listener: remembers what it was given, and does as it is told."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.trouble: Exception | None = None
        self.wait = asyncio.Event()
        self.wait.set()
        self.begun = asyncio.Event()

    async def __call__(self, body: bytes) -> int:
        self.begun.set()
        await self.wait.wait()
        if self.trouble:
            raise self.trouble
        self.taken.append(body)
        return 1


@asynccontextmanager
async def listening(take: Taker, per_s: float = 1000.0) -> AsyncGenerator[httpx.AsyncClient]:
    stop = asyncio.Event()
    listener = Listener.at("127.0.0.1:0", per_s)
    serving = asyncio.create_task(listener.serve(take, stop))
    async with httpx.AsyncClient(base_url=listener.url) as client:
        yield client
    stop.set()
    await serving


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", BEARER),
        ("/", {"authorization": f"bearer  {TOKEN}"}),
        ("/", basic(TOKEN)),
        (f"/{TOKEN}", {}),
        (f"/{TOKEN}/", BEARER),
    ],
)
async def test_who_knows_the_secret_is_heard(path: str, headers: dict[str, str]) -> None:
    take = Taker()
    async with listening(take) as client:
        reply = await client.post(path, content=b"{}", headers=headers)
    assert (reply.status_code, reply.json(), take.taken) == (200, {"events": 1}, [b"{}"])


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/guess", {}),
        (f"/x/{TOKEN}", {}),
        ("/", {"authorization": TOKEN}),
        ("/", {"authorization": "Bearer"}),
        ("/", {"authorization": f"Bearer {TOKEN}x"}),
        ("/", {"authorization": "Basic !!!"}),
        ("/", basic("guess")),
        ("/", basic("")),
        (f"/?token={TOKEN}", {}),
    ],
)
async def test_nobody_else_is(method: str, path: str, headers: dict[str, str]) -> None:
    take = Taker()
    async with listening(take) as client:
        reply = await client.request(method, path, headers=headers)
    assert (reply.status_code, take.taken) == (401, [])


async def test_only_posts_to_the_root_are_notifications() -> None:
    take = Taker()
    async with listening(take) as client:
        assert (await client.get("/", headers=BEARER)).status_code == 405
        assert (await client.post("/other", headers=BEARER)).status_code == 404
    assert take.taken == []


@pytest.mark.parametrize(
    ("trouble", "status"),
    [(PrefectUnavailable("Prefect is away."), 503), (BadNotification("it has no Records."), 400)],
)
async def test_the_sender_is_told_whether_to_send_again(trouble: Exception, status: int) -> None:
    take = Taker()
    take.trouble = trouble
    async with listening(take) as client:
        reply = await client.post("/", headers=BEARER)
        assert reply.status_code == status
        assert ("retry-after" in reply.headers) == (status == 503)
        take.trouble = None
        assert (await client.post("/", headers=BEARER)).status_code == 200


async def test_a_body_that_is_too_large_is_refused() -> None:
    take = Taker()
    async with listening(take) as client:
        fits = await client.post("/", headers=BEARER, content=b" " * MOST_BYTES)
        reply = await client.post("/", headers=BEARER, content=b" " * (MOST_BYTES + 1))
    assert (fits.status_code, reply.status_code) == (200, 413)
    assert [len(body) for body in take.taken] == [MOST_BYTES]


async def test_too_many_requests_are_told_to_come_later() -> None:
    take = Taker()
    async with listening(take, per_s=0.001) as client:
        replies = [await client.post("/", headers=BEARER) for _ in range(3)]
        strangers = [await client.post("/") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 429, 429]
    assert replies[1].headers["retry-after"]
    assert [reply.status_code for reply in strangers] == [401] * 3


def test_a_rate_is_a_burst_and_then_so_many_a_second() -> None:
    now = 0.0
    rate = Rate(2.0, lambda: now)
    assert [rate.admits() for _ in range(3)] == [True, True, False]
    now = 0.5
    assert [rate.admits() for _ in range(2)] == [True, False]
    now = 1000.0
    assert [rate.admits() for _ in range(3)] == [True, True, False]


async def said_to(client: httpx.AsyncClient, beginning: str) -> bytes:
    """What the listener says to somebody who never says more than the beginning of a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    writer.write(beginning.encode())
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_push, "BODY_S", 0.1)
    head = f"POST /{TOKEN.replace(' ', '%20')} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    take = Taker()
    async with listening(take) as client:
        said = await said_to(client, f"{head}{{")
    assert said.startswith(b"HTTP/1.1 408 ")
    assert take.taken == []


async def test_a_connection_that_says_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_push, "CONNECTION_S", 0.1)
    async with listening(Taker()) as client:
        assert await said_to(client, "POST / HTTP/1.1\r\n") == b""


async def test_a_request_in_hand_is_answered_before_the_end() -> None:
    take = Taker()
    take.wait.clear()
    stop = asyncio.Event()
    listener = Listener.at("127.0.0.1:0", 1000.0)
    serving = asyncio.create_task(listener.serve(take, stop))
    async with httpx.AsyncClient(base_url=listener.url) as client:
        asking = asyncio.create_task(client.post("/", headers=BEARER))
        await take.begun.wait()
        stop.set()
        take.wait.set()
        assert (await asking).status_code == 200
        await serving
        with pytest.raises(httpx.ConnectError):
            await client.post("/", headers=BEARER)


async def test_ceph_pushes_uploads_with_the_secret_as_path(rgw: S3Server) -> None:
    take = Taker()
    key = "2026/a b+c/ü%20&<x>.mp3"

    def upload(endpoint: str) -> None:
        """Ceph tells of an upload before it has answered it."""
        s3, bucket = rgw.client(), rgw.new_bucket()
        topic = rgw.client("sns").create_topic(
            Name="uploads", Attributes={"push-endpoint": endpoint}
        )
        configuration = {"Id": "uploads", "TopicArn": topic["TopicArn"]}
        s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={
                "TopicConfigurations": [configuration | {"Events": ["s3:ObjectCreated:*"]}]
            },
        )
        s3.put_object(Bucket=bucket, Key=key, Body=b"sound")

    async with listening(take) as client:
        await asyncio.to_thread(upload, f"{client.base_url}{TOKEN.replace(' ', '%20')}")
    (body,) = take.taken
    (told,) = read_notification(body).uploads
    assert (told.key, told.size) == (key, 5)
    assert told.sequencer
    assert json.loads(body)["Records"][0]["eventSource"] == "ceph:s3"
