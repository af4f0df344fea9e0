"""The Prefect state of a flow run that says how its recording ended."""

from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from stenoflow.pipeline.outcome import Outcome


def state_of(outcome: Outcome) -> State[Any]:
    """Return the final state, with the outcome as its data.

    Published: Completed. No speech: Completed, named NoSpeech. Rejected: Failed, named Rejected. Given
    up: Failed.
    """
    match outcome.name:
        case "published":
            return Completed(data=outcome, message="published earlier" if outcome.earlier else None)
        case "no_speech":
            return Completed(name="NoSpeech", data=outcome, message=outcome.reason)
        case "rejected":
            return Failed(name="Rejected", data=outcome, message=outcome.reason)
        case "gave_up":
            return Failed(data=outcome, message=outcome.reason)
