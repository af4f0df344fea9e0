"""The forecast: what a sweep would cost and take, before anything is bought."""

from datetime import UTC, datetime
from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime.flow_run import get_parameters
from prefect.states import Completed
from pydantic import Field

from blocks.resolving import open_profile, open_store_address
from flows.parameters import (
    AtOnce,
    CredentialsName,
    DestinationAddress,
    Limit,
    ProfileChoice,
    SelectionChoice,
    SourceAddress,
)
from steno.profile import Profile
from steno.survey import survey
from steno.sweep import Selection
from tasks.forecast import foresee
from tasks.threads import in_stoppable_thread

SAMPLE = 8
BATCH = 1000


def name_of_run() -> str:
    return f"forecast of {get_parameters()['source']}"


@flow(name="forecast", flow_run_name=name_of_run, persist_result=False, result_serializer="json")
async def forecast(
    source: SourceAddress,
    destination: DestinationAddress,
    profile: ProfileChoice = Profile(),
    credentials: CredentialsName = None,
    selection: SelectionChoice = Selection(),  # noqa: B008
    limit: Limit = None,
    at_once: AtOnce = 4,
    sample: Annotated[
        int,
        Field(
            title="Recordings to hear",
            description="Drawn as if by lot, fetched and heard, but not sent anywhere.",
            ge=1,
            le=200,
        ),
    ] = SAMPLE,
) -> State[Any]:
    """Tell how many recordings a sweep would take, what it would pay for, and how long it would be.

    Nothing is bought: a few recordings are fetched and heard, and the rest estimated by them. The
    answer is this run's result and its artifact.
    """
    chosen = await open_profile(profile)
    origin = await open_store_address(source)
    target = await open_store_address(destination, create=True)
    found = await in_stoppable_thread(
        survey,
        origin,
        target,
        chosen,
        selection,
        now=datetime.now(UTC),
        batch_size=BATCH,
        limit=limit,
        sample=sample,
    )
    foreseen = await foresee(origin, target, chosen, credentials, found, at_once=at_once)
    cost = foreseen.cost_usd
    price = f"about {cost.expected:.2f} USD" if cost else "no price is known"
    return Completed(message=f"{foreseen.recordings} recordings, {price}", data=foreseen)
