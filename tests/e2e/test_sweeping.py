"""A bucket is swept by a real server, worker and S3 server, whatever of them is killed meanwhile."""

import json
import os
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.harness.s3_server import S3Server
from stenoflow.catalog import SweepReport
from stenoflow.deployments.samples import sample_recordings
from stenoflow.manifest.keys import MANIFESTS
from stenoflow.manifest.model import Manifest, read_manifest
from stenoflow.storage import Store
from stenoflow.testing.deepgram.process import StandInProcess, standin_process
from tests.e2e.stack import AUTH, Stack, awaited, running_stack, save_blocks
from tests.support.corpus import recordings

pytestmark = pytest.mark.timeout(600)

SAMPLES = {path.name: path.read_bytes() for path in sample_recordings()}
SMALL = 200_000
CREDENTIALS = {"credentials": "deepgram-credentials/main"}
SOON = {"selection": {"settle_s": 0}, **CREDENTIALS}
LATENCY_S = 1.0
SOURCE = "object-store/recordings"


def another(name: str, number: int) -> bytes:
    """The sample in a file of its own: an ID3 tag that no other has, then the same sound."""
    note = f"{name} {number}".encode().ljust(64, b"\0")
    return b"ID3\x03\x00\x00" + bytes((0, 0, 0, len(note))) + note + SAMPLES[name]


@pytest.fixture(scope="module")
def standin() -> Generator[StandInProcess]:
    with standin_process("--latency", str(LATENCY_S)) as apart:
        yield apart


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="module")
def bucket(rgw: S3Server, stack: Stack, standin: StandInProcess) -> str:
    name = rgw.new_bucket()
    save_blocks(stack, rgw, name, standin)
    return name


@pytest.fixture(scope="module")
def source(rgw: S3Server, bucket: str) -> Store:
    return rgw.open(f"{bucket}/recordings")


@pytest.fixture(scope="module")
def destination(rgw: S3Server, bucket: str) -> Store:
    return rgw.open(f"{bucket}/transcripts")


def manifests(destination: Store, prefix: str) -> dict[str, Manifest]:
    """The manifests there are by now; one that is being replaced is gone for a moment."""
    found = (
        read_manifest(destination, info.key) for info in destination.list(f"{MANIFESTS}{prefix}")
    )
    return {each.source.key: each for each in found if each}


def report_of(destination: Store, run_id: str) -> SweepReport:
    (key,) = (
        each.key
        for each in destination.list("_stenoflow/sweeps/")
        if each.key.endswith(f"{run_id}.json")
    )
    return SweepReport.model_validate_json(destination.read(key))


def paid_more_than_known(standin: StandInProcess, found: dict[str, Manifest]) -> int:
    """Payments that no manifest tells of: neither as a purchase nor as one that may have been paid."""
    told = sum(1 + each.may_have_been_paid for one in found.values() for each in one.purchases)
    return len(standin.bill()) - told


def left_running(stack: Stack) -> list[str]:
    """Flow runs of recordings that no sweep has ended."""
    running = stack.runs(tags={"all_": ["in-sweep"]}, state={"type": {"any_": ["RUNNING"]}})
    return [each["name"] for each in running]


def put_some(source: Store, folder: str, count: int) -> None:
    for number in range(count):
        body = another("interview.mp3", hash_of(folder) + number)
        source.put(f"{folder}/{number:02}.mp3", body)


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode()) % 10_000 * 100


def test_who_has_no_password_gets_401(stack: Stack) -> None:
    for path in ("/flow_runs/filter", "/deployments/filter", "/block_documents/filter"):
        for auth in (None, ("admin", "guessed")):
            assert httpx.post(f"{stack.url}{path}", json={}, auth=auth).status_code == 401


def test_a_schedule_fires_and_every_recording_comes_to_its_outcome(
    stack: Stack, source: Store, destination: Store, standin: StandInProcess
) -> None:
    expected: dict[str, str] = {}
    speech = [each["path"].read_bytes() for each in recordings("speech")]
    speech = sorted(body for body in speech if len(body) < SMALL)[:8]
    bodies = [*speech, *(another("interview.mp3", number) for number in range(14 - len(speech)))]
    for number, body in enumerate(bodies):
        expected[f"calls/{number:02} über.mp3"] = "published"
        source.put(f"calls/{number:02} über.mp3", body)
    for number in range(3):
        expected[f"calls/quiet {number}.ogg"] = "no_speech"
        source.put(f"calls/quiet {number}.ogg", SAMPLES["quiet-room.ogg"])
        expected[f"calls/broken {number}.mp4"] = "rejected"
        source.put(f"calls/broken {number}.mp4", os.urandom(5000))

    deployment = stack.api("GET", "/deployments/name/ingest/hourly")
    soon = f"{datetime.now(UTC) + timedelta(seconds=20):%Y%m%dT%H%M%SZ}"
    (schedule,) = stack.api(
        "POST",
        f"/deployments/{deployment['id']}/schedules",
        [
            {
                "active": True,
                "parameters": {**SOON, "failure_ratio": 0.2},
                # A scheduler that looks too late leaves out what is past: it has five chances.
                "schedule": {"rrule": f"DTSTART:{soon}\nRRULE:FREQ=MINUTELY;COUNT=5"},
            }
        ],
    )
    sweep, *_ = awaited(
        lambda: [
            run
            for run in stack.runs(deployment_id={"any_": [deployment["id"]]})
            if run["state_type"] != "SCHEDULED"
        ]
    )
    stack.api("DELETE", f"/deployments/{deployment['id']}/schedules/{schedule['id']}")
    ended = stack.ended(sweep["id"])

    assert ended["state_type"] == "COMPLETED", ended["state"]
    found = manifests(destination, "calls/")
    assert {key: each.outcome for key, each in found.items()} == expected
    assert report_of(destination, sweep["id"]).outcomes == Counter(expected.values())
    runs = stack.runs(tags={"all_": [f"sweep:{sweep['id']}"]})
    assert {run["name"] for run in runs} == set(expected)
    assert paid_more_than_known(standin, found) == 0


def test_curl_asks_for_one_recording_and_asking_again_makes_no_second_run(
    stack: Stack, source: Store, destination: Store
) -> None:
    source.put("by curl/one.mp3", another("interview.mp3", 900))
    deployment = stack.api("GET", "/deployments/name/transcribe/api")["id"]
    body = {"parameters": {"key": "by curl/one.mp3", **CREDENTIALS}, "idempotency_key": "once"}

    answers = [
        json.loads(
            subprocess.run(
                ["curl", "-sS", "-u", AUTH, "-H", "content-type: application/json", "-d",
                 json.dumps(body), f"{stack.url}/deployments/{deployment}/create_flow_run"],
                capture_output=True,
                check=True,
            ).stdout
        )
        for _ in range(2)
    ]  # fmt: skip

    assert answers[0]["id"] == answers[1]["id"]
    assert stack.ended(answers[0]["id"])["state_type"] == "COMPLETED"
    assert manifests(destination, "by'20curl/")["by curl/one.mp3"].outcome == "published"


def test_a_run_cancelled_in_flight_leaves_nothing_and_the_next_sweep_does_it(
    stack: Stack, source: Store, destination: Store, tmp_path: Path
) -> None:
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "anoisesrc=d=3600:a=0.01:r=48000",
         "-c:a", "pcm_s16le", tmp_path / "hour.wav"],
        check=True,
    )  # fmt: skip
    source.put("cancelled/hour.wav", tmp_path / "hour.wav")
    run = stack.run_deployment("transcribe/api", {"key": "cancelled/hour.wav", **CREDENTIALS})
    awaited(lambda: any("ffmpeg" in name for name in stack.children("worker")))

    stack.api(
        "POST",
        f"/flow_runs/{run['id']}/set_state",
        {"state": {"type": "CANCELLING"}, "force": False},
    )

    assert stack.ended(run["id"])["state_type"] == "CANCELLED"
    awaited(lambda: not any("ffmpeg" in name for name in stack.children("worker")))
    assert not manifests(destination, "cancelled/")
    selection = {"settle_s": 0, "include": ["cancelled/*"]}
    again = stack.run_deployment("ingest/hourly", {**CREDENTIALS, "selection": selection})
    assert stack.ended(again["id"])["state_type"] == "COMPLETED"
    assert set(manifests(destination, "cancelled/")) == {"cancelled/hour.wav"}


def in_mid_sweep(
    stack: Stack, source: Store, destination: Store, folder: str, count: int = 10, **options: Any
) -> Callable[[], dict[str, Any]]:
    """Begin a sweep and return once one of its recordings is done; waits for its end."""
    put_some(source, folder, count)
    selection = {"settle_s": 0, "include": [f"{folder}/*"]}
    run = stack.run_deployment(
        "ingest/hourly", {**CREDENTIALS, "selection": selection, "at_once": 2, **options}
    )
    awaited(lambda: manifests(destination, f"{folder}/"))
    return lambda: stack.ended(run["id"])


def test_a_cancelled_sweep_takes_its_batches_along_and_the_next_one_does_them(
    stack: Stack, source: Store, destination: Store, standin: StandInProcess
) -> None:
    end = in_mid_sweep(stack, source, destination, "batches", 40, batch_size=8, at_once=1)
    (sweep,) = stack.runs(state={"type": {"any_": ["RUNNING"]}}, name={"any_": [SOURCE]})

    stack.api("POST", f"/flow_runs/{sweep['id']}/set_state", {"state": {"type": "CANCELLING"}})

    assert end()["state_type"] == "CANCELLED"
    batch = stack.api("GET", "/deployments/name/ingest/batch")["id"]
    shared = stack.runs(tags={"all_": [f"sweep:{sweep['id']}"]}, deployment_id={"any_": [batch]})
    assert len(shared) == 5
    ended = Counter(stack.ended(each["id"])["state_type"] for each in shared)
    assert set(ended) <= {"COMPLETED", "CANCELLED"}
    assert ended["CANCELLED"] > 0
    assert len(manifests(destination, "batches/")) < 40
    selection = {"settle_s": 0, "include": ["batches/*"]}
    again = stack.run_deployment(
        "ingest/hourly", {**CREDENTIALS, "selection": selection, "at_once": 8}
    )
    assert stack.ended(again["id"])["state_type"] == "COMPLETED"
    assert len(manifests(destination, "batches/")) == 40
    awaited(lambda: not left_running(stack))
    assert paid_more_than_known(standin, manifests(destination, "")) == 0


def test_the_server_is_killed_in_mid_sweep_and_started_again(
    stack: Stack, source: Store, destination: Store, standin: StandInProcess
) -> None:
    end = in_mid_sweep(stack, source, destination, "server")

    stack.kill("server")
    stack.start_server()

    ended = end()
    assert ended["state_type"] == "COMPLETED", ended["state"]
    found = manifests(destination, "server/")
    assert Counter(each.outcome for each in found.values()) == {"published": 10}
    assert paid_more_than_known(standin, manifests(destination, "")) == 0


def test_worker_and_flows_are_killed_in_mid_sweep_and_another_worker_finishes_it(
    stack: Stack, source: Store, destination: Store, standin: StandInProcess
) -> None:
    end = in_mid_sweep(stack, source, destination, "worker", batch_size=5)

    stack.kill("worker")
    assert len(manifests(destination, "worker/")) < 10
    stack.start_worker()
    awaited(lambda: len(manifests(destination, "worker/")) == 10)

    ended = end()
    assert ended["state_type"] == "COMPLETED", ended["state"]
    found = manifests(destination, "worker/")
    assert Counter(each.outcome for each in found.values()) == {"published": 10}
    awaited(lambda: not left_running(stack))
    assert paid_more_than_known(standin, manifests(destination, "")) == 0


def test_a_recording_of_a_sweep_is_run_again_from_its_flow_run(
    stack: Stack, source: Store, destination: Store, standin: StandInProcess
) -> None:
    end = in_mid_sweep(stack, source, destination, "again", 1)
    sweep = end()
    (run,) = stack.runs(tags={"all_": [f"sweep:{sweep['id']}"]})
    (key,) = (each.key for each in destination.list(f"{MANIFESTS}again/"))
    destination.delete(key)

    state = {"type": "SCHEDULED", "name": "AwaitingRetry"}
    stack.api("POST", f"/flow_runs/{run['id']}/set_state", {"state": state, "force": True})

    awaited(lambda: manifests(destination, "again/"))
    assert stack.ended(run["id"])["state_type"] == "COMPLETED"
    assert stack.run(run["id"])["run_count"] == 2
    assert paid_more_than_known(standin, manifests(destination, "")) == 0


def test_nothing_that_was_stored_or_logged_holds_a_secret(
    stack: Stack, rgw: S3Server, standin: StandInProcess, destination: Store
) -> None:
    secrets = [standin.key, rgw.secret_access_key, AUTH.partition(":")[2]]
    database = sqlite3.connect(f"file:{stack.folder / 'prefect.db'}?mode=ro", uri=True)
    tables = [
        name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
    ]
    stored = {
        f"table {table}": repr(database.execute(f'SELECT * FROM "{table}"').fetchall())
        for table in tables
    }
    database.close()
    for each in stack.folder.rglob("*"):
        if each.is_file() and not each.name.startswith("prefect.db"):
            stored[str(each)] = each.read_text(errors="replace")
    for info in destination.list():
        stored[info.key] = destination.read(info.key).decode(errors="replace")

    assert "transcribe" in stored["table flow"]
    assert "published" in stored["table artifact"]
    assert [
        (where, secret) for where, text in stored.items() for secret in secrets if secret in text
    ] == []
