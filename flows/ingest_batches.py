"""A large sweep on several machines: each batch is a flow run of a deployment of its own."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.deployments.flow_runs import arun_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling

from stenoflow.catalog import Batch, SweepReport
from stenoflow.catalog.store_trouble import STORE_TROUBLE
from stenoflow.flows.recording_runs import interrupted, running_under
from stenoflow.flows.revival import RunEnds
from stenoflow.flows.server_outage import Patience, through_outage
from stenoflow.flows.sweep import BatchOf, Sweep, sweep_tag
from stenoflow.tasks.runtime.threads import in_thread
from stenoflow.tasks.sweep_report import read_report

BATCH_DEPLOYMENT = "ingest/batch"
"""Another deployment than that of sweeps, whose limit a sweep and its batches would share."""
UNFINISHED = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED]
POLL_S = 5.0


async def submit_batches(
    sweep: Sweep,
    batches: Sequence[Batch],
    report: SweepReport,
    budget_usd: Decimal | None,
    patience: Patience = Patience(),
) -> None:
    """Make a flow run on the work pool for each batch, wait for all, and add up their reports.

    The budget is divided among the batches by size. A sweep that runs again finds the batches that it has
    made by their idempotency keys. A batch without a report counts as not started.
    """
    total_size = max(1, sum(batch.size for batch in batches))
    runs = [
        await through_outage(
            partial(_submit, sweep, batch, budget_usd and budget_usd * batch.size / total_size),
            "the batch of recordings",
            patience,
        )
        for batch in batches
    ]
    ends = RunEnds()
    async with get_client() as client:
        for batch, run in zip(batches, runs, strict=True):
            while not await _has_ended(client, run, ends):  # noqa: ASYNC110 (only the server knows)
                await asyncio.sleep(POLL_S)
            try:
                report.add(await in_thread(read_report, sweep.catalog.destination, str(run)))
            except STORE_TROUBLE:
                report.not_started += batch.recordings


async def _submit(sweep: Sweep, batch: Batch, budget_usd: Decimal | None) -> UUID:
    part = BatchOf(sweep=sweep.run, now=sweep.catalog.now, after=batch.after, until=batch.until)
    run = await arun_deployment(
        BATCH_DEPLOYMENT,
        parameters={
            **sweep.parameters.model_dump(mode="json"),
            "budget_usd": None if budget_usd is None else str(budget_usd),
            "batch": part.model_dump(mode="json"),
        },
        tags=[sweep_tag(sweep.run)],
        idempotency_key=_idempotency_key(part),
        timeout=0,
        as_subflow=False,
    )
    return run.id


def _idempotency_key(part: BatchOf) -> str:
    name = sha256(f"{part.after}\0{part.until}".encode()).hexdigest()[:32]
    return f"{part.sweep}-{name}"


async def _has_ended(client: PrefectClient, run_id: UUID, ends: RunEnds) -> bool:
    """Return True if a flow run has ended, and False where the server does not answer for a moment."""
    with suppress(httpx.HTTPError):
        return ends.has_ended(await client.read_flow_run(run_id))
    return False


async def cancel_with_sweep(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Cancel the recordings and batches of a cancelled sweep; a hook of the flow `ingest`."""
    async with get_client() as client:
        # A process that is killed at once has no time to end the flow runs of its recordings.
        for recording in await running_under(client, flow_run.id):
            await client.set_flow_run_state(recording.id, interrupted(), force=True)
        try:
            deployment = await client.read_deployment_by_name(BATCH_DEPLOYMENT)
        except ObjectNotFound:
            return  # A sweep of another deployment runs in one process.
        while batches := await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[deployment.id]),
                tags=FlowRunFilterTags(all_=[sweep_tag(flow_run.id)]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNFINISHED)),
            )
        ):
            for batch in batches:
                await client.set_flow_run_state(batch.id, Cancelling())
