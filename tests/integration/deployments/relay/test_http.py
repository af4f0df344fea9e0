"""The listener hears those who know its secret, within its limits, and answers what became of it."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest

from bench.harness.s3_server import S3Server
from stenoflow.deployments.relay.connections import Limits, peer_of
from stenoflow.deployments.relay.http import SECRET, Listener, Rate
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
        self.inside = 0

    async def __call__(self, body: bytes) -> int:
        self.begun.set()
        self.inside += 1
        await self.wait.wait()
        if self.trouble:
            raise self.trouble
        self.taken.append(body)
        return 1


@asynccontextmanager
async def listening(
    take: Taker, per_s: float = 1000.0, limits: Limits | None = None
) -> AsyncGenerator[httpx.AsyncClient]:
    stop = asyncio.Event()
    listener = Listener.at("127.0.0.1:0", per_s, limits or Limits())
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
async def test_a_request_with_the_secret_is_accepted(path: str, headers: dict[str, str]) -> None:
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
async def test_a_request_without_the_secret_is_refused(
    method: str, path: str, headers: dict[str, str]
) -> None:
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
async def test_the_status_code_says_whether_to_send_again(trouble: Exception, status: int) -> None:
    take = Taker()
    take.trouble = trouble
    async with listening(take) as client:
        reply = await client.post("/", headers=BEARER)
        assert reply.status_code == status
        assert ("retry-after" in reply.headers) == (status == 503)
        take.trouble = None
        assert (await client.post("/", headers=BEARER)).status_code == 200


async def test_a_body_that_is_too_large_is_refused() -> None:
    take, most = Taker(), Limits().body_bytes
    async with listening(take) as client:
        fits = await client.post("/", headers=BEARER, content=b" " * most)
        reply = await client.post("/", headers=BEARER, content=b" " * (most + 1))
    assert (fits.status_code, reply.status_code) == (200, 413)
    assert [len(body) for body in take.taken] == [most]


async def test_too_many_requests_get_429_with_retry_after() -> None:
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


HEAD = f"POST /{TOKEN.replace(' ', '%20')} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    take = Taker()
    async with listening(take, limits=Limits(body_s=0.1)) as client:
        said = await said_to(client, f"{HEAD}{{")
    assert said.startswith(b"HTTP/1.1 408 ")
    assert take.taken == []


@pytest.mark.parametrize("beginning", ["", "POST / HTTP/1.1\r\n", HEAD[:-2]])
async def test_a_head_that_does_not_come_is_not_waited_for(beginning: str) -> None:
    async with listening(Taker(), limits=Limits(head_s=0.1)) as client:
        assert await said_to(client, beginning) == b""


async def test_a_head_that_drips_in_has_no_more_time() -> None:
    async with listening(Taker(), limits=Limits(head_s=0.5)) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        cut = asyncio.create_task(reader.read())
        writer.write(b"POST / HTTP/1.1\r\n")
        while not cut.done():
            writer.write(b"x: y\r\n")
            await asyncio.wait([cut], timeout=0.05)
        assert cut.exception() or cut.result() == b""
        writer.close()


async def test_a_connection_is_cut_at_its_end_whatever_it_does() -> None:
    take = Taker()
    take.wait.clear()
    async with listening(take, limits=Limits(connection_s=0.3)) as client:
        assert await said_to(client, f"{HEAD}123456789") == b""
        take.wait.set()


async def silent(client: httpx.AsyncClient, number: int) -> list[asyncio.StreamWriter]:
    """Connections that send nothing, all taken."""
    opened = [
        await asyncio.open_connection("127.0.0.1", client.base_url.port) for _ in range(number)
    ]
    return [writer for _, writer in opened]


@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        Limits(head_s=3600, connection_s=3600),
        Limits(head_s=3600, connection_s=3600, connections=16),
    ],
)
async def test_silent_connections_do_not_keep_a_notification_out(limits: Limits) -> None:
    take = Taker()
    async with listening(take, limits=limits) as client:
        opened = await silent(client, 200)
        replies = [await client.post("/", headers=BEARER) for _ in range(3)]
        for writer in opened:
            writer.close()
    assert [reply.status_code for reply in replies] == [200] * 3
    assert len(take.taken) == 3


async def test_requests_beyond_the_cap_of_a_peer_get_503() -> None:
    take = Taker()
    take.wait.clear()
    async with listening(take, limits=Limits(peer_connections=2)) as client:
        first = [asyncio.create_task(client.post("/", headers=BEARER)) for _ in range(2)]
        while take.inside < 2:
            await asyncio.sleep(0.01)
        (reply,) = await asyncio.gather(client.post("/", headers=BEARER))
        take.wait.set()
        assert [each.status_code for each in await asyncio.gather(*first)] == [200, 200]
        again = await client.post("/", headers=BEARER)
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "", True),
    ],
)
def test_a_peer_is_an_address_or_a_customers_network(one: str, other: str, same: bool) -> None:
    assert (peer_of(one) == peer_of(other)) is same


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
