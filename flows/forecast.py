"""The forecast: what a sweep would cost and take, before anything is bought."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime.flow_run import get_parameters
from prefect.states import Completed

from stenoflow.blocks.resolving import open_profile, open_store_address
from stenoflow.catalog import Catalog, Selection, scan
from stenoflow.estimate.sampling import Sampler
from stenoflow.estimate.text import summary
from stenoflow.flows.parameters import (
    AtOnce,
    DestinationAddress,
    Limit,
    ProfileChoice,
    SampleSize,
    SelectionChoice,
    SourceAddress,
    described,
)
from stenoflow.profile.model import Profile
from stenoflow.tasks.estimate import SAMPLE, forecast_of
from stenoflow.tasks.runtime.threads import in_stoppable_thread

BATCH = 2000
"""Recordings counted together; nothing is made of these batches."""


def name_of_run() -> str:
    """What the forecast is for."""
    return f"forecast of {get_parameters()['source']}"


@flow(name="forecast", flow_run_name=name_of_run, persist_result=False, result_serializer="json")
@described
async def forecast(
    source: SourceAddress,
    destination: DestinationAddress,
    profile: ProfileChoice = Profile(),
    selection: SelectionChoice = Selection(),  # noqa: B008
    limit: Limit = None,
    at_once: AtOnce = 4,
    sample: SampleSize = SAMPLE,
) -> State[Any]:
    """Tell how many recordings a sweep would take, what it would pay for, and how long it would be.

    Nothing is bought, no account is needed, and nothing is written to the destination (a folder that
    is not there is made). A few recordings are fetched and heard, and the rest is estimated by them.
    The answer is this run's artifact for a person, and the data of its state, a
    :class:`stenoflow.estimate.model.Forecast`, for a program.
    """
    chosen = await open_profile(profile)
    recordings = await open_store_address(source)
    transcripts = await open_store_address(destination, create=True)
    made = datetime.now(UTC)
    sampler = Sampler(sample)
    found = await in_stoppable_thread(
        scan,
        Catalog(recordings, transcripts, chosen, selection, made),
        batch_size=BATCH,
        limit=limit,
        on_taken=sampler.add,
    )
    foretold = await forecast_of(
        recordings, transcripts, chosen, found, sampler, at_once=at_once, made=made
    )
    return Completed(message=summary(foretold), data=foretold)
