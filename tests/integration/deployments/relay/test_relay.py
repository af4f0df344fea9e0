"""An upload becomes one run of the deployment, however often and in whatever order it is told of."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

import httpx
import pytest
import yaml
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.events import DeploymentEventTrigger
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings
from prefect.utilities.callables import parameter_schema

from stenoflow.deployments.deploy import FILE
from stenoflow.deployments.relay.relay import Relay, Source, event_of
from stenoflow.deployments.relay.s3_events import Upload, read_notification
from stenoflow.deployments.server.client import server_client
from stenoflow.errors import BadNotification, PrefectUnavailable
from stenoflow.flows.transcribe import transcribe
from tests.integration.deployments.relay.test_s3_events import notification, record

pytestmark = pytest.mark.usefixtures("prefect_server")

STENOFLOW = Path(sys.executable).with_name("stenoflow")
SECRET = "a secret of the tests"
HOSTILE = "calls/{{ event.id }} 'a' \"b\" & <c>+%2F ü\u2028{% raw %}.mp3"


def told(key: str, *, sequencer: str = "01", bucket: str = "recordings", **changes: Any) -> str:
    """A notification by Amazon S3 of one upload."""
    written = {
        "key": quote_plus(key, safe="/"),
        "size": 9,
        "eTag": f"etag{sequencer}",
        "sequencer": sequencer,
    }
    return notification(record("", s3={"bucket": {"name": bucket}, "object": written}, **changes))


@pytest.fixture
async def prefect() -> AsyncGenerator[PrefectClient]:
    async with get_client() as client:
        yield client


@pytest.fixture
async def deployed(prefect: PrefectClient) -> AsyncGenerator[UUID]:
    """The deployment `transcribe/api`, of this test alone, with the trigger that is shipped."""
    shipped = yaml.safe_load(FILE.read_text())["deployments"]
    (api,) = (
        each for each in shipped if each["entrypoint"] == "stenoflow.flows.transcribe.transcribe"
    )
    deployment = await prefect.create_deployment(
        await prefect.create_flow(transcribe),
        api["name"],
        parameters=api["parameters"],
        parameter_openapi_schema=parameter_schema(transcribe).model_dump(),
        enforce_parameter_schema=True,
    )
    (shipped_trigger,) = api["triggers"]
    trigger = DeploymentEventTrigger.model_validate(shipped_trigger | {"name": "uploads"})
    trigger.set_deployment_id(deployment)
    automation = await prefect.create_automation(trigger.as_automation())
    yield deployment
    await prefect.delete_automation(automation)
    await prefect.delete_deployment(deployment)


@pytest.fixture
async def relay() -> AsyncGenerator[Relay]:
    async with server_client() as client:
        yield Relay([await Source.open("s3://recordings")], client)


async def runs_on(client: PrefectClient, deployment: UUID, *keys: str) -> list[FlowRun]:
    """The deployment's runs, once there are runs on these keys, some perhaps more than once."""
    while True:
        runs = await client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
        )
        if Counter(keys) <= Counter(run.parameters["key"] for run in runs):
            return runs
        await asyncio.sleep(0.1)


async def test_the_shipped_trigger_runs_the_deployment_once_for_each_upload(
    prefect: PrefectClient, deployed: UUID, relay: Relay
) -> None:
    late = told("late.mp3", sequencer="02", eventTime="2026-11-24T03:00:00Z")
    for body in (told(HOSTILE), late, told(HOSTILE), late):
        assert await relay.take(body) == 1
    await runs_on(prefect, deployed, HOSTILE, "late.mp3")
    await relay.take(told("last.mp3"))
    runs = await runs_on(prefect, deployed, "last.mp3")
    keys = [HOSTILE, "late.mp3", "last.mp3"]
    assert sorted(run.parameters["key"] for run in runs) == sorted(keys)
    assert {run.parameters["source"] for run in runs} == {"s3://recordings"}
    assert {run.parameters["destination"] for run in runs} == {"object-store/transcripts"}


async def test_a_recording_that_is_replaced_runs_again(
    prefect: PrefectClient, deployed: UUID, relay: Relay
) -> None:
    for sequencer in ("11", "12", "11"):
        await relay.take(told("replaced.mp3", sequencer=sequencer))
    await runs_on(prefect, deployed, "replaced.mp3", "replaced.mp3")
    await relay.take(told("after.mp3", sequencer="13"))
    runs = await runs_on(prefect, deployed, "after.mp3")
    keys = ["after.mp3", "replaced.mp3", "replaced.mp3"]
    assert sorted(run.parameters["key"] for run in runs) == keys


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        ("recordings", "notes.txt"),
        ("recordings", "call.mp3/transcript.json"),
        ("recordings", "_stenoflow/manifests/call.mp3!/0-1.json"),
        ("recordings", "folder.mp3/"),
        ("recordings", "with \0.mp3"),
        ("transcripts", "call.mp3"),
    ],
)
async def test_what_is_no_recording_of_the_source_sets_nothing_going(
    relay: Relay, bucket: str, key: str
) -> None:
    assert await relay.take(told(key, bucket=bucket)) == 0


async def test_a_key_is_that_within_its_source_the_innermost_one(prefect: PrefectClient) -> None:
    posted: list[dict[str, Any]] = []

    class Overheard(Relay):
        async def _post(self, events: Any) -> None:
            posted.extend(events)

    sources = [await Source.open(each) for each in ("s3://recordings", "s3://recordings/a")]
    relay = Overheard(sources, prefect)
    for key in ("a/b.mp3", "ab.mp3", "a.mp3"):
        await relay.take(told(key))
    assert [(each["payload"]["source"], each["payload"]["key"]) for each in posted] == [
        ("s3://recordings/a", "b.mp3"),
        ("s3://recordings", "ab.mp3"),
        ("s3://recordings", "a.mp3"),
    ]


def upload(**changes: Any) -> Upload:
    (told_of,) = read_notification(told("a.mp3", **changes)).uploads
    return told_of


def test_an_event_is_the_same_for_the_same_upload_and_for_no_other() -> None:
    source = Source("s3://recordings", "recordings", "")
    first = event_of(upload(), source, "a.mp3")
    again = event_of(upload(eventName="s3:ObjectCreated:Copy"), source, "a.mp3")
    other = event_of(upload(sequencer="02"), source, "a.mp3")
    assert first == again
    assert first["id"] != other["id"]
    assert first["resource"]["prefect.resource.id"] == "stenoflow.recording.recordings/a.mp3@etag01"
    json.dumps(first)


async def test_a_notification_is_not_done_with_while_prefect_is_away() -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        async with get_client() as client:
            relay = Relay([await Source.open("s3://recordings")], client)
            with pytest.raises(PrefectUnavailable, match="Prefect does not answer"):
                await relay.take(told("a.mp3"))
            assert await relay.take(told("a.txt")) == 0


async def test_a_body_that_is_not_a_notification_differs_from_a_server_error(relay: Relay) -> None:
    with pytest.raises(BadNotification):
        await relay.take("hello")


async def test_what_prefect_will_never_take_is_not_sent_for_ever(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stenoflow.deployments.relay.relay.UPLOADED", "x" * 5000)
    with pytest.raises(BadNotification, match="Prefect refuses its events"):
        await relay.take(told("a.mp3"))


def command(*arguments: str, secret: str = SECRET) -> subprocess.Popen[str]:
    server = str(get_current_settings().api.url)
    return subprocess.Popen(
        [STENOFLOW, "relay", *arguments],
        env=os.environ | {"PREFECT_API_URL": server, "STENOFLOW_RELAY_TOKEN": secret},
        stderr=subprocess.PIPE,
        text=True,
    )


FORGED = "x\n2026-11-25 00:00:00,000 INFO uploaded: 'forged.mp3'\r\x1b[2J\u2028\u202e\x85"


def test_no_sender_forges_a_line_of_the_log() -> None:
    """Whatever a sender writes, each line of the log is one that the relay wrote."""
    bodies = [
        json.dumps({"Type": "SubscriptionConfirmation", "SubscribeURL": f"https://sns/{FORGED}"}),
        told(f"{FORGED}.mp3"),
        notification(record(f"%FF{FORGED}.mp3")),
        notification(record("a.mp3", eventTime=FORGED)),
        json.dumps({FORGED: FORGED}),
    ]
    with command("--source", "s3://recordings", "--listen", "127.0.0.1:0") as running:
        assert running.stderr
        listening = re.search(r"listening at (\S+)", running.stderr.readline())
        assert listening
        statuses = [
            httpx.post(listening[1], content=body, auth=("rgw", SECRET)).status_code
            for body in bodies
        ]
        running.terminate()
        log = running.stderr.read()
    assert statuses == [200, 200, 400, 400, 400]
    lines = log.splitlines()
    assert len(lines) == len(bodies)
    assert all(
        re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO|WARNING) ", each) for each in lines
    )
    assert all(each.isprintable() for each in lines)
    assert sum(bool(re.match(r"\S+ \S+ INFO uploaded: ", each)) for each in lines) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_relays_until_it_is_stopped(number: signal.Signals) -> None:
    with command("--source", "s3://recordings", "--listen", "127.0.0.1:0") as running:
        assert running.stderr
        listening = re.search(r"listening at (\S+)", running.stderr.readline())
        assert listening
        reply = httpx.post(listening[1], content=told("new.mp3"), auth=("rgw", SECRET))
        assert (reply.status_code, reply.json()) == (200, {"events": 1})
        running.send_signal(number)
        log = running.stderr.read()
    assert running.returncode == 0
    assert "new.mp3" in log
    assert SECRET not in log
    assert "Traceback" not in log
    with pytest.raises(httpx.ConnectError):
        httpx.post(listening[1])


@pytest.mark.parametrize(
    ("arguments", "secret", "said"),
    [
        (("--source", "s3://a", "--listen", "127.0.0.1:0"), "", "set STENOFLOW_RELAY_TOKEN"),
        (("--source", "s3://a", "--listen", "127.0.0.1:0"), "short", "of at least 16 characters"),
        (("--source", "s3://a", "--listen", "nowhere"), SECRET, "write HOST:PORT"),
        (("--source", "s3://a"), SECRET, "say where notifications come from"),
        (("--source", "s3://a", "--queue", "calls"), SECRET, "'calls' is not a queue"),
        (("--source", "/srv", "--listen", "127.0.0.1:0"), SECRET, "/srv is a folder"),
    ],
)
def test_it_does_not_start_without_secret_place_or_bucket(
    arguments: tuple[str, ...], secret: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from stenoflow.deployments.cli.app import app

    done = CliRunner(env={"STENOFLOW_RELAY_TOKEN": secret}).invoke(app, ["relay", *arguments])
    assert done.exit_code == 2
    assert said in done.stderr
