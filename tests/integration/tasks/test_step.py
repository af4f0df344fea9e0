"""What may succeed next time is tried again, with growing pauses; nothing else is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prefect import flow

from stenoflow.errors import BadMedia, EngineAccountError, StenoflowError, StoreUnavailable
from stenoflow.tasks.step import FIRST_DELAY_S, RETRIES, quoted, step

pytestmark = pytest.mark.usefixtures("prefect_server")


async def tries_until(errors: Iterator[StenoflowError]) -> int:
    """How often a step is tried that meets these errors, one after the other."""
    tries = 0

    @step
    async def work() -> None:
        nonlocal tries
        tries += 1
        for error in errors:
            raise error

    work.retry_delay_seconds = [0] * RETRIES

    @flow(persist_result=False, result_serializer="json")
    async def run() -> None:
        await work()

    await run(return_state=True)
    return tries


async def test_transient_trouble_is_tried_again_until_it_is_over() -> None:
    assert await tries_until(iter([StoreUnavailable("down"), StoreUnavailable("down")])) == 3


async def test_transient_trouble_that_stays_is_given_up() -> None:
    assert await tries_until(StoreUnavailable("down") for _ in range(100)) == RETRIES + 1


@pytest.mark.parametrize("error", [BadMedia("no sound"), EngineAccountError("no credit")])
async def test_what_cannot_succeed_is_tried_once(error: StenoflowError) -> None:
    assert await tries_until(iter([error])) == 1


async def test_a_bug_is_tried_once() -> None:
    assert await tries_until(iter([ZeroDivisionError()])) == 1  # type: ignore[list-item]


def test_the_pauses_between_tries_double() -> None:
    @step
    async def work() -> None: ...

    assert work.retry_delay_seconds == [FIRST_DELAY_S * 2**n for n in range(RETRIES)]
    assert work.retry_jitter_factor


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


async def test_prefect_looks_at_the_words_of_neither_a_quoted_argument_nor_a_result() -> None:
    @step
    async def work(value: Context) -> Context:
        return value

    @flow(persist_result=False, result_serializer="json")
    async def run() -> tuple[int, int]:
        value = Context()
        looks.clear()
        await work(value)
        plain = len(looks)
        looks.clear()
        assert await work(quoted(value)) is value
        return plain, len(looks)

    plain, quoted_ = await run()
    assert plain > 0
    assert quoted_ == 0
