"""What may succeed next time is tried again, with growing pauses, as a task run or not; nothing else is."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.runtime.flow_run import get_id

from stenoflow.errors import BadMedia, EngineAccountError, StoreUnavailable
from stenoflow.http.backoff import Backoff
from stenoflow.tasks.step import RETRIES, plain_steps, step

pytestmark = pytest.mark.usefixtures("prefect_server")


NO_PAUSES = Backoff(first_s=0, longest_s=0)

both_kinds = pytest.mark.parametrize("as_task_run", [True, False], ids=["task run", "plain call"])


async def tries_until(errors: Iterator[Exception], *, as_task_run: bool = True) -> int:
    """How often a step is tried that meets these errors, one after the other."""
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        for error in errors:
            raise error

    @flow(persist_result=False, result_serializer="json")
    async def run() -> None:
        with nullcontext() if as_task_run else plain_steps():
            await step(work, pauses=NO_PAUSES)()

    await run(return_state=True)
    return tries


@both_kinds
async def test_transient_trouble_is_tried_again_until_it_is_over(as_task_run: bool) -> None:
    errors = iter([StoreUnavailable("down"), StoreUnavailable("down")])
    assert await tries_until(errors, as_task_run=as_task_run) == 3


@both_kinds
async def test_transient_trouble_that_stays_is_given_up(as_task_run: bool) -> None:
    errors = (StoreUnavailable("down") for _ in range(100))
    assert await tries_until(errors, as_task_run=as_task_run) == RETRIES + 1


@both_kinds
@pytest.mark.parametrize(
    "error", [BadMedia("no sound"), EngineAccountError("no credit"), ZeroDivisionError()]
)
async def test_what_cannot_succeed_is_tried_once(error: Exception, as_task_run: bool) -> None:
    assert await tries_until(iter([error]), as_task_run=as_task_run) == 1


def test_the_pauses_between_tries_double() -> None:
    @step
    async def work() -> None: ...

    assert work.task.retry_delay_seconds == [2, 4, 8, 16, 32]
    assert work.task.retry_jitter_factor


async def test_a_plain_call_leaves_no_task_run_and_says_why_it_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors = iter([StoreUnavailable("the bucket is away")])

    async def fetch() -> UUID:
        for error in errors:
            raise error
        return UUID(get_id())

    @flow(persist_result=False, result_serializer="json")
    async def run() -> UUID:
        with plain_steps():
            return await step(fetch, pauses=NO_PAUSES)()

    of_flow = FlowRunFilter(id=FlowRunFilterId(any_=[await run()]))
    async with get_client() as client:
        assert await client.read_task_runs(flow_run_filter=of_flow) == []
    assert "fetch: try 2 in 0 s, after: the bucket is away" in caplog.text


async def test_no_pickle_is_written_for_errors_and_results(tmp_path: Path) -> None:
    from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings

    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: str(tmp_path)}):
        await tries_until(iter([BadMedia("no sound")]))
    for written in tmp_path.rglob("*"):
        if written.is_file():
            assert b'"picklelib"' not in written.read_bytes()


looks: list[str] = []


@dataclass(frozen=True)
class Transcribed:
    """A value of the kind that Prefect looks through; it records how often its words are looked at."""

    words: tuple[str, ...] = ("a", "b")

    def __getattribute__(self, name: str) -> object:
        if name == "words":
            looks.append(name)
        return super().__getattribute__(name)


@dataclass(frozen=True)
class Context:
    transcribed: Transcribed = Transcribed()


async def test_prefect_looks_at_the_words_of_neither_an_argument_nor_a_result_of_a_step() -> None:
    @step
    async def work(value: Context) -> Context:
        return value

    @flow(persist_result=False, result_serializer="json")
    async def run() -> tuple[int, int]:
        value = Context()
        looks.clear()
        await work.task(value)
        of_task = len(looks)
        looks.clear()
        assert await work(value) is value
        return of_task, len(looks)

    of_task, of_step = await run()
    assert of_task > 0
    assert of_step == 0
