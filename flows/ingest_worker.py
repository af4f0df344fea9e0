"""The recordings of a batch, each in a flow run of its own, several at a time in this process."""

import asyncio
import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from threading import Event

import httpx
from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun

from stenoflow.billing.budget import Budget
from stenoflow.catalog import Batch, Decision, KeyRange, SweepReport, decisions
from stenoflow.catalog.store_trouble import STORE_TROUBLE, TroubleCounter, shared_trouble
from stenoflow.engines.base import Engine
from stenoflow.errors import (
    BudgetSpent,
    ConfigurationError,
    EngineAccountError,
    MissingDependency,
    PrefectUnavailable,
    StenoflowError,
    error_type,
)
from stenoflow.flows.orphans import settle_orphans
from stenoflow.flows.recording_runs import RecordingRuns, interrupted
from stenoflow.flows.server_outage import Patience, through_outage
from stenoflow.flows.sweep import Sweep
from stenoflow.flows.transcribe import transcribe_recording
from stenoflow.pipeline.outcome import Outcome
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.storage import ObjectInfo
from stenoflow.tasks.limits.engine import in_lane
from stenoflow.tasks.outcome_state import state_of
from stenoflow.tasks.recording import open_engine_of
from stenoflow.tasks.run_context import sweep_budget
from stenoflow.tasks.runtime.progress import Progress
from stenoflow.tasks.runtime.threads import in_stoppable_thread, in_thread
from stenoflow.tasks.step import plain_steps

STOPS_SWEEP = (ConfigurationError, EngineAccountError, MissingDependency)
"""Errors that every further recording would meet. Those of a store may be of one object alone."""
LOST_IN_A_ROW = 5
"""Recordings in a row that the Prefect server was away for, after which the sweep stops."""


async def run_batches(
    sweep: Sweep,
    batches: Sequence[Batch],
    report: SweepReport,
    budget_usd: Decimal | None,
    patience: Patience = Patience(),
) -> None:
    """Transcribe the recordings of all batches under one budget, and count them in the report."""
    trouble = TroubleCounter()
    async with get_client() as client:
        try:
            engine = await open_engine_of(sweep.catalog.profile, sweep.parameters.credentials)
            worker = SweepWorker(sweep, engine, RecordingRuns(sweep, client), patience)
            await worker.settle_earlier_runs()
        except StenoflowError as error:
            report.not_started += sum(batch.recordings for batch in batches)
            report.stopped = str(error)
            return
        steps = nullcontext() if sweep.parameters.task_runs else plain_steps()
        with _in_bulk(budget_usd), steps:
            for batch in batches:
                await run_batch(worker, batch, report, trouble)


@dataclass(frozen=True)
class SweepWorker:
    """What all recordings of a sweep share in this process."""

    sweep: Sweep
    engine: Engine
    runs: RecordingRuns
    patience: Patience

    async def transcribe(self, key: str) -> Outcome:
        """Transcribe one recording in a flow run of its own, and return how it ended, whatever happens.

        A Prefect server that does not answer is waited for. Nothing that was bought meanwhile is bought
        again.
        """
        what = f"the recording {key!r}"
        try:
            run = await through_outage(partial(self.runs.begin, key), what, self.patience)
        except httpx.HTTPError as lost:
            return Outcome.gave_up(key, _unavailable(lost))
        state = interrupted()
        try:
            outcome = await self._transcribe(key, run)
            state = state_of(outcome)
        finally:
            try:
                await through_outage(partial(self.runs.end, run.id, state), what, self.patience)
            except httpx.HTTPError as lost:
                get_run_logger().warning(
                    "The flow run of %r stays Running until the next sweep settles it: %r",
                    key,
                    lost,
                )
        return outcome

    async def _transcribe(self, key: str, run: FlowRun) -> Outcome:
        catalog = self.sweep.catalog
        recording = RecordingContext(
            key, catalog.source, catalog.destination, catalog.profile, self.engine
        )
        with self.runs.current(run):
            try:
                return await transcribe_recording(recording, Progress(key))
            except Exception as error:
                # An error of the program fails this recording, and no other.
                get_run_logger().exception("The recording %r failed", key)
                return Outcome.gave_up(key, error)

    async def settle_earlier_runs(self) -> None:
        """End the flow runs that stayed Running when the process of a sweep died.

        Raises PrefectUnavailable.
        """
        settling = partial(settle_orphans, self.sweep, self.runs)
        try:
            await through_outage(settling, "the sweep", self.patience)
        except httpx.HTTPError as lost:
            raise _unavailable(lost) from lost


async def run_batch(
    worker: SweepWorker, batch: Batch, report: SweepReport, trouble: TroubleCounter
) -> None:
    """Transcribe each recording of a batch in a flow run of its own, several at a time in this process."""
    sweep = worker.sweep
    if report.should_stop:
        report.not_started += batch.recordings
        return
    listed_at = time.monotonic()
    try:
        taken = await in_stoppable_thread(_recordings_of, sweep, batch)
    except STORE_TROUBLE as error:
        report.not_started += batch.recordings
        report.stopped = f"The source or the destination cannot be listed. {error}"
        return
    # What is dated in the future is looked at again later, so it comes last.
    waiting = deque(sorted(taken, key=lambda each: each.dated_ahead))
    second_look_at = listed_at + sweep.catalog.selection.settle_s
    lost_in_a_row = 0

    async def work() -> None:
        nonlocal lost_in_a_row
        while waiting:
            decision = waiting.popleft()
            key = decision.info.key
            if report.should_stop:
                report.not_started += 1
                continue
            if decision.dated_ahead and not await _is_settled(sweep, decision.info, second_look_at):
                report.unsettled += 1
                continue
            began = time.monotonic()
            outcome = await worker.transcribe(key)
            report.count(outcome, took_s=time.monotonic() - began)
            error = error_type(outcome.error)
            if trouble.count(error):
                report.stopped = await _shared_trouble(
                    sweep, [each.info.key for each in waiting] or [key]
                )
            lost_in_a_row = lost_in_a_row + 1 if issubclass(error, PrefectUnavailable) else 0
            if lost_in_a_row == LOST_IN_A_ROW:
                report.stopped = outcome.reason
            if issubclass(error, STOPS_SWEEP) and not issubclass(error, STORE_TROUBLE):
                report.stopped = outcome.reason
            report.budget_spent = report.budget_spent or issubclass(error, BudgetSpent)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(sweep.parameters.at_once):
                group.create_task(work())
    except BaseExceptionGroup as errors:
        # Prefect recognizes cancellation by the signal itself, not by a group that contains it.
        raise min(errors.exceptions, key=lambda each: isinstance(each, Exception)) from errors


def _unavailable(lost: httpx.HTTPError) -> PrefectUnavailable:
    return PrefectUnavailable(
        f"the Prefect server did not take the flow run: {str(lost) or repr(lost)}."
    )


async def _shared_trouble(sweep: Sweep, keys: Sequence[str]) -> str | None:
    catalog = sweep.catalog
    return await in_thread(shared_trouble, catalog.source, catalog.destination, keys)


async def _is_settled(sweep: Sweep, seen: ObjectInfo, second_look_at: float) -> bool:
    """Return True if a recording is at ``second_look_at`` as it was ``seen``.

    Its time is in the future, as that of a recorder whose clock is wrong, and does not show whether it is
    still being uploaded.
    """
    await asyncio.sleep(max(0.0, second_look_at - time.monotonic()))
    try:
        now = await in_thread(sweep.catalog.source.stat, seen.key)
    except STORE_TROUBLE:
        return True  # The recording's own run meets it, and counts it.
    return (now.size, now.version) == (seen.size, seen.version)


def _recordings_of(stop: Event, sweep: Sweep, batch: Batch) -> list[Decision]:
    found = decisions(sweep.catalog, within=KeyRange(batch.after, batch.until))
    return [each for each in found if each.status.taken and not stop.is_set()]


@contextmanager
def _in_bulk(limit_usd: Decimal | None) -> Generator[None, None, None]:
    """Share one budget among all recordings that are started in the block, and their part of the limits."""
    token = sweep_budget.set(Budget(limit_usd))
    try:
        with in_lane("bulk"):
            yield
    finally:
        sweep_budget.reset(token)
