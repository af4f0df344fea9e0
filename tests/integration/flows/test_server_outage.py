"""A Prefect server that is away: at the start, for a while in the middle of a recording, or for good."""

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    get_current_settings,
    temporary_settings,
)

from stenoflow.catalog import Selection, SweepReport, scan
from stenoflow.deployments.samples import sample_recordings
from stenoflow.flows.ingest_worker import LOST_IN_A_ROW, run_batches
from stenoflow.flows.recording_runs import RecordingRuns
from stenoflow.flows.server_outage import Patience
from stenoflow.flows.sweep import Sweep, SweepParameters
from stenoflow.http.backoff import Backoff
from stenoflow.profile.model import Profile
from stenoflow.testing.deepgram.server import StandIn
from tests.support.gate import Gate, gate_before

SAMPLES = {path.name: path for path in sample_recordings()}
BRIEFLY = Backoff(first_s=0.05, longest_s=0.1)


@pytest.fixture
def gate(prefect_server: None) -> Generator[Gate]:
    """The tests' server behind a gate; Prefect's own client tries each request once."""
    with (
        gate_before(str(get_current_settings().api.url)) as gate,
        temporary_settings({PREFECT_API_URL: gate.url, PREFECT_CLIENT_MAX_RETRIES: 0}),
    ):
        yield gate
        gate.open()
        # Else these workers try to deliver what is left, for minutes, when the tests have ended.
        for worker in (EventsWorker, APILogWorker):
            worker.drain_all(timeout=30)


async def sweep(
    folder: Path, names: dict[str, str], profile: Profile, patience: Patience, gate: Gate, shut: Any
) -> SweepReport:
    """Run a batch of these recordings, copies of samples, after ``shut`` has been called."""
    for name, sample in names.items():
        (folder / "in").mkdir(exist_ok=True)
        shutil.copy(SAMPLES[sample], folder / "in" / name)

    @flow
    async def batch() -> SweepReport:
        parameters = SweepParameters(
            source=str(folder / "in"),
            destination=str(folder / "out"),
            profile=profile,
            credentials=None,
            selection=Selection(settle_s=0),
            at_once=2,
            batch_size=100,
            failure_ratio=1,
        )
        began = datetime.now(UTC) + timedelta(days=1)
        opened = await Sweep.open("run", parameters, began)
        found = scan(Event(), opened.catalog, batch_size=100)
        report = opened.new_report(found, began)
        shut()
        await run_batches(opened, found.batches, report, None, patience)
        gate.open()
        return report

    return await batch()


async def test_recordings_wait_for_a_server_that_restarts(tmp_path: Path, gate: Gate) -> None:
    names = {f"{number}.ogg": "quiet-room.ogg" for number in range(3)}
    report = await sweep(
        tmp_path,
        names,
        Profile(),
        Patience(BRIEFLY, pauses_s=60),
        gate,
        lambda: gate.shut(attempts=20),
    )
    assert gate.turned_away == 20
    assert report.outcomes == {"no_speech": 3}
    assert report.stopped is None


async def test_what_was_bought_while_the_server_was_away_is_bought_once(
    tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn() as standin, ThreadPoolExecutor(1) as thread:
        monkeypatch.setenv("DEEPGRAM_API_KEY", standin.key)
        monkeypatch.setenv("DEEPGRAM_BASE_URL", standin.url)

        def shut_at_the_first_request() -> None:
            standin.wait_for(lambda: bool(standin.requests))
            gate.shut(attempts=10)

        report = await sweep(
            tmp_path,
            {"briefing.mp4": "briefing.mp4"},
            Profile(engine="deepgram"),
            Patience(BRIEFLY, pauses_s=60),
            gate,
            lambda: thread.submit(shut_at_the_first_request),
        )
        assert gate.turned_away == 10
        assert report.outcomes == {"published": 1}
        assert len(standin.bill.charges) == len(standin.requests) == 1


async def test_a_sweep_does_not_start_while_the_server_does_not_come_back(
    tmp_path: Path, gate: Gate
) -> None:
    names = {f"{number}.ogg": "quiet-room.ogg" for number in range(3)}
    report = await sweep(
        tmp_path, names, Profile(), Patience(BRIEFLY, pauses_s=0.2), gate, gate.shut
    )
    assert (report.outcomes, report.not_started) == ({}, 3)
    assert report.stopped
    assert "the Prefect server did not take the flow run" in report.stopped
    assert not (tmp_path / "out" / "_stenoflow" / "manifests").exists()


async def test_a_sweep_stops_at_a_server_that_does_not_come_back(
    tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = RecordingRuns.end

    async def shut_after(runs: RecordingRuns, run: UUID, state: State[Any]) -> None:
        await end(runs, run, state)
        gate.shut()

    monkeypatch.setattr(RecordingRuns, "end", shut_after)
    names = {f"{number:02}.ogg": "quiet-room.ogg" for number in range(3 * LOST_IN_A_ROW)}
    report = await sweep(
        tmp_path, names, Profile(), Patience(BRIEFLY, pauses_s=0.2), gate, lambda: None
    )
    assert 1 <= report.outcomes["no_speech"] <= 2, "one was under way"
    # The one that was under way may end well in the middle of the others' row, and begin a new one.
    assert LOST_IN_A_ROW <= report.outcomes["gave_up"] <= 2 * LOST_IN_A_ROW
    assert report.not_started > 0
    assert sum(report.outcomes.values()) + report.not_started == len(names)
    assert report.stopped
    assert "the Prefect server did not take the flow run" in report.stopped


@pytest.mark.parametrize(
    "command",
    [
        ("transcribe", str(SAMPLES["quiet-room.ogg"]), "--to", "out"),
        ("submit", "quiet-room.ogg"),
        ("status", "quiet-room.ogg"),
        ("deploy",),
        ("relay", "--source", "s3://calls", "--listen", "127.0.0.1:0"),
    ],
    ids=lambda command: command[0],
)
def test_a_server_that_is_away_at_the_start_is_named_in_a_sentence(
    command: tuple[str, ...], tmp_path: Path, gate: Gate
) -> None:
    gate.shut()
    done = subprocess.run(
        [sys.executable, "-m", "stenoflow", *command],
        cwd=tmp_path,
        env=os.environ
        | {
            "PREFECT_API_URL": gate.url,
            "PREFECT_CLIENT_MAX_RETRIES": "0",
            "STENOFLOW_RELAY_TOKEN": "long enough for a secret",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert f"{gate.url} does not answer" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
