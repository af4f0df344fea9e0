"""Blocking work beside the event loop is stopped with it, and leaves nothing running."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

from stenoflow.errors import Stopped
from stenoflow.tasks.runtime.threads import in_stoppable_thread, in_thread

asked: ContextVar[str] = ContextVar("asked")


async def test_work_runs_in_another_thread_with_the_callers_context() -> None:
    asked.set("here")
    ran_in, heard = await in_thread(lambda: (threading.current_thread(), asked.get()))
    assert ran_in is not threading.main_thread()
    assert heard == "here"


async def test_errors_come_through() -> None:
    def fail(stop: threading.Event) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await in_stoppable_thread(fail)


async def test_cancellation_waits_until_the_work_has_put_everything_away() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(stop: threading.Event) -> None:
        begun.set()
        stop.wait()
        ended.set()
        raise Stopped("asked to stop")

    running = asyncio.create_task(in_stoppable_thread(work))
    await asyncio.to_thread(begun.wait)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()
