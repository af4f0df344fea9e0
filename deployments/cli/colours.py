"""The colours of outcomes and states on a terminal."""

from prefect.client.schemas.objects import StateType

OUTCOMES = {"published": "green", "no_speech": "yellow", "rejected": "red", "gave_up": "red"}
STATES = {
    StateType.COMPLETED: "green",
    StateType.FAILED: "red",
    StateType.CRASHED: "red",
    StateType.CANCELLED: "yellow",
    StateType.RUNNING: "cyan",
}


def state_colour(state: StateType | None) -> str:
    """Return the colour of a flow run's state; ``default`` for one that needs no attention."""
    return STATES.get(state, "default") if state else "default"
