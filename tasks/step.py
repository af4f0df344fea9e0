"""The steps of a recording as Prefect tasks: transient errors are retried, with backoff and jitter."""

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff
from prefect.utilities.annotations import quote

from stenoflow.errors import TransientError

P = ParamSpec("P")
R = TypeVar("R")

RETRIES = 5
FIRST_DELAY_S = 2
"""Then 4, 8, 16 and 32 seconds, each up to half as long again: about a minute of trouble."""
JITTER = 0.5


def is_transient(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Return True if another try may not meet the error that ended this one."""
    return isinstance(state.data, TransientError)


def step(
    function: Callable[P, Coroutine[Any, Any, R]],
) -> Task[P, Coroutine[Any, Any, R]]:
    """Return a step of one recording as a Prefect task, by the function's own name.

    Nothing is cached or persisted: every step but the purchase is cheap to redo, and the purchase
    is kept in the ledger.
    """
    return task(
        name=function.__name__,
        retries=RETRIES,
        retry_delay_seconds=exponential_backoff(FIRST_DELAY_S),
        retry_jitter_factor=JITTER,
        retry_condition_fn=is_transient,
        cache_policy=NO_CACHE,
        persist_result=False,
    )(function)


def quoted(argument: R) -> R:
    """Return a task's argument marked so that Prefect passes it on without looking inside.

    Prefect looks through every argument for futures and states, item by item: for a transcript of
    300,000 words that took 17 seconds. The task receives the argument itself.
    """
    return cast(R, quote(argument))
