"""A person's approval of a sweep that may cost much.

The sweep's flow run is suspended: it leaves its worker, and once a person has answered in the Prefect
UI or through the API it begins again from the top, in a new process. So the estimate that the person is
shown is kept at the server beside the answer. A run that has its answer keeps to that estimate however
often it begins again, and never takes a recording that was not part of it.
"""

from typing import Literal, NoReturn
from uuid import UUID, uuid4

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateName,
)
from prefect.client.schemas.objects import FlowRun
from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.input.actions import (
    acreate_flow_run_input,
    adelete_flow_run_input,
    aread_flow_run_input,
)
from prefect.runtime.deployment import get_id as get_deployment_id
from prefect.runtime.flow_run import get_id
from pydantic import BaseModel, Field, ValidationError

from stenoflow.errors import ConfigurationError
from stenoflow.estimate import SweepEstimate, approval_md, summary

REQUEST = "approval"
"""Name of the input under which the last request is kept with its flow run."""

Decision = Literal["approve", "decline"]


class ApprovalForm(RunInput):
    """The form in which a person answers."""

    decision: Decision = Field(
        title="Decision", description="Approve: buy it, within the forecast. Decline: buy nothing."
    )


class ApprovalRequest(BaseModel):
    """Forecast for which a person's approval is requested."""

    forecast: SweepEstimate
    pause: str
    """Key of the pause that waits for the answer. A flow run is suspended once for each key, so a
    unanswered request is repeated under another key."""


class Approval(BaseModel):
    """Forecast for which approval was requested, and the decision."""

    forecast: SweepEstimate
    decision: Decision


async def get_approval() -> Approval | None:
    """Return the answer that this flow run got in an earlier process; None if it has none."""
    if get_deployment_id() is None or (kept := await aread_flow_run_input(REQUEST)) is None:
        return None
    request = ApprovalRequest.model_validate(kept)
    try:
        answer = await _suspend(request)
    except ValidationError:
        return None  # the run was scheduled again without an answer
    return Approval(forecast=request.forecast, decision=answer.decision)


async def request_approval(forecast: SweepEstimate) -> NoReturn:
    """Suspend the flow run until a person has answered: this does not return.

    Raises ConfigurationError if it cannot be suspended, because no deployment could start it again.
    """
    request = ApprovalRequest(forecast=forecast, pause=uuid4().hex)
    if get_deployment_id() is not None:
        if await aread_flow_run_input(REQUEST) is not None:
            await adelete_flow_run_input(REQUEST)
        await acreate_flow_run_input(REQUEST, request.model_dump(mode="json"))
    try:
        await _suspend(request)
    except RuntimeError as error:
        raise ConfigurationError(
            f"The forecast needs a person's approval ({summary(forecast)}), and only a run of a "
            f"deployment can wait for it ({error}). Start the sweep from a deployment, or raise "
            "approve_above_usd. Nothing was bought."
        ) from error
    raise AssertionError("a suspended flow run does not go on")


async def _suspend(request: ApprovalRequest) -> ApprovalForm:
    """Suspend the flow run, or return the answer if it was suspended for this request before.

    Raises ValidationError if it was, and has no answer.
    """
    form = ApprovalForm.with_initial_data(description=approval_md(request.forecast))
    return await asuspend_flow_run(wait_for_input=form, key=request.pause)


async def find_same_request() -> FlowRun | None:
    """Return another run of this deployment with the same parameters that waits for an answer.

    A schedule goes on while a request is unanswered: one request is enough.
    """
    deployment, flow_run = get_deployment_id(), get_id()
    if deployment is None or flow_run is None:
        return None
    async with get_client() as client:
        waiting = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[UUID(deployment)]),
                state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Suspended"])),
            )
        )
        own = await client.read_flow_run(UUID(flow_run))
    return next((run for run in waiting if run.parameters == own.parameters), None)
