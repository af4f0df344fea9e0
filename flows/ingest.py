"""The sweep: every recording of a source that has no transcript yet."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime.deployment import get_id as get_deployment_id
from prefect.runtime.flow_run import get_id, get_parameters
from prefect.states import Completed, Failed

from stenoflow.catalog import KeyRange, Selection, SweepReport, scan
from stenoflow.catalog.store_trouble import STORE_TROUBLE
from stenoflow.estimate import Sampler, exceeds, summary
from stenoflow.flows.approval import find_same_request, get_approval, request_approval
from stenoflow.flows.ingest_batches import cancel_with_sweep, submit_batches
from stenoflow.flows.ingest_worker import run_batches
from stenoflow.flows.parameters import (
    ApprovalLimit,
    AtOnce,
    BatchChoice,
    BatchSize,
    BudgetLimit,
    CredentialsName,
    DestinationAddress,
    FailureRatio,
    Limit,
    ProfileChoice,
    SelectionChoice,
    SourceAddress,
    TaskRuns,
    described,
)
from stenoflow.flows.sweep import BatchOf, Sweep, SweepParameters
from stenoflow.profile.model import Profile
from stenoflow.tasks.estimate import SAMPLE_SIZE, sample_and_estimate
from stenoflow.tasks.runtime.threads import in_stoppable_thread
from stenoflow.tasks.sweep_report import publish_report

MAX_REASONS = 6
"""Reasons for leaving objects out that the state's message names."""


def name_of_run() -> str:
    """Return the source's address, or for a batch its last key."""
    parameters = get_parameters()
    batch: Any = parameters.get("batch")
    if batch is None:
        return parameters["source"]
    return f"up to {BatchOf.model_validate(batch).until[-100:]}"


@flow(
    name="ingest",
    flow_run_name=name_of_run,
    on_cancellation=[cancel_with_sweep],
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
    budget_usd: BudgetLimit = None,
    approve_above_usd: ApprovalLimit = None,
    at_once: AtOnce = 4,
    batch_size: BatchSize = 200,
    failure_ratio: FailureRatio = 0.2,
    task_runs: TaskRuns = False,
    batch: BatchChoice = None,
) -> State[Any]:
    """Transcribe every new or changed recording of a source, each in a flow run of its own.

    One bad recording fails no other. The sweep is **Completed** unless more than `failure_ratio`
    of its recordings failed. What it did is in `_stenoflow/sweeps/` of the destination, and in this
    run's artifacts. It is safe to interrupt it anywhere: the next sweep goes on.

    With `approve_above_usd` it is **Suspended** if its forecast may exceed that, and goes on, or
    ends **Declined**, once a person has answered; without an approval it never spends more.
    """
    began = datetime.now(UTC)
    approval = None if approve_above_usd is None else await get_approval()
    if approval and approval.decision == "decline":
        message = f"nothing was bought: {summary(approval.forecast)}"
        return Completed(name="Declined", message=message, data=approval.forecast)
    parameters = SweepParameters(
        source=source,
        destination=destination,
        profile=profile,
        credentials=credentials,
        selection=selection,
        at_once=at_once,
        batch_size=batch_size,
        failure_ratio=failure_ratio,
        task_runs=task_runs,
    )
    now = batch.now if batch else approval.forecast.scanned if approval else began
    sweep = await Sweep.open(get_id() or "local", parameters, now)
    unapproved = approve_above_usd is not None and approval is None
    sampler = Sampler(SAMPLE_SIZE)
    found = await in_stoppable_thread(
        scan,
        sweep.catalog,
        batch_size=batch_size,
        limit=limit,
        within=batch.keys if batch else KeyRange(until=approval and approval.forecast.until),
        on_taken=sampler.add if unapproved else None,
    )
    get_run_logger().info("%d recordings, %d bytes to transcribe", found.recordings, found.size)
    if approve_above_usd is not None and unapproved:
        if other := await find_same_request():
            message = f"flow run {other.name} ({other.id}) waits for an answer to the same question"
            return Completed(name="AlreadyAsked", message=message)
        forecast = await sample_and_estimate(sweep.catalog, found, sampler, at_once=at_once)
        if exceeds(forecast, approve_above_usd, budget_usd):
            await request_approval(forecast)
    limits_usd = (budget_usd, approval.forecast.ceiling_usd if approval else approve_above_usd)
    budget_usd = min((each for each in limits_usd if each is not None), default=None)
    report = sweep.new_report(found, began)
    several_machines = len(found.batches) > 1 and get_deployment_id() and batch is None
    transcribe_all = submit_batches if several_machines else run_batches
    await transcribe_all(sweep, found.batches, report, budget_usd)
    report.ended = datetime.now(UTC)
    try:
        await publish_report(sweep.catalog.destination, report)
    except STORE_TROUBLE as error:
        report.stopped = report.stopped or f"The report of the sweep cannot be stored. {error}"
    return final_state(report, failure_ratio)


def _first(left_out: dict[str, int]) -> str:
    """Return the most frequent reasons for which something was left out."""
    shown = [f"{count:,} {reason}" for reason, count in [*left_out.items()][:MAX_REASONS]]
    others = sum([*left_out.values()][MAX_REASONS:])
    return ", ".join([*shown, *([f"{others:,} for other reasons"] if others else [])])


def final_state(report: SweepReport, failure_ratio: float) -> State[Any]:
    """Return the sweep's own state: Failed only if more than ``failure_ratio`` of it failed."""
    counted = ", ".join(f"{count} {name}" for name, count in sorted(report.outcomes.items()))
    message = f"{counted or 'nothing to do'}; {report.not_started} not started"
    if left_out := report.all_left_out():
        message = f"{message}; left out: {_first(left_out)}"
    if report.may_have_been_paid:
        message = (
            f"{message}; {report.may_have_been_paid} requests, an estimated "
            f"{report.may_have_been_paid_usd:.4f} USD, may have been paid without a usable reply"
        )
    if report.stopped:
        message = f"{message}; stopped: {report.stopped}"
    if report.stopped or report.failure_ratio > failure_ratio:
        return Failed(message=message, data=report)
    if report.budget_spent:
        return Completed(name="BudgetSpent", message=message, data=report)
    return Completed(message=message, data=report)
