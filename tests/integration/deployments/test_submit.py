"""What is submitted is run once, and every run on a recording is found again."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings
from prefect.states import Cancelled, Completed, Failed, Running
from prefect.utilities.callables import parameter_schema
from rich.console import Console
from typer.testing import CliRunner, Result

from stenoflow.deployments.cli.app import app
from stenoflow.deployments.cli.submit import submit as submit_here
from stenoflow.deployments.samples import sample_recordings
from stenoflow.flows.recording_runs import SWEPT
from stenoflow.flows.transcribe import LONGEST_NAME, transcribe

pytestmark = pytest.mark.usefixtures("prefect_server")

SAMPLES = {path.name: path for path in sample_recordings()}


@dataclass(frozen=True)
class Printed:
    """What a submission prints of one recording."""

    run: UUID
    key: str
    url: str


async def stenoflow(*arguments: str | Path) -> Result:
    """The command, run beside the test's event loop."""
    return await asyncio.to_thread(
        CliRunner(env={"COLUMNS": "200", "PREFECT_LOGGING_LEVEL": "ERROR"}).invoke,
        app,
        [str(each) for each in arguments],
    )


async def submit(*arguments: str | Path) -> list[Printed]:
    done = await stenoflow("submit", *arguments)
    assert done.exit_code == 0, done.output
    lines = [line.split("  ") for line in done.stdout.splitlines()]
    return [Printed(UUID(run), key, url) for run, key, url in lines]


async def status(*arguments: str | Path) -> dict[str, Any]:
    return json.loads((await stenoflow("status", *arguments, "--json")).stdout)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What submissions in this process print."""
    heard = StringIO()
    monkeypatch.setattr(
        "stenoflow.deployments.cli.submit.console", Console(file=heard, soft_wrap=True)
    )
    return heard


async def read(run: UUID) -> FlowRun:
    async with get_client() as client:
        return await client.read_flow_run(run)


async def end(run: UUID, state: State[Any]) -> None:
    async with get_client() as client:
        await client.set_flow_run_state(run, state, force=True)


@pytest.fixture(scope="module")
async def deployed(prefect_server: None) -> AsyncGenerator[UUID]:
    """The deployment `transcribe/api`, without a worker. Each test has keys of its own."""
    async with get_client() as client:
        deployment = await client.create_deployment(
            await client.create_flow(transcribe),
            "api",
            parameters={"source": "s3://recordings", "destination": "s3://transcripts"},
            parameter_openapi_schema=parameter_schema(transcribe).model_dump(),
            enforce_parameter_schema=True,
        )
        yield deployment
        await client.delete_deployment(deployment)


async def test_a_server_without_the_deployment_is_reported_with_the_command_that_makes_it(
    prefect_server: None,
) -> None:
    done = await stenoflow("submit", "a.mp3")
    assert done.exit_code == 2
    assert "run `stenoflow deploy`" in done.stderr


async def test_the_run_of_a_sweep_whose_process_may_be_dead_is_not_waited_for(
    deployed: UUID,
) -> None:
    (first,) = await submit("swept.mp3")
    await end(first.run, Running())
    async with get_client() as client:
        await client.update_flow_run(first.run, tags=[SWEPT])
    (second,) = await submit("swept.mp3")
    assert second.run != first.run


async def test_each_recording_becomes_a_run_of_the_deployment_under_its_own_name(
    deployed: UUID,
) -> None:
    first, second = await submit("a/one.mp3", "a/two [x].mp3", "--to", "s3://elsewhere")
    run = await read(second.run)
    assert (first.key, second.key) == ("a/one.mp3", "a/two [x].mp3")
    assert (run.deployment_id, run.name) == (deployed, "a/two [x].mp3")
    assert run.parameters == {
        "key": "a/two [x].mp3",
        "source": "s3://recordings",
        "destination": "s3://elsewhere",
    }
    assert str(second.run) in second.url


async def test_a_url_names_the_store_of_the_recording(deployed: UUID) -> None:
    (printed,) = await submit("s3://calls/2026/a b.mp3")
    parameters = (await read(printed.run)).parameters
    assert (parameters["source"], parameters["key"]) == ("s3://calls", "2026/a b.mp3")


async def test_asking_again_while_a_run_is_under_way_names_that_run(deployed: UUID) -> None:
    (first,) = await submit("again.mp3")
    assert await submit("again.mp3") == [first]
    await end(first.run, Running())
    assert await submit("again.mp3") == [first]


async def test_sigterm_ends_the_wait_and_the_run_goes_on() -> None:
    command = [sys.executable, "-m", "stenoflow", "submit", "long.mp3", "--wait"]
    address = {"PREFECT_API_URL": str(get_current_settings().api.url)}
    waiting = await asyncio.create_subprocess_exec(
        *command, stdout=PIPE, stderr=PIPE, env=os.environ | address
    )
    assert waiting.stdout
    run = UUID((await waiting.stdout.readline()).decode().split()[0])
    waiting.terminate()
    assert await waiting.communicate() == (b"", b"")
    assert waiting.returncode == 143
    state = (await read(run)).state
    assert state
    assert not state.is_final()


async def test_a_run_that_somebody_else_has_made_counts_too(deployed: UUID) -> None:
    async with get_client() as client:
        run = await client.create_flow_run_from_deployment(
            deployed, parameters={"key": "theirs.mp3"}, name="theirs.mp3"
        )
    (printed,) = await submit("theirs.mp3")
    assert printed.run == run.id


@pytest.mark.parametrize(
    "over", [Failed(), Completed(), Completed(name="NoSpeech"), Cancelled()], ids=lambda s: s.name
)
async def test_asking_again_after_its_end_makes_one_more(deployed: UUID, over: State[Any]) -> None:
    key = f"{over.name}.mp3"
    (first,) = await submit(key)
    await end(first.run, over)
    (second,) = await submit(key)
    assert second.run != first.run
    assert await submit(key) == [second]


async def test_those_who_ask_at_the_same_moment_get_one_run(deployed: UUID, said: StringIO) -> None:
    asking = (asyncio.to_thread(submit_here, ["at once.mp3"]) for _ in range(4))
    assert await asyncio.gather(*asking) == [True] * 4
    assert len({line.split()[0] for line in said.getvalue().splitlines()}) == 1


async def test_other_parameters_make_another_run(deployed: UUID, tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text('engine = "deepgram"\n')
    wishes = [(), ("--to", "s3://x"), ("--force",), ("--profile", str(profile))]
    runs = [await submit("wishes.mp3", *wish) for wish in wishes]
    assert len({printed.run for (printed,) in runs}) == len(wishes)
    assert (await read(runs[-1][0].run)).parameters["profile"]["engine"] == "deepgram"


async def printed(said: StringIO, word: str) -> None:
    """Once a command in another thread has printed it."""
    while word not in said.getvalue():
        await asyncio.sleep(0.05)


async def test_waiting_prints_each_end_and_returns_whether_all_completed(
    deployed: UUID, said: StringIO
) -> None:
    waiting = asyncio.create_task(
        asyncio.to_thread(submit_here, ["good.mp3", "bad.mp3"], wait=True)
    )
    await printed(said, "bad.mp3")
    good, bad = (UUID(line.split()[0]) for line in said.getvalue().splitlines())
    await end(good, Completed(name="NoSpeech", message="Nobody speaks."))
    await printed(said, "NoSpeech")
    await end(bad, Failed(name="Rejected", message="bad.mp3 is no recording."))
    assert await waiting is False
    assert said.getvalue().splitlines()[2:] == [
        "good.mp3  NoSpeech: Nobody speaks.",
        "bad.mp3  Rejected: bad.mp3 is no recording.",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("s3://calls/a.mp3", "--from", "s3://other"), "leave --from away"),
        (("a.mp3", "a.mp3"), "both be published under a.mp3"),
        (("a.mp3", "--profile", "/nowhere.toml"), "/nowhere.toml"),
        (("gopher://calls/a.mp3",), "gopher://"),
    ],
)
async def test_wrong_usage_is_refused_before_any_run_is_made(
    deployed: UUID, arguments: tuple[str, ...], sentence: str
) -> None:
    done = await stenoflow("submit", *arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert (await status("a.mp3"))["runs"] == []


@pytest.mark.parametrize("command", ["submit", "status"])
async def test_a_server_that_does_not_answer_is_named(command: str) -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        done = await stenoflow(command, "a.mp3")
    assert done.exit_code == 1
    assert "http://127.0.0.1:9/api does not answer" in done.stderr


async def test_nothing_known_is_one_clear_sentence() -> None:
    done = await stenoflow("status", "never heard of.mp3")
    assert done.exit_code == 1
    assert done.stdout == "There is no run on never heard of.mp3 at this server.\n"


async def test_runs_are_printed_newest_first_with_state_and_reason(deployed: UUID) -> None:
    (first,) = await submit("twice.mp3")
    await end(first.run, Failed(message="The store did not answer."))
    (second,) = await submit("twice.mp3")
    told = await status("twice.mp3")
    assert [run["flow_run"] for run in told["runs"]] == [str(second.run), str(first.run)]
    assert [run["state"] for run in told["runs"]] == ["Scheduled", "Failed"]
    assert told["runs"][1]["reason"] == "The store did not answer."
    table = (await stenoflow("status", "twice.mp3")).stdout
    assert table.index(str(second.run)) < table.index(str(first.run))
    assert f"{str(first.run)[:8]}: The store did not answer." in table


async def test_a_run_that_waits_is_found_whatever_its_name(deployed: UUID) -> None:
    async with get_client() as client:
        run = await client.create_flow_run_from_deployment(
            deployed, parameters={"key": "event.mp3"}, name="brave-otter"
        )
    (told,) = (await status("event.mp3"))["runs"]
    assert (told["flow_run"], told["state"]) == (str(run.id), "Scheduled")


async def test_keys_too_long_for_a_name_stay_distinct(deployed: UUID) -> None:
    end_of_key = "x" * LONGEST_NAME + ".mp3"
    (ours,) = await submit(f"ours/{end_of_key}")
    await submit(f"theirs/{end_of_key}")
    told = (await status(f"ours/{end_of_key}"))["runs"]
    assert [run["flow_run"] for run in told] == [str(ours.run)]


async def test_a_url_finds_the_runs_of_any_store_that_holds_it(deployed: UUID) -> None:
    (deep,) = await submit("b/c.mp3", "--from", "s3://calls/a")
    (whole,) = await submit("s3://calls/a/b/c.mp3", "--to", "s3://elsewhere")
    await submit("b/c.mp3", "--from", "s3://other/a")
    told = (await status("s3://calls/a/b/c.mp3"))["runs"]
    assert {run["flow_run"] for run in told} == {str(deep.run), str(whole.run)}


async def test_what_it_cost_is_read_from_the_manifest(tmp_path: Path) -> None:
    run = transcribe(
        key="briefing.mp4", source=str(SAMPLES["briefing.mp4"].parent), destination=str(tmp_path)
    )
    await cast("Awaitable[Any]", run)
    told = await status("briefing.mp4", "--to", tmp_path)
    assert told["runs"][0]["state"] == "Completed"
    assert told["runs"][0]["flow_run"] == told["manifest"]["flow_run"]
    assert told["runs"][0]["took_s"] > 0
    done = await stenoflow("status", "briefing.mp4", "--to", tmp_path)
    assert done.exit_code == 0
    assert "Published at" in done.stdout
    assert "paid for" in done.stdout
    assert "Results:" in done.stdout


async def test_an_unfinished_recording_is_shown_as_unfinished(
    deployed: UUID, tmp_path: Path
) -> None:
    await submit("unfinished.mp3")
    (tmp_path / "results").mkdir()
    done = await stenoflow("status", "unfinished.mp3", "--to", tmp_path / "results")
    assert done.exit_code == 0
    assert "It is not finished in" in done.stdout
