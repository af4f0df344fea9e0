"""``stenoflow relay``: an S3 server's notifications of uploads become Prefect events.

Deployments' triggers match the events. An event's ID is made from the upload itself, so that a
notification that comes twice, late or out of order starts nothing that Prefect remembers; what it has
forgotten becomes a run that finds the transcript published. What is lost all the same, the next sweep
finds.

Events are posted to ``POST /api/events`` of Prefect's REST API. `emit_event` and the events client send
them over a websocket from a queue and never learn whether the server has taken them; a notification may
be confirmed to its sender only after that.
"""

import asyncio
import json
import logging
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Any, Self
from uuid import UUID, uuid5

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import PrefectHTTPStatusError
from typing_extensions import override

from stenoflow.blocks.resolving import open_store_address
from stenoflow.catalog import Selection
from stenoflow.deployments.relay.http import Listener
from stenoflow.deployments.relay.s3_events import Upload, read_notification
from stenoflow.deployments.relay.sqs import Queue
from stenoflow.deployments.server.client import server_client
from stenoflow.errors import BadNotification, ConfigurationError, PrefectUnavailable
from stenoflow.storage import ObjectInfo, S3Store

UPLOADED = "stenoflow.recording.uploaded"
RESOURCE = "stenoflow.recording"
NAMESPACE = UUID("6cf3f3a4-4b4e-5d0f-9a35-3f2f6a2d4c1b")
"""Namespace of the events' IDs; never to be changed."""
EVENTS_AT_ONCE = 100
TAKE_S = 20.0
"""For Prefect to take the events of a notification."""
WANTED = Selection()
"""The default selection of a sweep: no transcript starts another run."""

log = logging.getLogger("stenoflow.relay")


class OneLine(logging.Formatter):
    """A formatter that escapes line breaks and control characters in messages.

    What senders write into a notification cannot look like a line of the log, or steer a terminal.
    """

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        escaped = (
            each if each.isprintable() else ascii(each)[1:-1] for each in record.getMessage()
        )
        record.message = "".join(escaped)
        return super().formatMessage(record)


@dataclass(frozen=True)
class Source:
    """A bucket, or a prefix of one, that recordings are uploaded to."""

    address: str
    """Address as flows take it."""
    bucket: str
    prefix: str
    """Prefix of the keys, with its slash; empty for a whole bucket."""

    @classmethod
    async def open(cls, address: str) -> Self:
        """Open the source at an address. Raises ConfigurationError if it is not a bucket."""
        store = await open_store_address(address)
        if not isinstance(store, S3Store):
            raise ConfigurationError(f"{address} is a folder: only S3 servers send notifications.")
        return cls(address, store.bucket, f"{store.prefix}/" if store.prefix else "")

    def key_of(self, upload: Upload) -> str | None:
        """Return the recording's key in this source; None for other objects."""
        if upload.bucket != self.bucket or not upload.key.startswith(self.prefix):
            return None
        key = upload.key.removeprefix(self.prefix)
        info = ObjectInfo(key, upload.size, upload.version or upload.etag or "", upload.at)
        return key if WANTED.matches(info) and "\0" not in key else None


class Relay:
    """Takes notifications, and is done with one when Prefect has its events."""

    def __init__(self, sources: Sequence[Source], client: PrefectClient) -> None:
        # An upload into two sources, one within the other, belongs to the inner one.
        self._sources = sorted(sources, key=lambda source: len(source.prefix), reverse=True)
        self._client = client

    async def take(self, body: bytes | str) -> int:
        """Post the events of a notification, and return how many there are.

        Raises BadNotification where it is not a notification, or Prefect will never take its events;
        PrefectUnavailable where Prefect may not have them all.
        """
        notification = read_notification(body)
        if notification.confirm is not None:
            log.warning("Amazon SNS sends nothing until you have opened %r", notification.confirm)
        events = [
            event for upload in notification.uploads if (event := self._event(upload)) is not None
        ]
        waiting = iter(events)
        try:
            async with asyncio.timeout(TAKE_S):
                while some := list(islice(waiting, EVENTS_AT_ONCE)):
                    await self._post(some)
        except TimeoutError as error:
            raise PrefectUnavailable(f"Prefect took longer than {TAKE_S:g} s.") from error
        for event in events:
            log.info("uploaded: %r", event["payload"]["key"])
        return len(events)

    def _event(self, upload: Upload) -> dict[str, Any] | None:
        for source in self._sources:
            key = source.key_of(upload)
            if key is not None:
                return event_of(upload, source, key)
        return None

    async def _post(self, events: Sequence[dict[str, Any]]) -> None:
        try:
            await self._client.request("POST", "/events", json=events)
        except PrefectHTTPStatusError as error:
            if error.response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
                raise BadNotification(
                    f"Prefect refuses its events: {error.response.text}"
                ) from error
            reason = f"Prefect answers {error.response.status_code}"
        except httpx.HTTPError as error:
            reason = f"Prefect does not answer ({error or type(error).__name__})"
        else:
            return
        raise PrefectUnavailable(f"{reason}: {len(events)} events are not taken.")


def event_of(upload: Upload, source: Source, key: str) -> dict[str, Any]:
    """Return the Prefect event of an upload: the same for the same upload, whoever sends it, and when."""
    version = upload.version or upload.etag or upload.sequencer or upload.at.isoformat()
    identity = (
        upload.bucket,
        upload.key,
        upload.version,
        upload.etag,
        upload.sequencer or upload.at.isoformat(),
    )
    return {
        "id": str(uuid5(NAMESPACE, json.dumps(identity))),
        "occurred": upload.at.isoformat(),
        "event": UPLOADED,
        "resource": {
            "prefect.resource.id": f"{RESOURCE}.{upload.bucket}/{upload.key}@{version}",
            "prefect.resource.name": key,
            "stenoflow.source": source.address,
        },
        "payload": {
            "key": key,
            "source": source.address,
            "bucket": upload.bucket,
            "bytes": upload.size,
            "version": upload.version,
            "etag": upload.etag,
            "sequencer": upload.sequencer,
        },
    }


def relay_until_stopped(
    sources: Sequence[str], queue: str | None, listen: str | None, per_s: float
) -> None:
    """Relay from a queue, an HTTP address, or both, until SIGTERM or Ctrl-C.

    Raises ConfigurationError, MissingDependency; where the queue cannot be read, what its opening raises.
    """
    if not (queue or listen):
        raise ConfigurationError(
            "say where notifications come from: --queue URL, --listen HOST:PORT or both."
        )
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler])
    log.setLevel(logging.INFO)
    asyncio.run(
        _relay(
            sources,
            Queue.at(queue) if queue else None,
            Listener.at(listen, per_s) if listen else None,
        )
    )


async def _relay(addresses: Sequence[str], queue: Queue | None, listener: Listener | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with server_client() as client:
        await client.read_work_pools(limit=1)  # fails at once if the password is wrong
        relay = Relay([await Source.open(address) for address in addresses], client)
        running: list[asyncio.Task[None]] = []
        if queue:
            running.append(asyncio.create_task(queue.drain(relay.take, stop)))
        if listener:
            running.append(asyncio.create_task(listener.serve(relay.take, stop)))
            log.info("listening at %s", listener.url)
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
            await asyncio.gather(*running)
