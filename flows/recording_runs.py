"""The flow runs of a sweep's recordings, which the sweep transcribes in its own process.

Each costs two requests: it is created Running as its recording starts, and gets its final state as the
recording ends. Run again from the UI or the API, it is a flow run like any other.
"""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from prefect import Task
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.runtime.flow_run import get_id
from prefect.states import Cancelled, Completed

from stenoflow.flows.sweep import Sweep, sweep_tag
from stenoflow.flows.transcribe import run_name, transcribe

DEPLOYMENT = "transcribe/api"
"""The deployment that transcribes a recording when its flow run is started again."""
SWEPT = "in-sweep"
"""Tag of the flow runs that have no process of their own."""
PAGE = 200


@dataclass
class RecordingRuns:
    """Creates and ends the flow runs of the recordings of one sweep, or of one batch of it."""

    sweep: Sweep
    client: PrefectClient
    _path: str = ""
    _body: dict[str, Any] = field(default_factory=dict[str, Any])
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(self, key: str) -> FlowRun:
        """Create the Running flow run of a recording, and return it. Raises httpx.HTTPError."""
        async with self._opening:
            if not self._path:
                await self._open()
        created = await self.client.request(
            "POST",
            self._path,  # pyright: ignore[reportArgumentType] (one of two routes)
            json={
                **self._body,
                "name": run_name(key),
                "parameters": {**self._body["parameters"], "key": key},
                # The client repeats a request whose response got lost.
                "idempotency_key": uuid4().hex,
            },
        )
        return FlowRun.model_validate(created.json())

    @contextmanager
    def current(self, run: FlowRun) -> Generator[None]:
        """Make a recording's flow run the current one in the block: logs, artifacts and task runs are its."""
        sweep = FlowRunContext.get()
        if sweep is None:
            raise RuntimeError("the recordings of a sweep need its flow run")
        with sweep.model_copy(update={"flow_run": run, "task_run_dynamic_keys": {}}):
            yield

    async def end(self, run: UUID, state: State[Any]) -> None:
        """Give a flow run its final state. Raises httpx.HTTPError."""
        # Also where a person has set another state meanwhile: this one is how the recording ended.
        await self.client.set_flow_run_state(run, _without_data(state), force=True)

    async def _open(self) -> None:
        """Find the deployment, and make the task run by which the flow runs have the sweep as parent."""
        parameters = self.sweep.parameters.model_dump(
            mode="json", include={"source", "destination", "profile", "credentials"}
        )
        profile = self.sweep.parameters.profile
        if not isinstance(profile, str):
            parameters["profile"] = profile.model_dump(mode="json", exclude_defaults=True)
        body: dict[str, Any] = {
            "state": {"type": StateType.RUNNING.value, "name": "Running"},
            "tags": [sweep_tag(self.sweep.run), SWEPT],
            "parameters": parameters,
            "parent_task_run_id": await self._parent(),
        }
        try:
            deployment = await self.client.read_deployment_by_name(DEPLOYMENT)
        except ObjectNotFound:
            flow_id = await self.client.create_flow(transcribe)
            self._body = {**body, "flow_id": str(flow_id)}
            self._path = "/flow_runs/"
        else:
            # To check the parameters against the form's schema took a server 70 ms, twice the rest.
            self._body = {**body, "enforce_parameter_schema": False}
            self._path = f"/deployments/{deployment.id}/create_flow_run"

    async def _parent(self) -> str | None:
        if (sweep := get_id()) is None:
            return None
        parent = await self.client.create_task_run(
            Task(name="recordings", fn=_recordings),
            UUID(sweep),
            dynamic_key=uuid4().hex,
            state=Completed(message="The recordings' flow runs have a state of their own."),
        )
        return str(parent.id)


def _recordings() -> None:
    """Stand for the recordings of a sweep as a task: a flow run has its parent by a task run."""


def _without_data(state: State[Any]) -> State[Any]:
    return State(type=state.type, name=state.name, message=state.message)


def interrupted() -> State[Any]:
    """Return the final state of a recording whose sweep was cancelled in the middle of it."""
    return Cancelled(message="Its sweep was interrupted: the next one does it.")


async def running_under(client: PrefectClient, parent: UUID | str) -> Sequence[FlowRun]:
    """Return the recordings' flow runs that a sweep, or a batch of it, has left Running."""
    parents = FlowRunFilterParentFlowRunId(any_=[UUID(str(parent))])
    return await client.read_flow_runs(
        flow_run_filter=_running(parent_flow_run_id=parents), limit=PAGE
    )


async def running_in_sweeps(client: PrefectClient) -> Sequence[FlowRun]:
    """Return the Running flow runs of recordings of all sweeps."""
    return await client.read_flow_runs(flow_run_filter=_running(), limit=PAGE)


def _running(**further: Any) -> FlowRunFilter:
    return FlowRunFilter(
        tags=FlowRunFilterTags(all_=[SWEPT]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
        **further,
    )
