"""Calls to a Prefect server that may be away: it restarts, or its machine does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx
from prefect import get_run_logger
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from stenoflow.http.backoff import Backoff

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Patience:
    """Time for which a server that does not answer is waited for."""

    backoff: Backoff = Backoff(first_s=4, longest_s=60)
    pauses_s: float = 900
    """Seconds of pauses in all; then no further attempt is made."""


async def through_outage(call: Callable[[], Awaitable[_T]], what: str, patience: Patience) -> _T:
    """Return what ``call`` returns, repeating it while the server is away.

    ``what`` waits, for the run's log. Raises the last error once the patience is at its end, and any other
    error at once.
    """

    def log(attempt: RetryCallState) -> None:
        error = attempt.outcome and attempt.outcome.exception()
        get_run_logger().warning("%s waits for the Prefect server: %r", what, error)

    return await AsyncRetrying(
        wait=patience.backoff.wait,
        stop=lambda attempt: attempt.idle_for >= patience.pauses_s,
        retry=retry_if_exception(_is_outage),
        before_sleep=log,
        reraise=True,
    )(call)


def _is_outage(error: BaseException) -> bool:
    """Return True for the error of a server that does not answer, or answers that it cannot."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error
    return isinstance(error, httpx.TransportError)
