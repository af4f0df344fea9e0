"""Dead runs are found by their missing heartbeat, called Crashed, and set going again.

A flow that is killed together with its worker tells nobody; open-source Prefect leaves it Running for
ever, with the slot it holds. It is safe to run any flow of ours again: what was bought is in the ledger.
"""

from datetime import timedelta

from prefect.automations import Automation
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

FLOWS = ["transcribe", "ingest", "forecast"]
DEAD = "No heartbeat: the process that ran it is gone."

FIND = "Stenoflow: a run without heartbeat has crashed"
REVIVE = "Stenoflow: a crashed run is set going again"

REVIVALS = 3
"""How often: a run that kills every machine it is given must not go on for ever."""


def find_the_dead(after_s: float) -> Automation:
    """Runs whose last heartbeat is ``after_s`` seconds old become Crashed.

    Every end of a run is an event of its own name, and ours have names of their own (Rejected,
    NoSpeech), so any event of the run counts as a sign of life.
    """
    return Automation(
        name=FIND,
        description="Without this a run whose machine died stays Running for ever.",
        trigger=EventTrigger(
            match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
            match_related=ResourceSpecification(
                {"prefect.resource.role": "flow", "prefect.resource.name": FLOWS}
            ),
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=after_s),
        ),
        actions=[
            ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=DEAD, force=False)
        ],
    )


def revive_the_dead() -> Automation:
    """Of these, the runs of deployments are scheduled again; a sweep begins its recordings itself.

    A run that has begun more often than :data:`REVIVALS` stays Crashed, for a person to look at.
    """
    return Automation(
        name=REVIVE,
        description="The run goes on under its own id; nothing that was bought is bought again.",
        trigger=EventTrigger(
            match=ResourceSpecification(
                {
                    "prefect.resource.id": "prefect.flow-run.*",
                    "prefect.state-message": DEAD,
                    "prefect.run-count": [str(count) for count in range(1, REVIVALS + 1)],
                }
            ),
            match_related=ResourceSpecification({"prefect.resource.role": "deployment"}),
            expect={"prefect.flow-run.Crashed"},
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.SCHEDULED,
                name="AwaitingRetry",
                message="Set going again after its process died.",
                force=False,
            )
        ],
    )


async def register(automation: Automation) -> None:
    """Create the automation, or bring the one of this name up to date."""
    try:
        known = await Automation.aread(name=automation.name)
    except ValueError:
        await automation.acreate()
        return
    automation.id = known.id
    automation.enabled = known.enabled
    await automation.aupdate()
