"""A message leaves the queue when Prefect has its events, and not before."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bench.harness.s3_server import S3Server
from stenoflow.deployments.relay.s3_events import read_notification
from stenoflow.deployments.relay.sqs import Queue
from stenoflow.errors import ConfigurationError, NotFound, PrefectUnavailable
from stenoflow.http.backoff import Backoff

KEY = "2026/a b+c/ü%20&<x>.mp3"


class Told:
    """A bucket that tells a queue of its uploads."""

    def __init__(self, server: S3Server) -> None:
        self._s3, self.bucket = server.client(), server.new_bucket()
        self._sqs = server.client("sqs")
        self.url: str = self._sqs.create_queue(QueueName=self.bucket)["QueueUrl"]
        arn = self._attribute("QueueArn")
        self._s3.put_bucket_notification_configuration(
            Bucket=self.bucket,
            NotificationConfiguration={
                "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
            },
        )

    def upload(self, key: str) -> None:
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=b"sound")

    def send(self, body: str) -> None:
        self._sqs.send_message(QueueUrl=self.url, MessageBody=body)

    @property
    def left(self) -> int:
        """Messages that are in the queue, whether or not somebody has received them."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return sum(int(self._attribute(name)) for name in names)

    def _attribute(self, name: str) -> str:
        reply = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        return reply["Attributes"][name]


@pytest.fixture
def told(moto: S3Server, monkeypatch: pytest.MonkeyPatch) -> Told:
    for name, value in moto.environment.items():
        monkeypatch.setenv(name, value)
    return Told(moto)


def open_queue(told: Told) -> Queue:
    return Queue.at(told.url, pauses=Backoff(first_s=0.01, longest_s=60), long_poll_s=1)


async def drained(
    queue: Queue, take: Callable[[str], Awaitable[int]], until: Callable[[], bool]
) -> None:
    """Drain the queue until something has come about."""
    stop = asyncio.Event()
    draining = asyncio.create_task(queue.drain(take, stop))
    while not await asyncio.to_thread(until):
        assert not draining.done(), draining.result()
        await asyncio.sleep(0.02)
    stop.set()
    await draining


async def test_uploads_are_taken_and_their_messages_removed(told: Told) -> None:
    keys: list[str] = []

    async def take(body: str) -> int:
        keys.extend(upload.key for upload in read_notification(body).uploads)
        return 1

    expected = sorted([KEY, *(f"{number}.mp3" for number in range(12))])
    for key in expected:
        told.upload(key)
    await drained(open_queue(told), take, lambda: told.left == 0)
    assert sorted(keys) == expected


async def test_a_message_stays_until_prefect_has_taken_it(told: Told) -> None:
    left: list[int] = []

    async def take(body: str) -> int:
        if not read_notification(body).uploads:
            return 0  # the test event of a new configuration
        left.append(await asyncio.to_thread(lambda: told.left))
        if len(left) < 4:
            raise PrefectUnavailable("Prefect is away.")
        return 1

    told.upload(KEY)
    await drained(open_queue(told), take, lambda: told.left == 0)
    assert len(left) == 4
    assert min(left) >= 1


async def test_an_unreadable_message_stays_and_delays_no_other(told: Told) -> None:
    async def take(body: str) -> int:
        return len(read_notification(body).uploads)

    told.send("hello")
    told.upload(KEY)
    told.send('{"Service": "Amazon S3", "Event": "s3:TestEvent"}')
    await drained(open_queue(told), take, lambda: told.left == 1)
    assert told.left == 1


async def test_a_long_poll_does_not_hold_up_the_end(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    polling = asyncio.Event()
    loop = asyncio.get_running_loop()
    queue = open_queue(told)
    answer = asyncio.Event()

    def receive() -> list[dict[str, Any]]:
        loop.call_soon_threadsafe(polling.set)
        asyncio.run_coroutine_threadsafe(answer.wait(), loop).result()
        return []

    async def take(body: str) -> int:
        raise AssertionError(body)

    monkeypatch.setattr(queue, "_receive", receive)
    stop = asyncio.Event()
    draining = asyncio.create_task(queue.drain(take, stop))
    await polling.wait()
    stop.set()
    await draining
    answer.set()


@pytest.mark.parametrize(
    "url", ["", "calls", "https://sqs.eu-central-1.amazonaws.com", "ftp://x/y"]
)
def test_an_invalid_queue_url_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a queue"):
        Queue.at(url)


def test_a_missing_queue_is_reported_at_the_start(told: Told) -> None:
    with pytest.raises(NotFound, match="no-such-queue: there is no such queue"):
        Queue.at(f"{told.url}/no-such-queue")
