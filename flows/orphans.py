"""Flow runs of recordings that stayed Running as the process of their sweep died."""

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State
from prefect.runtime.flow_run import get_id
from prefect.states import Crashed

from stenoflow.errors import StenoflowError
from stenoflow.flows.recording_runs import PAGE, RecordingRuns, running_in_sweeps, running_under
from stenoflow.flows.sweep import Sweep, sweep_of
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.manifest.model import Manifest, read_manifest
from stenoflow.pipeline.outcome import Outcome
from stenoflow.tasks.outcome_state import state_of
from stenoflow.tasks.runtime.threads import in_thread

DIED = "The process of its sweep died. The next sweep does it, unless a later run has."


async def settle_orphans(sweep: Sweep, runs: RecordingRuns) -> None:
    """End what this flow run has left Running when its process died, and what ended sweeps have.

    Raises httpx.HTTPError.
    """
    if own := get_id():
        await settle(sweep, runs, await running_under(runs.client, own))
    if own == sweep.run:  # Of a sweep's batches, none looks after the other sweeps.
        running = await running_in_sweeps(runs.client)
        ended = await _ended(runs.client, {sweep_of(each.tags) for each in running} - {sweep.run})
        await settle(sweep, runs, [each for each in running if sweep_of(each.tags) in ended])


async def settle(sweep: Sweep, runs: RecordingRuns, left: Iterable[FlowRun]) -> None:
    """Give flow runs the state of their recording's manifest, or Crashed where there is none."""
    for run in left:
        await runs.end(run.id, await in_thread(_state, sweep, run))


async def _ended(client: PrefectClient, sweeps: set[str]) -> set[str]:
    """Return those of the sweeps that have ended, or are not known to the server."""
    ids = [UUID(each) for each in sweeps if _is_id(each)]
    found = (
        await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=ids)), limit=PAGE
        )
        if ids
        else []
    )
    under_way = {str(each.id) for each in found if each.state and not each.state.is_final()}
    return sweeps - under_way


def _is_id(text: str) -> bool:
    """Return True for the ID of a flow run: a person may set a tag to anything."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _state(sweep: Sweep, run: FlowRun) -> State[Outcome]:
    manifest: Manifest | None = None
    mine = run.parameters.get("source"), run.parameters.get("destination")
    if mine == (sweep.parameters.source, sweep.parameters.destination):
        with suppress(StenoflowError):
            manifest = _manifest_of(sweep, run.parameters["key"])
    return state_of(Outcome.of(manifest)) if manifest else Crashed(message=DIED)


def _manifest_of(sweep: Sweep, key: str) -> Manifest | None:
    """Return the manifest of a recording's present version under the sweep's profile."""
    catalog = sweep.catalog
    mark = fingerprint(catalog.source.stat(key).version, catalog.profile)
    return read_manifest(catalog.destination, manifest_key(key, mark))
