"""``stenoflow status``: where a recording is, why it failed, and what it cost."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterType,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterName,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.utilities.urls import url_for
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stenoflow.blocks.resolving import open_store_address
from stenoflow.deployments.cli.colours import state_colour
from stenoflow.deployments.server.client import server_client
from stenoflow.errors import StenoflowError
from stenoflow.flows.transcribe import run_name, transcribe
from stenoflow.manifest.keys import artifact_key, manifests_of
from stenoflow.manifest.model import Manifest, read_manifest
from stenoflow.storage import Store, locate
from stenoflow.times import format_clock

PAGE = 200
"""Flow runs of one request: as many as the server gives."""
UNNAMED = [StateType.SCHEDULED, StateType.PENDING]
"""States in which a run that the UI or an event has made still has a random name."""


@dataclass(frozen=True)
class Found:
    """One flow run on a recording."""

    run: FlowRun
    progress: str | None
    """Percentage and step while it runs; None if it has reported none."""

    @property
    def source(self) -> str:
        """Address of the recording's source."""
        return self.run.parameters["source"]

    @property
    def message(self) -> str | None:
        """Message of the run's state: why it failed."""
        return self.run.state.message if self.run.state else None

    def figures(self) -> dict[str, Any]:
        """Return what ``--json`` prints of the run."""
        run = self.run
        return {
            "flow_run": str(run.id),
            "url": url_for(run),
            "state": run.state_name,
            "type": run.state_type.value if run.state_type else None,
            "reason": self.message,
            "progress": self.progress,
            "expected": run.expected_start_time.isoformat() if run.expected_start_time else None,
            "started": run.start_time.isoformat() if run.start_time else None,
            "took_s": run.estimated_run_time.total_seconds() if run.start_time else None,
            "tries": run.run_count,
            "source": self.source,
            "destination": run.parameters["destination"],
            "tags": run.tags,
        }


def show_status(recording: str, to: str | None, *, most: int, as_json: bool) -> bool:
    """Print the latest runs on a recording and, with ``to``, its manifest; whether there is anything.

    ``recording`` is a key in whatever source, or an ``s3://`` or ``file://`` URL. Raises ConfigurationError,
    MissingDependency; AccessDenied or StoreUnavailable where ``to`` cannot be read.
    """
    runs, manifest = asyncio.run(_find(recording, to, most))
    if as_json:
        made = manifest.model_dump(mode="json") if manifest else None
        figures = {"recording": recording, "runs": [run.figures() for run in runs]}
        sys.stdout.write(json.dumps(figures | {"manifest": made}, ensure_ascii=False) + "\n")
    else:
        _print(Console(highlight=False), recording, runs, manifest, to)
    return bool(runs or manifest)


async def _find(
    recording: str, to: str | None, most: int
) -> tuple[Sequence[Found], Manifest | None]:
    async with server_client() as client:
        runs = [run async for run in runs_on(client, recording)]
        runs.sort(key=_when, reverse=True)
        found = [Found(run, await _progress(client, run)) for run in runs[:most]]
        if to is None:
            return found, None
        destination = await open_store_address(to)
    keys = {run.parameters["key"] for run in runs} or {_key_of(recording)}
    made = await asyncio.to_thread(lambda: [*_manifests(destination, keys)])
    return found, max(made, key=lambda manifest: manifest.finished, default=None)


def _when(run: FlowRun) -> datetime:
    """Time of its start, or scheduled time."""
    return run.start_time or run.expected_start_time or datetime.max.replace(tzinfo=UTC)


async def runs_on(client: PrefectClient, recording: str) -> AsyncGenerator[FlowRun]:
    """All runs of the flow ``transcribe`` on a recording, in no certain order."""
    keys = _suffixes(_key_of(recording)) if _is_url(recording) else {recording}
    seen: set[UUID] = set()
    urls: dict[str, str] = {}
    for runs in (named_runs(client, keys), _waiting_runs(client, keys)):
        async for run in runs:
            if run.id in seen:
                continue
            seen.add(run.id)
            if not _is_url(recording) or recording == await _url(run, urls):
                yield run


async def named_runs(client: PrefectClient, keys: Collection[str]) -> AsyncGenerator[FlowRun]:
    """The runs that bear the names of these recordings: all that have started."""
    which = FlowRunFilter(name=FlowRunFilterName(any_=[run_name(key) for key in keys]))
    async for run in _pages(client, which):
        if run.parameters.get("key") in keys:
            yield run


async def _waiting_runs(client: PrefectClient, keys: Collection[str]) -> AsyncGenerator[FlowRun]:
    which = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNNAMED)))
    async for run in _pages(client, which):
        if run.parameters.get("key") in keys:
            yield run


async def _pages(client: PrefectClient, which: FlowRunFilter) -> AsyncGenerator[FlowRun]:
    offset = 0
    while page := await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[transcribe.name])),
        flow_run_filter=which,
        sort=FlowRunSort.ID_DESC,
        limit=PAGE,
        offset=offset,
    ):
        for run in page:
            yield run
        offset += len(page)


async def _url(run: FlowRun, urls: dict[str, str]) -> str | None:
    """Return the URL of the run's source; None if it can no longer be opened."""
    source = run.parameters["source"]
    if source not in urls:
        try:
            urls[source] = (await open_store_address(source)).url_of("")
        except StenoflowError:
            return None
    return urls[source] + run.parameters["key"]


def _is_url(recording: str) -> bool:
    return "://" in recording


def _key_of(recording: str) -> str:
    return locate(recording)[1] if _is_url(recording) else recording


def _suffixes(key: str) -> set[str]:
    """The keys that an object may have in stores that begin at any of its folders."""
    parts = key.split("/")
    return {"/".join(parts[first:]) for first in range(len(parts))}


def _manifests(destination: Store, keys: set[str]) -> Iterator[Manifest]:
    for key in sorted(keys):
        for info in destination.list(manifests_of(key)):
            manifest = read_manifest(destination, info.key)
            if manifest is not None:
                yield manifest


async def _progress(client: PrefectClient, run: FlowRun) -> str | None:
    if not run.state or not run.state.is_running():
        return None
    artifacts = await client.read_artifacts(
        artifact_filter=ArtifactFilter(
            flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]),
            type=ArtifactFilterType(any_=["progress"]),
        ),
        limit=1,
    )
    if not artifacts:
        return None
    description = (artifacts[0].description or "").removeprefix(f"{run.parameters['key']}: ")
    return f"{cast(float, artifacts[0].data):.0f} %, {description}"


def _print(
    console: Console,
    recording: str,
    runs: Sequence[Found],
    manifest: Manifest | None,
    to: str | None,
) -> None:
    if not runs:
        console.print(f"There is no run on {escape(recording)} at this server.")
    else:
        _print_table(console, runs)
        console.print(f"The latest: {url_for(runs[0].run)}", soft_wrap=True)
    if manifest is not None and to is not None:
        for line in _outcome(manifest, to):
            console.print(line, soft_wrap=True)
    elif to is not None:
        console.print(f"It is not finished in {escape(to)}.")


def _print_table(console: Console, runs: Sequence[Found]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("started, UTC", no_wrap=True)
    table.add_column("state")
    table.add_column("took", justify="right")
    table.add_column("run", no_wrap=True)
    for found in runs:
        run = found.run
        colour = state_colour(run.state_type)
        table.add_row(
            f"{run.start_time:%Y-%m-%d %H:%M:%S}" if run.start_time else "not yet",
            f"[{colour}]{escape(run.state_name or '')}[/]",
            format_clock(run.estimated_run_time.total_seconds()) if run.start_time else "–",
            str(run.id),
        )
    console.print(table)
    for found in runs:
        text = found.progress or found.message
        if text:
            console.print(f"{str(found.run.id)[:8]}: {escape(text)}", soft_wrap=True)


def _outcome(manifest: Manifest, to: str) -> Iterator[str]:
    """Yield what the manifest says of length, money and results, line by line."""
    yield f"{manifest.outcome.replace('_', ' ').capitalize()} at {manifest.finished:%Y-%m-%d %H:%M} UTC."
    if manifest.reason:
        yield escape(manifest.reason)
    costs = manifest.costs
    if costs is not None:
        price = f", about {costs.estimate_usd:.4f} USD" if costs.estimate_usd else ""
        yield (
            f"{format_clock(costs.audio_s)} of audio, {format_clock(costs.paid_s)} paid for{price}; "
            f"{format_clock(costs.saved_s)} not paid for."
        )
    if costs is not None and costs.may_have_been_paid:
        yield f"Beside these {costs.may_have_been_paid} requests may have been paid without a usable reply."
    if manifest.outcome == "published":
        yield f"Results: {escape(to.rstrip('/'))}/{escape(artifact_key(manifest.source.key, ''))}"
