"""The steps of a recording: transient errors are retried, with backoff and jitter.

A step is a Prefect task run where one recording is run by itself. In a sweep it is a plain call under the
same retries: task runs would cost more than the work.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from prefect import Task, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.utilities.annotations import quote

from stenoflow.errors import TransientError
from stenoflow.http.backoff import Backoff

P = ParamSpec("P")
R = TypeVar("R")

RETRIES = 5
PAUSES = Backoff(first_s=2, longest_s=32)
"""2, 4, 8, 16 and 32 seconds, each up to half as long again: about a minute of trouble."""
JITTER = 0.5

_as_task_runs: ContextVar[bool] = ContextVar("as_task_runs", default=True)


@contextmanager
def plain_steps() -> Generator[None, None, None]:
    """Run the steps in the block as plain calls, which leave no task runs."""
    token = _as_task_runs.set(False)
    try:
        yield
    finally:
        _as_task_runs.reset(token)


def steps_are_task_runs() -> bool:
    """Return True unless steps are plain calls here."""
    return _as_task_runs.get()


@dataclass(frozen=True)
class Step(Generic[P, R]):
    """A step of one recording, to be awaited like the function that it is made of.

    Nothing is cached or persisted: every step but the purchase is cheap to redo, and the purchase
    is kept in the ledger.
    """

    function: Callable[P, Coroutine[Any, Any, R]]
    task: Task[P, Coroutine[Any, Any, R]]
    pauses: Backoff

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the step, again after each transient error. Raises the last error."""
        if steps_are_task_runs():
            # Prefect would look through every argument for futures and states, item by item: for a
            # transcript of 300,000 words that took 17 seconds.
            quoted: Any = [quote(each) for each in args]
            return await self.task(*quoted, **kwargs)
        for failures in range(1, RETRIES + 1):
            try:
                return await self.function(*args, **kwargs)
            except TransientError as error:
                pause_s = self.pauses.pause_s(failures) * random.uniform(1, 1 + JITTER)  # noqa: S311
                get_run_logger().warning(
                    "%s: try %d in %.0f s, after: %s", self.task.name, failures + 1, pause_s, error
                )
                await asyncio.sleep(pause_s)
        return await self.function(*args, **kwargs)


def step(function: Callable[P, Coroutine[Any, Any, R]], *, pauses: Backoff = PAUSES) -> Step[P, R]:
    """Return a step of one recording, by the function's own name."""
    as_task: Task[P, Coroutine[Any, Any, R]] = task(
        name=function.__name__,
        retries=RETRIES,
        retry_delay_seconds=[pauses.pause_s(failures) for failures in range(1, RETRIES + 1)],
        retry_jitter_factor=JITTER,
        retry_condition_fn=is_transient,
        cache_policy=NO_CACHE,
        persist_result=False,
    )(function)
    return Step(function, as_task, pauses)


def is_transient(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Return True if another try may not meet the error that ended this one."""
    return isinstance(state.data, TransientError)
