"""A person's word before a sweep that may cost much.

The sweep's flow run is suspended: it leaves its worker, and once a person has answered in the Prefect
UI or through the API it begins again from the top, in a new process. So what it asks about is kept at
the server beside the answer. A run that has its answer goes by that forecast ever after, however often
it begins again, and never takes what was no part of it.
"""

from typing import Any, Literal, NoReturn
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
from prefect.input.run_input import keyset_from_base_key
from prefect.runtime.deployment import get_id as get_deployment_id
from prefect.runtime.flow_run import get_id
from pydantic import BaseModel, Field

from stenoflow.errors import ConfigurationError
from stenoflow.estimate.model import Forecast
from stenoflow.estimate.text import question_md, summary

QUESTION = "approval"
"""Under which name the last question is kept with its flow run."""

Decision = Literal["approve", "decline"]


class Approval(RunInput):
    """The form in which a person answers."""

    decision: Decision = Field(
        title="Decision", description="Approve: buy it, within the forecast. Decline: buy nothing."
    )


class Question(BaseModel):
    """What a person was asked."""

    forecast: Forecast
    pause: str
    """Key of the pause that waits for the answer: each is suspended for once, so that a question
    nobody answered can be asked anew."""


class Answered(BaseModel):
    """What a person was asked, and said."""

    forecast: Forecast
    decision: Decision


async def answered() -> Answered | None:
    """The answer that this flow run has got in an earlier process; None where it has none."""
    if get_deployment_id() is None or (kept := await aread_flow_run_input(QUESTION)) is None:
        return None
    question = Question.model_validate(kept)
    # The name under which Prefect keeps what a suspended run was resumed with.
    name = keyset_from_base_key(f"suspended-{question.pause}")["response"]
    answer: Any = await aread_flow_run_input(name)
    if answer is None:
        return None
    return Answered(forecast=question.forecast, decision=Approval.model_validate(answer).decision)


async def ask(forecast: Forecast) -> NoReturn:
    """Suspend the flow run until a person has answered: this does not return.

    Raises ConfigurationError where it cannot be suspended, since no deployment could set it going again.
    """
    question = Question(forecast=forecast, pause=uuid4().hex)
    form = Approval.with_initial_data(description=question_md(forecast))
    if get_deployment_id() is not None:
        if await aread_flow_run_input(QUESTION) is not None:
            await adelete_flow_run_input(QUESTION)
        await acreate_flow_run_input(QUESTION, question.model_dump(mode="json"))
    try:
        await asuspend_flow_run(wait_for_input=form, key=question.pause)
    except RuntimeError as error:
        raise ConfigurationError(
            f"The forecast needs a person's approval ({summary(forecast)}), and only a run of a "
            f"deployment can wait for it ({error}). Start the sweep from a deployment, or raise "
            "approve_above_usd. Nothing was bought."
        ) from error
    raise AssertionError("a suspended flow run does not go on")


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
