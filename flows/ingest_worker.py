"""The recordings of a batch, each in a flow run of its own, several at a time in this process."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Generator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from functools import partial
from threading import Event
from typing import Any, cast

import httpx
from prefect import Task, tags
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.exceptions import MissingResult
from prefect.runtime.flow_run import get_run_count

from stenoflow.billing.budget import Budget
from stenoflow.catalog import Batch, Decision, KeyRange, SweepReport, decisions
from stenoflow.catalog.store_trouble import STORE_TROUBLE, TroubleCounter, shared_trouble
from stenoflow.errors import (
    BudgetSpent,
    ConfigurationError,
    EngineAccountError,
    MissingDependency,
    PrefectUnavailable,
    StenoflowError,
    error_type,
)
from stenoflow.flows.server_outage import Patience, through_outage
from stenoflow.flows.sweep import Sweep, sweep_tag
from stenoflow.flows.transcribe import transcribe
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.manifest.model import Manifest, read_manifest
from stenoflow.pipeline.outcome import Outcome
from stenoflow.storage import ObjectInfo
from stenoflow.tasks.run_context import sweep_budget
from stenoflow.tasks.runtime.threads import in_stoppable_thread, in_thread

STOPS_SWEEP = (ConfigurationError, EngineAccountError, MissingDependency)
"""Errors that every further recording would meet. Those of a store may be of one object alone."""
LOST_IN_A_ROW = 5
"""Recordings in a row that the Prefect server was away for, after which the sweep stops."""
MAX_CHILDREN = 10_000_000
"""More flow runs than one run of a sweep ever begins."""


async def run_batches(
    sweep: Sweep,
    batches: Sequence[Batch],
    report: SweepReport,
    budget_usd: Decimal | None,
    patience: Patience = Patience(),
) -> None:
    """Transcribe the recordings of all batches under one budget, and count them in the report."""
    reset_subflow_dynamic_keys()
    trouble = TroubleCounter()
    with _budget(budget_usd):
        for batch in batches:
            await run_batch(sweep, batch, report, trouble, patience)


async def run_batch(
    sweep: Sweep, batch: Batch, report: SweepReport, trouble: TroubleCounter, patience: Patience
) -> None:
    """Run the flow `transcribe` for each recording of a batch, several at a time in this process."""
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

    async def worker() -> None:
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
            outcome = await run_recording(sweep, key, patience)
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
                group.create_task(worker())
    except BaseExceptionGroup as errors:
        # Prefect recognizes cancellation by the signal itself, not by a group that contains it.
        raise min(errors.exceptions, key=lambda each: isinstance(each, Exception)) from errors


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


async def run_recording(sweep: Sweep, key: str, patience: Patience) -> Outcome:
    """Run the flow `transcribe` for one recording and return how it ended, whatever happens in it.

    A Prefect server that does not answer is waited for. Nothing that was bought meanwhile is bought again.
    """
    error: BaseException
    try:
        found = await through_outage(
            partial(_run_transcribe, sweep, key), f"the recording {key!r}", patience
        )
        if isinstance(found, Outcome):
            return found
        error = found if isinstance(found, BaseException) else MissingResult(repr(found))
    except (httpx.HTTPError, MissingResult) as lost:
        error = PrefectUnavailable(
            f"the Prefect server did not take or return how the flow run ended: {lost or repr(lost)}."
        )
    with suppress(StenoflowError):
        if manifest := await in_thread(_manifest_of, sweep, key):
            return Outcome.of(manifest)
    return Outcome.gave_up(key, error)


async def _run_transcribe(sweep: Sweep, key: str) -> object:
    """Return the result of the recording's flow run: an Outcome, or the exception that it failed with.

    Raises httpx.HTTPError, also where the flow run failed with it, and MissingResult.
    """
    with tags(sweep_tag(sweep.run)):
        run = transcribe(
            key=key,
            source=sweep.parameters.source,
            destination=sweep.parameters.destination,
            profile=sweep.parameters.profile,
            credentials=sweep.parameters.credentials,
            return_state=True,
        )
        state = await cast(Awaitable[State[Any]], run)
        found = await state.aresult(raise_on_failure=False)
    if isinstance(found, httpx.HTTPError):
        raise found
    return found


def _manifest_of(sweep: Sweep, key: str) -> Manifest | None:
    """Return the recording's manifest, where its flow run did not say how it ended.

    The server's answer to the run's last state may be lost; repeated, it comes without the state's data.
    """
    catalog = sweep.catalog
    mark = fingerprint(catalog.source.stat(key).version, catalog.profile)
    return read_manifest(catalog.destination, manifest_key(key, mark))


@contextmanager
def _budget(limit_usd: Decimal | None) -> Generator[None, None, None]:
    """Share one budget among all recordings that are started in the block."""
    token = sweep_budget.set(Budget(limit_usd))
    try:
        yield
    finally:
        sweep_budget.reset(token)


def reset_subflow_dynamic_keys() -> None:
    """Keep a sweep that runs again from taking its earlier recordings' flow runs for new ones.

    Prefect numbers the children of a flow run in their order and takes a child of the same number for
    the same one. When a sweep runs again, its first recordings are done and others get their numbers.
    There is no documented way to name a child flow run:
    https://github.com/PrefectHQ/prefect/issues/22259 and
    https://github.com/PrefectHQ/prefect/issues/23152.
    """
    context = FlowRunContext.get()
    earlier_runs = get_run_count() - 1
    if context is not None and earlier_runs > 0:
        tracking = Task(name=transcribe.name, fn=transcribe.fn, version=transcribe.version)
        context.task_run_dynamic_keys[tracking.task_key] = earlier_runs * MAX_CHILDREN
