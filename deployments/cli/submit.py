"""``stenoflow submit``: recordings are handed to the deployment ``transcribe/api``, each once.

A server remembers an idempotency key for ever, so a key made of what is asked alone would never let a
recording be asked for again after a failure, or after it was replaced. A key that holds the hour would
buy two runs at its turn. So the key is what is asked, and the last run of it that has ended: asking
again while a run is under way names that run, and asking after its end makes the next one. Two who ask
at the same moment compute the same key.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound
from prefect.utilities.urls import url_for
from rich.console import Console
from rich.markup import escape

from stenoflow.deployments.cli.colours import state_colour
from stenoflow.deployments.cli.status import PAGE, named_runs
from stenoflow.deployments.cli.transcribe import choose_profile, refuse_doubles
from stenoflow.deployments.server.client import server_client
from stenoflow.errors import ConfigurationError
from stenoflow.flows.recording_runs import SWEPT
from stenoflow.flows.revival import RunEnds
from stenoflow.flows.transcribe import run_name
from stenoflow.storage import locate
from stenoflow.tasks.limits.engine import Lane

DEPLOYMENT = "transcribe/api"
POLL_S = 2.0

console = Console(highlight=False, soft_wrap=True)


def submit(
    recordings: Sequence[str],
    *,
    source: str | None = None,
    destination: str | None = None,
    profile: str | None = None,
    credentials: str | None = None,
    force: bool = False,
    priority: Lane = "urgent",
    wait: bool = False,
) -> bool:
    """Make a flow run for each recording and print its id and page; with ``wait``, how each ended.

    ``priority`` is the work queue of the runs.
    What is None is as the deployment has it. Returns whether all is well: without ``wait``, that all
    are submitted. Raises ConfigurationError, before any run is made, where what is asked makes no sense;
    MissingDependency where the server does not answer.
    """
    chosen = {
        "destination": destination,
        "profile": _profile(profile),
        "credentials": credentials,
        "force": force or None,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    asked = [_place(recording, source) | given for recording in recordings]
    refuse_doubles(recordings, [str(each["key"]) for each in asked])
    return asyncio.run(_submit(asked, priority, wait=wait))


def _profile(name: str | None) -> Any:
    profile = choose_profile(name) if name else None
    return (
        profile if profile is None or isinstance(profile, str) else profile.model_dump(mode="json")
    )


def _place(recording: str, source: str | None) -> dict[str, Any]:
    """The parameters that name a recording: a key in ``source``, or a URL that says all."""
    if "://" not in recording:
        return {"key": recording} | ({} if source is None else {"source": source})
    if source is not None:
        raise ConfigurationError(
            f"{recording} names its store itself: leave --from away, or give a key."
        )
    address, key = locate(recording)
    return {"source": address, "key": key}


async def _submit(asked: Sequence[Mapping[str, Any]], priority: Lane, *, wait: bool) -> bool:
    async with server_client() as client:
        deployment = await _deployment(client)
        runs = [await _run(client, deployment, parameters, priority) for parameters in asked]
        for run in runs:
            console.print(f"{run.id}  {escape(run.parameters['key'])}  {url_for(run)}")
        return await _all_well(client, runs) if wait else True


async def _deployment(client: PrefectClient) -> DeploymentResponse:
    try:
        return await client.read_deployment_by_name(DEPLOYMENT)
    except ObjectNotFound as error:
        raise ConfigurationError(
            f"the server has no deployment {DEPLOYMENT}: run `stenoflow deploy` once."
        ) from error


async def _run(
    client: PrefectClient,
    deployment: DeploymentResponse,
    parameters: Mapping[str, Any],
    priority: Lane,
) -> FlowRun:
    """The run that is under way for what is asked, or a new one."""
    mark = _mark({**deployment.parameters, **parameters})
    earlier = [
        run
        async for run in named_runs(client, {parameters["key"]})
        if run.deployment_id == deployment.id and _mark(run.parameters) == mark
    ]
    for run in earlier:
        # The run of a sweep that died stays Running until the next sweep: it is not waited for.
        if not (run.state and run.state.is_final()) and SWEPT not in run.tags:
            return run
    last = max(earlier, key=lambda run: (run.created, run.id), default=None)
    return await client.create_flow_run_from_deployment(
        deployment.id,
        parameters=dict(parameters),
        name=run_name(parameters["key"]),
        idempotency_key=f"{mark} after {last.id if last else 'none'}",
        work_queue_name="bulk" if priority == "bulk" else None,
    )


def _mark(parameters: Mapping[str, Any]) -> str:
    """Return a digest of a run's parameters."""
    return sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()[:32]


async def _all_well(client: PrefectClient, runs: Sequence[FlowRun]) -> bool:
    """Wait for the end of all, printing each as it comes; whether all are Completed."""
    left: dict[UUID, FlowRun] = {run.id: run for run in runs}
    ends = RunEnds()
    well = True
    while left:
        # A server that is away for a moment is asked again.
        with suppress(httpx.TransportError):
            for run in await _ended(client, left, ends):
                del left[run.id]
                well &= run.state is not None and run.state.is_completed()
                _tell_end(run)
        if left:
            await asyncio.sleep(POLL_S)
    return well


async def _ended(
    client: PrefectClient, left: Mapping[UUID, FlowRun], ends: RunEnds
) -> list[FlowRun]:
    """Return those of the runs that have ended. Raises ConfigurationError if one was deleted."""
    some = list(left)[:PAGE]
    read = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=some)), limit=PAGE
    )
    for gone in set(some) - {run.id for run in read}:
        key = left[gone].parameters["key"]
        raise ConfigurationError(f"the run {gone} on {key} was deleted: submit it again.")
    return [run for run in read if ends.has_ended(run)]


def _tell_end(run: FlowRun) -> None:
    colour = state_colour(run.state_type)
    reason = f": {escape(run.state.message)}" if run.state and run.state.message else ""
    console.print(f"{escape(run.parameters['key'])}  [{colour}]{run.state_name}[/]{reason}")
