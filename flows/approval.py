"""A person's word before a sweep that may cost much.

The sweep's flow run is suspended: it leaves its worker, and once a person has answered in the Prefect
UI or through the API it begins again from the top, in a new process. So what it asks about is kept at
the server beside the answer. A run that has asked goes by that forecast and that answer ever after,
however often it begins again, and never takes what was not part of what was approved.
"""

from typing import Any, Literal
from uuid import UUID

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
from prefect.input.run_input import keyset_from_base_key
from prefect.runtime.deployment import get_id as get_deployment_id
from prefect.runtime.flow_run import get_id
from pydantic import Field

from steno.errors import BadChoice
from steno.forecast import Forecast
from steno.forecast_text import question_md, summary

PAUSE = "approval"
FORECAST = "approval-forecast"
"""Under which names the question and what it is about are kept with the flow run."""
_KEYS = keyset_from_base_key(f"suspended-{PAUSE}")


class Approval(RunInput):
    """What a person says to a forecast."""

    decision: Literal["approve", "decline"] = Field(
        title="Decision", description="Approve: buy it, within the forecast. Decline: buy nothing."
    )


async def asked_before() -> Forecast | None:
    """What this flow run has asked about in an earlier process; None where it has not asked."""
    if get_deployment_id() is None:
        return None
    kept: Any = await aread_flow_run_input(FORECAST)
    return None if kept is None else Forecast.model_validate(kept)


async def ask(forecast: Forecast) -> Approval:
    """A person's answer. Where there is none yet the flow run is suspended, and this does not return.

    Raises BadChoice where it cannot be suspended, since no deployment could set it going again.
    """
    answer: Any = await aread_flow_run_input(_KEYS["response"])
    if answer is not None:
        return Approval.model_validate(answer)
    form = Approval.with_initial_data(description=question_md(forecast))
    try:
        if get_deployment_id() is not None:
            await _keep(forecast)
        return await asuspend_flow_run(wait_for_input=form, key=PAUSE)
    except RuntimeError as error:
        raise BadChoice(
            f"The forecast needs a person's approval ({summary(forecast)}), and only a run of a "
            f"deployment can wait for it ({error}). Start the sweep from a deployment, or raise "
            "approve_above_usd. Nothing was bought."
        ) from error


async def _keep(forecast: Forecast) -> None:
    """Keep what is asked about, in place of a question that nobody answered."""
    for key in (FORECAST, _KEYS["schema"], _KEYS["description"]):
        if await aread_flow_run_input(key) is not None:
            await adelete_flow_run_input(key)
    await acreate_flow_run_input(FORECAST, forecast.model_dump(mode="json"))


async def asked_elsewhere() -> FlowRun | None:
    """Another run of the same deployment with the same parameters that waits for an answer.

    A schedule goes on while nobody answers: one question is enough.
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
