"""A sweep that may cost much asks a person first, once, and keeps to what was approved."""

import json
import os
import shutil
import sys
import time
from asyncio import create_subprocess_exec
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import resume_flow_run
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow
from prefect.settings import get_current_settings
from prefect.states import Cancelled, Scheduled

from stenoflow.catalog import SweepReport
from stenoflow.deployments.samples import sample_recordings
from stenoflow.estimate import SweepEstimate
from stenoflow.flows.ingest import ingest
from stenoflow.profile.model import Profile
from stenoflow.tasks.estimate import SAMPLE_SIZE
from tests.support.media_files import make

pytestmark = pytest.mark.usefixtures("prefect_server")

SAMPLES = {path.name: path for path in sample_recordings()}
LONG_AGO = time.time() - 86_400
A_DOLLAR_A_MINUTE = {
    "engines": {
        "whisper": {
            "models": {"": {"usd_per_minute": "1", "as_of": "2026-01-01", "source": "this test"}}
        }
    }
}


@pytest.fixture(autouse=True)
def prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine that runs anywhere costs a dollar a minute."""
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(A_DOLLAR_A_MINUTE))
    monkeypatch.setenv("STENOFLOW_PRICES", str(file))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    make(folder / "brief.mp4", "-t", "6", "-i", SAMPLES["briefing.mp4"])
    shutil.copyfile(SAMPLES["quiet-room.ogg"], folder / "quiet.ogg")
    for path in folder.iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "transcripts"


@pytest.fixture
async def run_of(source: Path, destination: Path) -> Any:
    """Makes runs of a deployment of the sweep, as a schedule does."""
    async with get_client() as client:
        deployment = await client.create_deployment(
            flow_id=await client.create_flow(ingest),
            name="hourly",
            entrypoint="stenoflow.flows.ingest.ingest",
            parameters={"approve_above_usd": "0.01"},
        )

        async def make(**options: Any) -> FlowRun:
            places = {"source": str(source), "destination": str(destination)}
            return await client.create_flow_run_from_deployment(
                deployment, parameters={**places, **options}
            )

        yield make


async def execute(run: FlowRun) -> State[Any]:
    """Run it from the top until it ends or is suspended, as a worker's process does."""
    async with get_client() as client:
        fresh = await client.read_flow_run(run.id)
        running: Any = run_flow(ingest, flow_run=fresh, return_type="state")
        with suppress(Pause):
            return await running
        suspended = await client.read_flow_run(run.id)
    assert suspended.state is not None
    return suspended.state


async def answer(run: FlowRun, decision: str) -> None:
    await resume_flow_run(run.id, run_input={"decision": decision})


async def question(client: PrefectClient, run: FlowRun, part: str) -> Any:
    suspended = await client.read_flow_run(run.id)
    assert suspended.state and suspended.state.state_details.run_input_keyset
    key = suspended.state.state_details.run_input_keyset[part]
    return json.loads(await client.read_flow_run_input(run.id, key))


def bought(destination: Path) -> list[Path]:
    return list(destination.rglob("receipt.json"))


async def forecasts_shown(run: FlowRun) -> int:
    async with get_client() as client:
        shown = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["forecast"])),
            flow_run_filter=FlowRunFilter(id={"any_": [run.id]}),
        )
    return len(shown)


async def test_it_waits_and_says_what_it_will_cost(run_of: Any, destination: Path) -> None:
    run = await run_of()

    state = await execute(run)

    assert (state.type, state.name) == ("PAUSED", "Suspended")
    async with get_client() as client:
        asked = await question(client, run, "description")
        form = await question(client, run, "schema")
    assert "USD" in asked and "2 recordings" in asked and "whisper" in asked
    assert form["required"] == ["decision"]
    assert await forecasts_shown(run) == 1
    assert bought(destination) == []


async def test_approved_it_goes_on_without_asking_or_forecasting_again(
    run_of: Any, source: Path, destination: Path
) -> None:
    run = await run_of(limit=2)
    await execute(run)
    shutil.copyfile(source / "quiet.ogg", source / "a new.ogg")
    shutil.copyfile(source / "quiet.ogg", source / "zz beyond.ogg")
    os.utime(source / "zz beyond.ogg", (LONG_AGO, LONG_AGO))
    await answer(run, "approve")

    state = await execute(run)

    report = await state.aresult(raise_on_failure=False)
    assert isinstance(report, SweepReport)
    assert report.outcomes == {"published": 1, "no_speech": 1}
    assert report.statuses == {"new": 2, "too young": 1}
    assert await forecasts_shown(run) == 1
    assert len(bought(destination)) == 1


async def test_run_again_it_keeps_its_answer(run_of: Any) -> None:
    run = await run_of()
    await execute(run)
    await answer(run, "decline")
    await execute(run)
    async with get_client() as client:
        await client.set_flow_run_state(run.id, Scheduled(), force=True)

    assert (await execute(run)).name == "Declined"


async def test_it_spends_no_more_than_was_approved(
    run_of: Any, destination: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await run_of()
    await execute(run)
    dearer = json.dumps(A_DOLLAR_A_MINUTE).replace('"1"', '"3"')
    (tmp_path / "dearer.json").write_text(dearer)
    monkeypatch.setenv("STENOFLOW_PRICES", str(tmp_path / "dearer.json"))
    await answer(run, "approve")

    state = await execute(run)

    assert (state.type, state.name) == ("COMPLETED", "BudgetSpent")
    assert bought(destination) == []


async def test_declined_it_ends_and_buys_nothing(run_of: Any, destination: Path) -> None:
    run = await run_of()
    await execute(run)
    await answer(run, "decline")

    state = await execute(run)

    assert (state.type, state.name) == ("COMPLETED", "Declined")
    assert "nothing was bought" in (state.message or "")
    assert isinstance(await state.aresult(), SweepEstimate)
    assert bought(destination) == []


async def test_no_answer_is_no_approval(run_of: Any) -> None:
    run = await run_of()
    await execute(run)

    with pytest.raises(RuntimeError, match="decision"):
        await resume_flow_run(run.id, run_input={})


async def test_one_question_is_enough_for_a_schedule(run_of: Any) -> None:
    first, second, other = await run_of(), await run_of(), await run_of(limit=1)
    await execute(first)

    state = await execute(second)

    assert (state.type, state.name) == ("COMPLETED", "AlreadyAsked")
    assert str(first.id) in (state.message or "")
    assert await forecasts_shown(second) == 0
    assert (await execute(other)).name == "Suspended"


async def test_a_question_that_was_cancelled_can_be_asked_again(run_of: Any) -> None:
    run = await run_of()
    await execute(run)
    async with get_client() as client:
        await client.set_flow_run_state(run.id, Cancelled())
        await client.set_flow_run_state(run.id, Scheduled(), force=True)

    assert (await execute(run)).name == "Suspended"
    await answer(run, "decline")
    assert (await execute(run)).name == "Declined"


async def test_unasked_it_spends_no_more_than_the_limit(
    run_of: Any, source: Path, destination: Path, tmp_path: Path
) -> None:
    silence = tmp_path / "silence.wav"
    make(silence, "-f", "lavfi", "-i", "anullsrc=r=48000", "-t", "10")
    os.utime(silence, (LONG_AGO, LONG_AGO))
    # The larger a recording, the likelier it is drawn: of one type with the speech, only these are.
    for number in range(SAMPLE_SIZE):
        os.link(silence, source / f"silence {number}.mp4")

    run = await run_of()
    state = await execute(run)

    assert await forecasts_shown(run) == 1
    assert (state.type, state.name) == ("COMPLETED", "BudgetSpent")
    assert bought(destination) == []


@pytest.mark.parametrize("options", [{"approve_above_usd": 9}, {"budget_usd": "0.01"}])
async def test_what_cannot_cost_that_much_is_not_asked(run_of: Any, options: Any) -> None:
    state = await execute(await run_of(**options, limit=1))

    assert state.type == "COMPLETED"
    assert isinstance(await state.aresult(), SweepReport)


async def test_an_unknown_price_needs_approval(
    run_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "none.json").write_text('{"engines": {}}')
    monkeypatch.setenv("STENOFLOW_PRICES", str(tmp_path / "none.json"))

    assert (await execute(await run_of())).name == "Suspended"


async def test_a_run_that_cannot_wait_fails_with_a_sentence(
    source: Path, destination: Path
) -> None:
    run: Any = ingest(
        source=str(source), destination=str(destination), approve_above_usd=0, return_state=True
    )
    state = await run

    assert state.type == "FAILED"
    assert "approval" in state.message and "deployment" in state.message
    assert bought(destination) == []


async def test_each_process_of_a_run_is_another(run_of: Any, destination: Path) -> None:
    run = await run_of(profile=Profile(artifacts=("txt",)).model_dump(mode="json"))

    assert (await execute_in_a_process(run)).name == "Suspended"
    await answer(run, "approve")
    state = await execute_in_a_process(run)

    assert (state.type, state.name) == ("COMPLETED", "Completed")
    assert "1 published" in (state.message or "")
    assert len(bought(destination)) == 1


async def execute_in_a_process(run: FlowRun) -> State[Any]:
    """The command that Prefect's process worker starts for a flow run."""
    url = get_current_settings().api.url
    child = await create_subprocess_exec(
        *(sys.executable, "-m", "prefect.engine"),
        cwd=Path(__file__).resolve().parents[3],
        env={**os.environ, "PREFECT__FLOW_RUN_ID": str(run.id), "PREFECT_API_URL": str(url)},
    )
    await child.wait()
    async with get_client() as client:
        state = (await client.read_flow_run(UUID(str(run.id)))).state
    assert state is not None
    return state
