"""Slots of global concurrency limits at the Prefect server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import ConcurrencyLimitWithLeaseResponse

_Body = TypeVar("_Body")

LEASE_S = 60.0
"""Seconds after which slots of a killed process come back: the least that Prefect allows."""
RETRY_S = 1.0
"""Pause where the server names none."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server's answer where it grants nothing."""

    retry_after_s: float
    """The server's own pause before the next attempt, in seconds."""
    too_many: bool = False
    """The limit has fewer slots than were requested, taken or not."""


class LimitServer:
    """A connection to the Prefect server in use, for all threads of this process.

    To connect for each request would cost more than the request itself.
    """

    def __init__(self, create_limits: Callable[[SyncPrefectClient], None]) -> None:
        """Call ``create_limits`` where the server has no such limits yet."""
        self._client: SyncPrefectClient = get_client(sync_client=True).__enter__()
        self._create_limits = create_limits

    def lease(self, names: Sequence[str], slots: int) -> UUID | Refusal:
        """Take slots of all these limits, or of none, for LEASE_S. Raises httpx.HTTPError."""

        def request() -> httpx.Response:
            return self._client.increment_concurrency_slots_with_lease(
                list(names), slots, "concurrency", LEASE_S
            )

        granted = _answer(request, ConcurrencyLimitWithLeaseResponse.model_validate)
        if not isinstance(granted, Refusal) and len(granted.limits) < len(names):
            self.release(granted.lease_id)
            self._create_limits(self._client)
            granted = _answer(request, ConcurrencyLimitWithLeaseResponse.model_validate)
        return granted if isinstance(granted, Refusal) else granted.lease_id

    def renew(self, lease: UUID) -> None:
        """Let a lease last LEASE_S from now. Raises httpx.HTTPError, with status 410 if it has ended."""
        self._client.renew_concurrency_lease(lease, LEASE_S)

    def release(self, lease: UUID) -> None:
        """Give the slots of a lease back. Raises httpx.HTTPError."""
        self._client.release_concurrency_slots_with_lease(lease)

    def take(self, names: Sequence[str], slots: int) -> Refusal | None:
        """Take slots of all these rate limits, or of none. Raises httpx.HTTPError."""

        def request() -> httpx.Response:
            return self._client.increment_concurrency_slots(list(names), slots, "rate_limit")

        found: Sequence[object] | Refusal = _answer(request, list[object])
        if not isinstance(found, Refusal) and len(found) < len(names):
            self._create_limits(self._client)
            found = _answer(request, list[object])
        return found if isinstance(found, Refusal) else None


def _answer(request: Callable[[], httpx.Response], read: Callable[[Any], _Body]) -> _Body | Refusal:
    """Return the body of the server's response, or how it refuses."""
    try:
        return read(request().json())
    except httpx.HTTPStatusError as error:
        if error.response.status_code == HTTPStatus.LOCKED:
            return Refusal(float(error.response.headers.get("Retry-After", RETRY_S)))
        if error.response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
            return Refusal(RETRY_S, too_many=True)
        raise
