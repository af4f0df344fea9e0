"""Blocking work of the library, run beside the event loop and stopped with it."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

MAX_THREADS = 64
"""More than a process ever works on at once; waiting belongs to limits, not to this pool."""

_threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="stenoflow")


async def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run short blocking work, such as one request to a store, in a thread."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(
        _threads, lambda: context.run(work, *args, **kwargs)
    )


async def in_stoppable_thread(
    work: Callable[Concatenate[threading.Event, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run long blocking work in a thread; its first argument is the event that stops it.

    On cancellation the event is set and the work awaited, so that its children and files are gone
    before the cancellation goes on.
    """
    stop = threading.Event()
    running = asyncio.ensure_future(in_thread(work, stop, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # seen, so that asyncio does not report it as lost
        raise
