"""Ends of a command from outside: Ctrl-C and SIGTERM do the same, and differ in the exit status."""

import asyncio
import contextvars
import signal
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Event
from types import FrameType
from typing import Any, TypeVar

from stenoflow.deployments.cli.errors import TERMINATED

T = TypeVar("T")


def exit_on_sigterm() -> None:
    """Let SIGTERM raise SystemExit in the main thread from now on, as Ctrl-C raises KeyboardInterrupt."""
    signal.signal(signal.SIGTERM, _exit)


def run_interruptible(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine, and return its result; if the main thread is interrupted, cancel it first.

    It runs in a thread of its own. In the main thread Prefect's flows would replace the handler of
    SIGTERM by one that raises an error wherever the event loop is. Raises what ends the wait:
    KeyboardInterrupt, SystemExit; by then the coroutine and what it has started are gone.
    """
    running: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = Future()

    async def main() -> T:
        loop = asyncio.get_running_loop()
        task = loop.create_task(work)
        running.set_result((loop, task))
        return await task

    with ThreadPoolExecutor(1, thread_name_prefix="flows") as threads:
        ended = threads.submit(contextvars.copy_context().run, asyncio.run, main())
        try:
            return ended.result()
        except BaseException:
            if not ended.done():
                loop, task = running.result()
                with suppress(RuntimeError):  # it has ended just now
                    loop.call_soon_threadsafe(task.cancel)
            raise


def run_stoppable(work: Callable[[Event], T]) -> T:
    """Run a function that blocks, and return its result; if the main thread is interrupted, stop it first.

    It runs in a thread of its own, and is called with the event that tells it to stop. Raises what ends
    the wait: KeyboardInterrupt, SystemExit. The function has ended then, or ends before the process does.
    """
    stop = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="work") as threads:
        try:
            # An interruption may come while the thread is being started, too.
            return threads.submit(contextvars.copy_context().run, work, stop).result()
        except BaseException:
            stop.set()
            raise


def _exit(_number: int, _frame: FrameType | None) -> None:
    # A second one must not end the clean-up. Children do not inherit a handler, as they would SIG_IGN.
    signal.signal(signal.SIGTERM, _stay)
    sys.exit(TERMINATED)


def _stay(_number: int, _frame: FrameType | None) -> None:
    pass
