"""Progress of a recording: as a Prefect artifact, and to a listener such as the command line.

Threads only note how far they are. One ticker in the event loop reports it: to the listener at each
tick, to Prefect every few seconds, and not at all for a recording that takes less than that.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import httpx
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from stenoflow.times import format_length

Step = Literal["fetch", "convert", "segment", "transcribe", "publish"]

TICK_S = 0.25
"""Seconds between two calls of the listener."""
ARTIFACT_S = 5.0
"""Seconds between two updates of the Prefect artifact."""

BEGINS_AT: dict[Step, float] = {
    "fetch": 0, "convert": 5, "segment": 20, "transcribe": 21, "publish": 98,
}  # fmt: skip
"""Percent of the whole at which each step begins; the engine takes most of the time."""
ENDS_AT: dict[Step, float] = {
    "fetch": 5, "convert": 20, "segment": 21, "transcribe": 98, "publish": 100,
}  # fmt: skip


@dataclass
class Progress:
    """Progress of one recording. Written by the steps, read by the ticker."""

    key: str
    step: Step = "fetch"
    done_s: float = 0.0
    """Seconds of audio through the step."""
    total_s: float | None = None
    artifact: UUID | None = None
    """ID of its artifact in Prefect, once it has one."""
    _entered: float = field(default_factory=time.monotonic)
    _took_s: dict[str, float] = field(default_factory=dict[str, float])

    def enter(self, step: Step, total_s: float | None = None) -> None:
        """Begin a step, with the seconds of audio that it has to process, if they are known."""
        self._took_s = self.steps_s()
        self._entered = time.monotonic()
        self.step, self.done_s, self.total_s = step, 0.0, total_s

    def steps_s(self) -> dict[str, float]:
        """Return the seconds that each step has taken so far, with all attempts and pauses."""
        now = time.monotonic() - self._entered
        return {**self._took_s, self.step: self._took_s.get(self.step, 0.0) + now}

    def advance(self, done_s: float) -> None:
        """Note that so many seconds of audio are through the step."""
        self.done_s = done_s

    @property
    def percent(self) -> float:
        """Percentage of the whole."""
        begin, end = BEGINS_AT[self.step], ENDS_AT[self.step]
        share = min(1.0, self.done_s / self.total_s) if self.total_s else 0.0
        return begin + share * (end - begin)

    def sentence(self) -> str:
        """Return ``convert: 12 min 00 s of 1 h 00 min``, or as much of it as is known."""
        if not self.total_s:
            return f"{self.step}: {format_length(round(self.done_s))}" if self.done_s else self.step
        return f"{self.step}: {format_length(round(self.done_s))} of {format_length(round(self.total_s))}"


listener: ContextVar[Callable[[Progress], None] | None] = ContextVar("listener", default=None)
"""Called at each tick; the command line draws its progress with it."""


@asynccontextmanager
async def progress_reporter(
    key: str, *, tick_s: float = TICK_S, artifact_s: float = ARTIFACT_S
) -> AsyncGenerator[Progress, None]:
    """Report the progress of the recording ``key`` until the block ends.

    The listener is called every ``tick_s`` seconds, and the Prefect artifact is updated every ``artifact_s``.
    """
    progress = Progress(key)
    ticker = asyncio.create_task(_report(progress, tick_s, artifact_s))
    try:
        yield progress
    finally:
        ticker.cancel()
        await asyncio.wait([ticker])
    if progress.artifact:
        took = format_length(round(sum(progress.steps_s().values())))
        with suppress(httpx.HTTPError):
            await aupdate_progress_artifact(
                progress.artifact, progress=100.0, description=f"{key}: finished after {took}"
            )


async def _report(progress: Progress, tick_s: float, artifact_s: float) -> None:
    notify = listener.get()
    reported_at = time.monotonic()
    while True:
        if notify:
            notify(progress)
        if time.monotonic() - reported_at >= artifact_s:
            reported_at = time.monotonic()
            # A server that is away for a moment gets it the next time.
            with suppress(httpx.HTTPError):
                await _show(progress)
        await asyncio.sleep(tick_s)


async def _show(progress: Progress) -> None:
    description = f"{progress.key}: {progress.sentence()}"
    if progress.artifact is None:
        progress.artifact = await acreate_progress_artifact(
            progress=progress.percent, description=description
        )
    else:
        await aupdate_progress_artifact(
            progress.artifact, progress=progress.percent, description=description
        )
