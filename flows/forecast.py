"""The flow ``forecast``: what a sweep would cost and take, before anything is bought."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime.flow_run import get_parameters
from prefect.states import Completed

from stenoflow.blocks.resolving import open_profile, open_store_address
from stenoflow.catalog import Catalog, Selection, scan
from stenoflow.estimate import Sampler, summary
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
from stenoflow.tasks.estimate import SAMPLE_SIZE, sample_and_estimate
from stenoflow.tasks.runtime.threads import in_stoppable_thread

BATCH = 2000
"""Recordings counted together; these batches are not used."""


def name_of_run() -> str:
    """Return the name of the flow run."""
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
    sample: SampleSize = SAMPLE_SIZE,
) -> State[Any]:
    """Estimate how many recordings a sweep would transcribe, what it would cost, and how long it would take.

    Nothing is bought, no account is needed, and nothing is written to the destination (a missing
    folder is made). A few recordings are fetched and analyzed, and the rest is estimated from them.
    The result is this run's artifact for a person, and the data of its state, a
    :class:`stenoflow.estimate.SweepEstimate`, for a program.
    """
    chosen = await open_profile(profile)
    recordings = await open_store_address(source)
    transcripts = await open_store_address(destination, create=True)
    catalog = Catalog(recordings, transcripts, chosen, selection, now=datetime.now(UTC))
    sampler = Sampler(sample)
    found = await in_stoppable_thread(
        scan, catalog, batch_size=BATCH, limit=limit, on_taken=sampler.add
    )
    estimate = await sample_and_estimate(catalog, found, sampler, at_once=at_once)
    return Completed(message=summary(estimate), data=estimate)
