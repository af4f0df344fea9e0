"""The sweep: every recording of a bucket that is not done yet."""

import asyncio
import time
from collections.abc import Awaitable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from threading import Event
from typing import Annotated, Any, cast
from uuid import UUID

import httpx
from prefect import Flow, Task, flow, get_run_logger, tags
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.deployments.flow_runs import arun_deployment
from prefect.exceptions import MissingResult
from prefect.runtime.deployment import get_id as get_deployment_id
from prefect.runtime.flow_run import get_id, get_parameters, get_run_count
from prefect.states import Cancelling, Completed, Failed
from pydantic import BaseModel, ConfigDict, Field

from stenoflow.billing.budget import Budget
from stenoflow.blocks.resolving import open_profile, open_store_address
from stenoflow.catalog import (
    Batch,
    Catalog,
    KeyRange,
    Scan,
    Selection,
    SweepReport,
    decisions,
    scan,
)
from stenoflow.errors import NotFound, StenoError
from stenoflow.estimate.model import exceeds
from stenoflow.estimate.sampling import Sampler
from stenoflow.estimate.text import summary
from stenoflow.flows.approval import answered, ask, asked_elsewhere
from stenoflow.flows.parameters import (
    AtOnce,
    CredentialsName,
    DestinationAddress,
    Limit,
    ProfileChoice,
    SelectionChoice,
    SourceAddress,
    described,
)
from stenoflow.flows.transcribe import transcribe
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.manifest.model import Manifest, read_manifest
from stenoflow.profile.model import Profile
from stenoflow.storage import ObjectInfo, Store
from stenoflow.tasks.budget import sweep_budget
from stenoflow.tasks.ending import Ending
from stenoflow.tasks.estimate import SAMPLE, forecast_of
from stenoflow.tasks.runtime.threads import in_stoppable_thread, in_thread
from stenoflow.tasks.sweep_report import publish_report, read_report

BATCH_DEPLOYMENT = "ingest/batch"
"""Where batches of a large sweep run; a deployment of its own, so that no sweep waits for itself."""
UNDER_WAY = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED]
POLL_S = 5.0
SERVER_WAITS_S = (2, 5, 15, 30, 60)
MOST_CHILDREN = 10_000_000
"""More than one run of a sweep ever begins."""
CLOSED = {"ConfigurationError", "EngineAccountError", "MissingDependency"}
"""Errors that every further recording would meet: going on would be of no use."""


class BatchOf(BaseModel):
    """The part of a sweep that one flow run works off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sweep: str
    """Id of the sweep's flow run."""
    now: datetime
    """When the sweep began: what has changed since is left for the next one."""
    after: str
    until: str


def name_of_run() -> str:
    """What is swept; of a batch, where it ends."""
    parameters = get_parameters()
    batch: Any = parameters.get("batch")
    if batch is None:
        return parameters["source"]
    return f"up to {BatchOf.model_validate(batch).until[-100:]}"


async def cancel_batches(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Take the batches along that a cancelled sweep has shared out."""
    async with get_client() as client:
        deployment = await client.read_deployment_by_name(BATCH_DEPLOYMENT)
        while batches := await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[deployment.id]),
                tags=FlowRunFilterTags(all_=[sweep_tag(flow_run.id)]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNDER_WAY)),
            )
        ):
            for batch in batches:
                await client.set_flow_run_state(batch.id, Cancelling())


def sweep_tag(sweep: UUID | str | None) -> str:
    """By which a sweep's flow runs are found."""
    return f"sweep:{sweep}"


@flow(
    name="ingest",
    flow_run_name=name_of_run,
    on_cancellation=[cancel_batches],
    persist_result=False,
    result_serializer="json",
)
@described
async def ingest(
    source: SourceAddress,
    destination: DestinationAddress,
    profile: ProfileChoice = Profile(),
    credentials: CredentialsName = None,
    selection: SelectionChoice = Selection(),  # noqa: B008
    limit: Limit = None,
    budget_usd: Annotated[
        Decimal | None,
        Field(
            title="Budget, USD",
            description="Most this sweep may spend, by estimate. Among batches it is shared by size.",
            ge=0,
        ),
    ] = None,
    approve_above_usd: Annotated[
        Decimal | None,
        Field(
            title="Ask above, USD",
            description="A sweep that may cost more waits for a person to approve it, or ends there.",
            ge=0,
        ),
    ] = None,
    at_once: AtOnce = 4,
    batch_size: Annotated[
        int,
        Field(
            title="Recordings to a flow run",
            description="Sweeps of more are shared out over the work pool, in batches of this size.",
            ge=1,
            le=2000,
        ),
    ] = 200,
    failure_ratio: Annotated[
        float,
        Field(
            title="Share that may fail",
            description="The sweep itself fails where more of its recordings did.",
            ge=0,
            le=1,
        ),
    ] = 0.2,
    batch: Annotated[
        BatchOf | None,
        Field(title="Batch", description="Set by a sweep for its batches. Leave it empty."),
    ] = None,
) -> State[Any]:
    """Transcribe every new or changed recording of a source, each in a flow run of its own.

    One bad recording fails no other. The sweep is **Completed** unless more than `failure_ratio`
    of its recordings failed. What it did is in `_stenoflow/sweeps/` of the destination, and in this
    run's artifacts. It is safe to interrupt it anywhere: the next sweep goes on.

    With `approve_above_usd` it is **Suspended** where its forecast may exceed that, and goes on, or
    ends **Declined**, once a person has answered; unasked it never spends more.
    """
    began = datetime.now(UTC)
    chosen = await open_profile(profile)
    word = None if approve_above_usd is None else await answered()
    if word and word.decision == "decline":
        message = f"nothing was bought: {summary(word.forecast)}"
        return Completed(name="Declined", message=message, data=word.forecast)
    sweep = Sweep(
        source_address=source,
        destination_address=destination,
        source=await open_store_address(source),
        destination=await open_store_address(destination, create=True),
        given_profile=profile,
        profile=chosen,
        credentials=credentials,
        selection=selection,
        at_once=at_once,
        now=batch.now if batch else word.forecast.made if word else began,
    )
    sampler = Sampler(SAMPLE)
    found = await in_stoppable_thread(
        scan,
        sweep.catalog,
        batch_size=batch_size,
        limit=limit,
        within=KeyRange(batch.after, batch.until)
        if batch
        else KeyRange(until=word and word.forecast.until),
        on_taken=None if approve_above_usd is None or word else sampler.add,
    )
    get_run_logger().info("%d recordings, %d bytes to be done", found.recordings, found.size)
    if approve_above_usd is not None and word is None:
        if other := await asked_elsewhere():
            return Completed(
                name="AlreadyAsked",
                message=f"the same sweep waits for an answer already: flow run {other.name} ({other.id})",
            )
        await ask_above(approve_above_usd, budget_usd, sweep, found, sampler)
    ceiling_usd = word.forecast.ceiling_usd if word else approve_above_usd
    if ceiling_usd is not None:
        budget_usd = ceiling_usd if budget_usd is None else min(budget_usd, ceiling_usd)
    report = SweepReport(
        run=get_id() or "local",
        source=sweep.source.url,
        destination=sweep.destination.url,
        began=began,
        ended=began,
        statuses={status.value: count for status, count in found.statuses.items()},
    )
    if len(found.batches) > 1 and get_deployment_id() and batch is None:
        await share_out(sweep, found, report, budget_usd, failure_ratio, batch_size)
    else:
        number_anew()
        with spending(budget_usd):
            for each in found.batches:
                await work_off(sweep, each, report)
    report.ended = datetime.now(UTC)
    await publish_report(sweep.destination, report)
    return verdict(report, failure_ratio)


async def ask_above(
    limit_usd: Decimal,
    budget_usd: Decimal | None,
    sweep: "Sweep",
    found: Scan,
    sampler: Sampler,
) -> None:
    """Forecast a sweep, and suspend it where it may cost more than the limit."""
    forecast = await forecast_of(
        sweep.source,
        sweep.destination,
        sweep.profile,
        found,
        sampler,
        at_once=sweep.at_once,
        made=sweep.now,
    )
    if exceeds(forecast, limit_usd, budget_usd):
        await ask(forecast)


def number_anew() -> None:
    """Keep a sweep that runs again from taking the flow runs of its earlier recordings for new ones.

    Prefect knows the children of a flow run by their order only, and by the second time the first of
    them are done: others have their numbers.
    """
    context = FlowRunContext.get()
    again = get_run_count() - 1
    if context is not None and again > 0:
        tracking = Task(name=transcribe.name, fn=transcribe.fn, version=transcribe.version)
        context.task_run_dynamic_keys[tracking.task_key] = again * MOST_CHILDREN


@dataclass(frozen=True)
class Sweep:
    """What all recordings of a sweep have in common."""

    source_address: str
    destination_address: str
    source: Store
    destination: Store
    given_profile: Profile | str
    profile: Profile
    credentials: str | None
    selection: Selection
    at_once: int
    now: datetime

    @property
    def catalog(self) -> Catalog:
        """The sweep's recordings."""
        return Catalog(self.source, self.destination, self.profile, self.selection, self.now)


async def work_off(sweep: Sweep, batch: Batch, report: SweepReport) -> None:
    """Take a batch's recordings through the flow `transcribe`, some at once, in this process."""
    if report.should_stop:
        report.not_started += batch.recordings
        return
    waiting = iter(await in_stoppable_thread(_recordings_of, sweep, batch))

    async def worker() -> None:
        for info in waiting:
            if report.should_stop:
                report.not_started += 1
                continue
            began = time.monotonic()
            ending = await one(sweep, info.key)
            report.count(ending, took_s=time.monotonic() - began)
            if ending.error in CLOSED:
                report.stopped = ending.reason
            report.budget_spent = report.budget_spent or ending.error == "BudgetSpent"

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(sweep.at_once):
                group.create_task(worker())
    except BaseExceptionGroup as errors:
        # By the signal itself Prefect knows that a run was told to end, not by a group that holds it.
        raise min(errors.exceptions, key=lambda each: isinstance(each, Exception)) from errors


def _recordings_of(stop: Event, sweep: Sweep, batch: Batch) -> list[ObjectInfo]:
    walk = decisions(sweep.catalog, KeyRange(batch.after, batch.until))
    return [each.info for each in walk if each.status.taken and not stop.is_set()]


async def one(sweep: Sweep, key: str) -> Ending:
    """One recording's flow run, and how it ended; whatever happens in it stays in it.

    A Prefect server that does not answer, which may be restarting, is given a few minutes. Nothing
    that was bought meanwhile is bought again.
    """
    waits_s = iter(SERVER_WAITS_S)
    while _is_away(found := await _tried(sweep, key)) and (wait_s := next(waits_s, None)):
        get_run_logger().warning("%s waits for the Prefect server: %r", key, found)
        await asyncio.sleep(wait_s)
    if isinstance(found, Ending):
        return found
    with suppress(StenoError):
        if manifest := await in_thread(_manifest_of, sweep, key):
            return Ending.of(manifest)
    return Ending(key=key, outcome="gave_up", error=type(found).__name__, reason=str(found))


def _manifest_of(sweep: Sweep, key: str) -> Manifest | None:
    """What the destination knows of a recording whose flow run did not say how it ended: the server's
    answer to its last state may be lost, and the state comes back without what was in it."""
    mark = fingerprint(sweep.source.stat(key).version, sweep.profile)
    return read_manifest(sweep.destination, manifest_key(key, mark))


def _is_away(found: object) -> bool:
    """Whether this is the error of a server that does not answer, or only to say that it cannot."""
    if isinstance(found, httpx.HTTPStatusError):
        return found.response.is_server_error
    return isinstance(found, httpx.TransportError)


async def _tried(sweep: Sweep, key: str) -> object:
    """Its ending, or what came instead: an exception, as a rule."""
    with tags(sweep_tag(get_id())):
        run = transcribe(
            key=key,
            source=sweep.source_address,
            destination=sweep.destination_address,
            profile=sweep.given_profile,
            credentials=sweep.credentials,
            return_state=True,
        )
        try:
            state = await cast(Awaitable[State[Any]], run)
            return await state.aresult(raise_on_failure=False)
        except (httpx.HTTPError, MissingResult) as error:
            return error


async def share_out(
    sweep: Sweep,
    found: Scan,
    report: SweepReport,
    budget_usd: Decimal | None,
    failure_ratio: float,
    batch_size: int,
) -> None:
    """Make each batch a flow run on the work pool, wait for all, and add up their reports.

    The idempotency keys are the sweep's own: begun again, it finds the batches it has made.
    """
    made: list[tuple[Batch, UUID]] = []
    for each in found.batches:
        part = BatchOf(sweep=report.run, now=sweep.now, after=each.after, until=each.until)
        share = None if budget_usd is None else budget_usd * each.size / max(1, found.size)
        run = await arun_deployment(
            BATCH_DEPLOYMENT,
            parameters={
                "source": sweep.source_address,
                "destination": sweep.destination_address,
                "profile": _plain(sweep.given_profile),
                "credentials": sweep.credentials,
                "selection": sweep.selection.model_dump(mode="json"),
                "budget_usd": None if share is None else str(share),
                "at_once": sweep.at_once,
                "batch_size": batch_size,
                "failure_ratio": failure_ratio,
                "batch": part.model_dump(mode="json"),
            },
            tags=[sweep_tag(report.run)],
            idempotency_key=_batch_key(part),
            timeout=0,
            as_subflow=False,
        )
        made.append((each, run.id))
    async with get_client() as client:
        for each, run_id in made:
            while not await _is_final(client, run_id):  # noqa: ASYNC110 (only the server knows)
                await asyncio.sleep(POLL_S)
            with suppress(NotFound):
                report.add(await in_thread(read_report, sweep.destination, str(run_id)))
                continue
            report.not_started += each.recordings


def _batch_key(part: BatchOf) -> str:
    name = sha256(f"{part.after}\0{part.until}".encode()).hexdigest()[:32]
    return f"{part.sweep}-{name}"


def _plain(profile: Profile | str) -> Any:
    return profile if isinstance(profile, str) else profile.model_dump(mode="json")


async def _is_final(client: PrefectClient, run_id: UUID) -> bool:
    """Whether a flow run has ended. A server that is away for a moment is asked again."""
    with suppress(httpx.HTTPError):
        run = await client.read_flow_run(run_id)
        return run.state is not None and run.state.is_final()
    return False


@contextmanager
def spending(limit_usd: Decimal | None) -> Generator[None, None, None]:
    """Share one budget among all recordings that are begun in the block."""
    token = sweep_budget.set(Budget(limit_usd))
    try:
        yield
    finally:
        sweep_budget.reset(token)


def verdict(report: SweepReport, failure_ratio: float) -> State[Any]:
    """The sweep's own state: Failed only where more than ``failure_ratio`` of it failed."""
    counted = ", ".join(f"{count} {name}" for name, count in sorted(report.outcomes.items()))
    message = f"{counted or 'nothing to do'}; {report.not_started} left"
    if report.stopped:
        message = f"{message}; stopped: {report.stopped}"
    if report.stopped or report.failure_ratio > failure_ratio:
        return Failed(message=message, data=report)
    if report.budget_spent:
        return Completed(name="BudgetSpent", message=message, data=report)
    return Completed(message=message, data=report)
