"""One command registers everything, and repeating it changes nothing that a person has set."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate, WorkPoolUpdate
from prefect.context import FlowRunContext
from prefect.events.schemas.automations import AutomationCore
from prefect.states import Crashed, Pending, Running
from typer.testing import CliRunner

from stenoflow.blocks.transcription_profile import TranscriptionProfile
from stenoflow.deployments.automations import FILE as AUTOMATIONS
from stenoflow.deployments.automations import automations
from stenoflow.deployments.cli.app import app
from stenoflow.deployments.deploy import FILE, POOL, deploy
from stenoflow.engines.base import EngineLimits
from stenoflow.flows.transcribe import lane_of_run
from stenoflow.profile.model import Profile
from stenoflow.tasks.limits.engine import concurrency_limit_name

pytestmark = pytest.mark.usefixtures("prefect_server")

MARK, RESCHEDULE = automations()
NO_HEARTBEAT = MARK.actions[0].model_dump()["message"]
RESCHEDULED = len(RESCHEDULE.trigger.model_dump()["match"]["prefect.run-count"])

DEPLOYMENTS = ("transcribe/api", "ingest/hourly", "ingest/batch", "forecast/manual")


async def registered() -> dict[str, Any]:
    """What the server knows, without the times at which it was told."""
    async with get_client() as client:
        deployments = [await client.read_deployment_by_name(name) for name in DEPLOYMENTS]
        automations = await client.read_automations()
        limits = await client.read_global_concurrency_limits()
        pool = await client.read_work_pool(POOL)
    return {
        "deployments": [
            (
                str(each.id),
                each.entrypoint,
                each.parameters,
                [(str(schedule.id), schedule.active) for schedule in each.schedules],
                each.concurrency_options and each.concurrency_options.collision_strategy,
            )
            for each in deployments
        ],
        "automations": sorted((each.name, each.enabled, len(each.actions)) for each in automations),
        "limits": sorted((each.name, each.limit) for each in limits if "stenoflow" in each.name),
        "pool": (pool.type, pool.concurrency_limit),
    }


async def change_what_a_person_may_set() -> None:
    async with get_client() as client:
        hourly = await client.read_deployment_by_name("ingest/hourly")
        await client.update_deployment_schedule(hourly.id, hourly.schedules[0].id, active=False)
        await client.update_global_concurrency_limit(
            concurrency_limit_name("deepgram"), GlobalConcurrencyLimitUpdate(limit=3)
        )
        await client.update_work_pool(POOL, WorkPoolUpdate(concurrency_limit=7))


def test_repeating_it_changes_nothing_that_a_person_has_set() -> None:
    deploy(quiet=True)
    asyncio.run(change_what_a_person_may_set())
    mine = Profile(engine="deepgram")
    TranscriptionProfile(profile=mine).save("default", overwrite=True)
    before = asyncio.run(registered())

    deploy(quiet=True)

    assert asyncio.run(registered()) == before
    assert before["pool"] == ("process", 7)
    assert (concurrency_limit_name("deepgram"), 3) in before["limits"]
    assert {name for name, *_ in before["automations"]} >= {MARK.name, RESCHEDULE.name}
    assert len(before["automations"]) == 3, "these two, and the trigger of transcribe/api"
    block = TranscriptionProfile.load("default")
    assert isinstance(block, TranscriptionProfile)
    assert block.profile == mine


async def test_what_somebody_waits_for_goes_before_sweeps() -> None:
    await asyncio.to_thread(deploy, quiet=True)
    async with get_client() as client:
        queues = {
            name: (await client.read_deployment_by_name(name)).work_queue_name
            for name in DEPLOYMENTS
        }
        found = await client.read_work_queues(work_pool_name=POOL)
    assert queues == {
        "transcribe/api": "urgent",
        "forecast/manual": "urgent",
        "ingest/hourly": "bulk",
        "ingest/batch": "bulk",
    }
    priorities = {each.name: each.priority for each in found}
    assert priorities["urgent"] < priorities["bulk"]


@pytest.mark.parametrize(("arguments", "queue"), [([], "urgent"), (["--priority=bulk"], "bulk")])
async def test_a_recording_is_submitted_to_the_queue_that_its_priority_names(
    arguments: list[str], queue: str
) -> None:
    await asyncio.to_thread(deploy, quiet=True)
    key = f"{queue}.mp3"
    command = ["submit", key, "--from", "/in", "--to", "/out", *arguments]
    done = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert done.exit_code == 0, done.output
    async with get_client() as client:
        run = await client.read_flow_run(UUID(done.stdout.split()[0]))
    assert run.work_queue_name == queue
    with FlowRunContext.model_construct(flow_run=run):
        assert lane_of_run() == queue


async def test_the_limits_of_an_engine_can_be_set_as_it_is_deployed() -> None:
    limits = {"deepgram": EngineLimits(open_requests=100, requests_per_s=40)}
    await asyncio.to_thread(deploy, quiet=True, limits=limits)
    async with get_client() as client:
        found = await client.read_global_concurrency_limits(limit=20, offset=0)
    assert {each.name: (each.limit, each.slot_decay_per_second) for each in found}.items() >= {
        "stenoflow-deepgram": (100, 0),
        "stenoflow-deepgram-rate": (40, 40),
        "stenoflow-deepgram-bulk": (80, 0),
        "stenoflow-deepgram-bulk-rate": (32, 32),
    }.items()


@pytest.mark.parametrize("limits", ["deepgram", "deepgram=1", "deepgram=0,1", "deepgram=1,inf"])
def test_limits_that_are_none_are_wrong_usage(limits: str) -> None:
    done = CliRunner().invoke(app, ["deploy", "--limits", limits])
    assert done.exit_code == 2
    assert "deepgram=100,40" in done.output


async def test_a_run_that_kills_every_machine_stays_crashed_in_the_end() -> None:
    await asyncio.to_thread(deploy, quiet=True)
    async with get_client() as client:
        deployment = await client.read_deployment_by_name("transcribe/api")

        async def begun() -> UUID:
            run = await client.create_flow_run_from_deployment(
                deployment.id, parameters={"key": "deadly.mp3"}, state=Pending()
            )
            return run.id

        async def dies(run: UUID) -> None:
            await client.set_flow_run_state(run, Running(), force=True)
            await client.set_flow_run_state(run, Crashed(message=NO_HEARTBEAT), force=True)

        async def is_scheduled(run: UUID) -> bool:
            state = (await client.read_flow_run(run)).state
            return state is not None and state.is_scheduled()

        async def revived(run: UUID) -> None:
            async with asyncio.timeout(60):
                while not await is_scheduled(run):
                    await asyncio.sleep(0.2)

        deadly, unlucky = await begun(), await begun()
        for _ in range(RESCHEDULED):
            await dies(deadly)
            await revived(deadly)
        await dies(deadly)
        # Events are looked at in their order: when this one's was, so was that one's.
        await dies(unlucky)
        await revived(unlucky)
        assert not await is_scheduled(deadly)


def test_the_file_of_automations_is_one_that_prefect_itself_creates_from() -> None:
    described = yaml.safe_load(AUTOMATIONS.read_text())["automations"]

    assert [AutomationCore.model_validate(each).name for each in described] == [
        MARK.name,
        RESCHEDULE.name,
    ]


@pytest.mark.parametrize(("given_s", "within_s"), [(None, 300), (45.0, 45)])
def test_runs_are_marked_as_crashed_after_the_time_that_is_given(
    given_s: float | None, within_s: float
) -> None:
    mark, reschedule = (each.trigger.model_dump()["within"] for each in automations(given_s))

    assert (mark, reschedule) == (timedelta(seconds=within_s), timedelta(0))


def test_flows_are_named_by_module_so_that_an_installed_wheel_runs_them() -> None:
    described = yaml.safe_load(FILE.read_text())

    assert described["pull"] == []
    for deployment in described["deployments"]:
        assert ":" not in deployment["entrypoint"]
        assert "/" not in deployment["entrypoint"]
