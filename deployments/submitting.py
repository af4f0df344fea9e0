"""``stenoflow submit`` and ``stenoflow status``: what Prefect's API does, for people at a terminal."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterType,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterName,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import get_current_settings
from rich.console import Console
from rich.markup import escape

from flows.transcribe import run_name, transcribe
from steno.errors import BadChoice, MissingDependency

DEPLOYMENT = "transcribe/api"
SHOWN = 5

console = Console(highlight=False, soft_wrap=True)


def submit(keys: Sequence[str], given: dict[str, Any], idempotency_key: str | None) -> None:
    """Make a flow run for each recording, and print its id.

    ``given`` are parameters that replace the deployment's own; with an idempotency key, asking again
    names the run that the first asking made. Raises BadChoice, MissingDependency.
    """
    asyncio.run(_guarded(_submit(keys, given, idempotency_key)))


def status(key: str) -> bool:
    """Print the latest runs on a recording; whether there are any. Raises as :func:`submit`."""
    return asyncio.run(_guarded(_status(key)))


async def _guarded(work: Any) -> Any:
    url = get_current_settings().api.url
    if not url:
        work.close()
        raise BadChoice(
            "no Prefect server is named: set PREFECT_API_URL, or run `stenoflow serve`."
        )
    try:
        return await work
    except PrefectHTTPStatusError as error:
        if error.response.status_code == httpx.codes.UNAUTHORIZED:
            raise BadChoice(
                f"{url} wants a password: set PREFECT_API_AUTH_STRING as on the server."
            ) from error
        raise BadChoice(f"{url} refuses: {error.response.text}") from error
    except httpx.TransportError as error:
        raise MissingDependency(f"{url} does not answer: {error}") from error


async def _submit(keys: Sequence[str], given: dict[str, Any], idempotency_key: str | None) -> None:
    async with get_client() as client:
        try:
            deployment = await client.read_deployment_by_name(DEPLOYMENT)
        except ObjectNotFound as error:
            raise BadChoice(
                f"the server has no deployment {DEPLOYMENT}: run `stenoflow deploy` once."
            ) from error
        for key in keys:
            run = await client.create_flow_run_from_deployment(
                deployment.id,
                parameters={**given, "key": key},
                idempotency_key=f"{idempotency_key}-{key}" if idempotency_key else None,
            )
            console.print(f"{run.id}  {escape(key)}  {_link(run)}")


async def _status(key: str) -> bool:
    async with get_client() as client:
        runs = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[transcribe.name])),
            flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[run_name(key)])),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=SHOWN,
        )
        for run in runs:
            await _show(client, run)
    if not runs:
        console.print(f"There is no run on {escape(key)}.")
    return bool(runs)


async def _show(client: PrefectClient, run: FlowRun) -> None:
    began = run.start_time or run.expected_start_time
    at = f"{began:%Y-%m-%d %H:%M:%S}" if began else ""
    said = run.state.message if run.state and run.state.message else ""
    if run.state and run.state.is_running():
        said = await _progress(client, run) or said
    console.print(f"{at}  [bold]{run.state_name}[/]  {escape(said)}")
    console.print(f"  {run.id}  {_link(run)}")


async def _progress(client: PrefectClient, run: FlowRun) -> str | None:
    artifacts = await client.read_artifacts(
        artifact_filter=ArtifactFilter(
            flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]),
            type=ArtifactFilterType(any_=["progress"]),
        ),
        limit=1,
    )
    if not artifacts:
        return None
    return f"{cast('float', artifacts[0].data):.0f} %, {artifacts[0].description or ''}"


def _link(run: FlowRun) -> str:
    ui = (get_current_settings().api.url or "").removesuffix("/api")
    return f"{ui}/runs/flow-run/{run.id}"
