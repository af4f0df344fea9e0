"""Notifications from an SQS queue, by long polling. Who may read the queue is the queue's own matter.

A message is removed once Prefect has its events. While Prefect is away nothing more is received, so
that no message is counted as tried in vain and moved to a dead-letter queue. What cannot be understood
stays in the queue, for its redrive policy to deal with.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import boto3.session  # pyright: ignore[reportMissingTypeStubs]
from botocore.config import Config  # pyright: ignore[reportMissingTypeStubs]

from stenoflow.errors import (
    BadNotification,
    ConfigurationError,
    NotFound,
    StenoflowError,
    TransientError,
)
from stenoflow.http.backoff import Backoff
from stenoflow.storage.s3 import s3_errors

LONG_POLL_S = 20
"""As long as SQS lets one wait."""
MESSAGES_AT_ONCE = 10
"""As many as SQS gives."""
PAUSES = Backoff(first_s=1, longest_s=60)
"""After failures in a row."""

_REGION = re.compile(r"sqs\.(?P<region>[a-z0-9-]+)\.amazonaws\.")

Take = Callable[[str], Awaitable[int]]
_T = TypeVar("_T")

log = logging.getLogger("stenoflow.relay")


class Queue:
    """One SQS queue."""

    def __init__(self, url: str, client: Any, pauses: Backoff, long_poll_s: int) -> None:
        self._url = url
        self._client = client
        self._pauses = pauses
        self._long_poll_s = long_poll_s

    @classmethod
    def at(cls, url: str, *, pauses: Backoff = PAUSES, long_poll_s: int = LONG_POLL_S) -> Self:
        """Return the queue at a URL, with the machine's own AWS credentials.

        A request for messages waits ``long_poll_s`` seconds for the first one. Raises ConfigurationError,
        AccessDenied, NotFound or StoreUnavailable if the queue cannot be read.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path in {"", "/"}:
            raise ConfigurationError(
                f"{url!r} is not a queue: write https://sqs.REGION.amazonaws.com/ID/NAME."
            )
        found = _REGION.search(parts.netloc)
        with s3_errors(url):
            session: Any = boto3.session.Session()
            client: Any = session.client(
                "sqs",
                region_name=found["region"] if found else None,
                endpoint_url=f"{parts.scheme}://{parts.netloc}",
                config=Config(read_timeout=long_poll_s + 10, connect_timeout=10),
            )
            try:
                client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            except client.exceptions.QueueDoesNotExist as error:
                raise NotFound(
                    f"{url}: there is no such queue. Check its name, region and account."
                ) from error
        return cls(url, client, pauses, long_poll_s)

    async def drain(self, take: Take, stop: asyncio.Event) -> None:
        """Take messages until ``stop`` is set."""
        failures = 0
        while not stop.is_set():
            try:
                messages = await _unless(stop, _in_own_thread(self._receive))
            except StenoflowError as error:
                failures += 1
                await self._pause(failures, error, stop)
                continue
            failures = 0
            if messages:
                done = [each for each in messages if await self._is_taken(each, take, stop)]
                await self._remove(done)

    async def _is_taken(self, message: dict[str, Any], take: Take, stop: asyncio.Event) -> bool:
        """Return True once Prefect has the events of a message; False if it never will, or on a stop."""
        failures = 0
        while not stop.is_set():
            try:
                await take(message["Body"])
            except BadNotification as error:
                log.warning("message %s stays in the queue: %s", message["MessageId"], error)
                return False
            except TransientError as error:
                failures += 1
                await self._pause(failures, error, stop)
            else:
                return True
        return False

    async def _pause(self, failures: int, error: Exception, stop: asyncio.Event) -> None:
        """Wait longer after each of so many failures in a row, but no longer than until ``stop`` is set."""
        pause_s = self._pauses.pause_s(failures)
        log.warning("%s Trying again in %g s.", error, pause_s)
        await asyncio.wait([waiting := asyncio.create_task(stop.wait())], timeout=pause_s)
        waiting.cancel()

    def _receive(self) -> list[dict[str, Any]]:
        with s3_errors(self._url):
            reply = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=MESSAGES_AT_ONCE,
                WaitTimeSeconds=self._long_poll_s,
            )
        return reply.get("Messages", [])

    async def _remove(self, messages: Sequence[dict[str, Any]]) -> None:
        """Remove messages. One that cannot be removed comes again, and is known by its ID."""
        if not messages:
            return
        try:
            await _in_own_thread(lambda: self._delete(messages))
        except StenoflowError as error:
            log.warning("%d messages come again: %s", len(messages), error)

    def _delete(self, messages: Sequence[dict[str, Any]]) -> None:
        entries = [
            {"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]}
            for number, each in enumerate(messages)
        ]
        with s3_errors(self._url):
            reply = self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
        for failed in reply.get("Failed", []):
            log.warning("a message comes again: %s", failed.get("Message"))


async def _unless(stop: asyncio.Event, work: Awaitable[_T]) -> _T | None:
    """Return the result of the work; None once ``stop`` is set, without waiting for it."""
    working, stopping = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        return working.result()
    working.cancel()
    return None


def _in_own_thread(work: Callable[[], _T]) -> asyncio.Future[_T]:
    """Run work in a thread that does not keep the process from ending, such as a long poll."""
    done: Future[_T] = Future()

    def run() -> None:
        done.set_running_or_notify_cancel()
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    Thread(target=run, daemon=True).start()
    return asyncio.wrap_future(done)
