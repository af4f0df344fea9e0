"""A sweep does what is not done yet, once, and lets no recording fail another."""

import asyncio
import os
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterTags,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun, State
from prefect.logging.handlers import APILogWorker
from prefect.states import Cancelled, Running

from stenoflow.catalog import Selection, SweepReport
from stenoflow.deployments.samples import sample_recordings
from stenoflow.flows.ingest import ingest
from stenoflow.flows.ingest_batches import cancel_with_sweep
from stenoflow.flows.transcribe import transcribe
from stenoflow.profile.model import Profile
from stenoflow.tasks.sweep_report import report_table

pytestmark = pytest.mark.usefixtures("prefect_server")

SAMPLES = {path.name: path for path in sample_recordings()}
LONG_AGO = time.time() - 86_400


def add(source: Path, key: str, content: Path | bytes) -> None:
    """A recording that was uploaded yesterday."""
    path = source / key
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        shutil.copyfile(content, path)
    os.utime(path, (LONG_AGO, LONG_AGO))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    add(folder, "a/quiet.ogg", SAMPLES["quiet-room.ogg"])
    add(folder, "b/broken.mp3", b"this is no recording" * 100)
    add(folder, "c/quiet again.ogg", SAMPLES["quiet-room.ogg"])
    add(folder, "d/notes.txt", b"not asked for")
    return folder


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "transcripts"


async def sweep(source: Path, destination: Path, **options: Any) -> tuple[State[Any], SweepReport]:
    run: Any = ingest(
        source=str(source), destination=str(destination), return_state=True, **options
    )
    state = await run
    report = await state.aresult(raise_on_failure=False)
    assert isinstance(report, SweepReport), report
    return state, report


async def runs_of(sweep_run: str) -> list[FlowRun]:
    """The flow runs of a sweep's recordings."""
    async with get_client() as client:
        tags = FlowRunFilterTags(all_=[f"sweep:{sweep_run}"])
        return await client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=tags))


async def task_runs_of(sweep_run: str) -> Counter[str]:
    """How many task runs of each name the flow runs of a sweep's recordings have."""
    of_runs = FlowRunFilterId(any_=[run.id for run in await runs_of(sweep_run)])
    async with get_client() as client:
        found = await client.read_task_runs(flow_run_filter=FlowRunFilter(id=of_runs))
    return Counter(each.name.rpartition("-")[0] for each in found)


async def test_each_recording_ends_in_one_outcome_and_none_fails_another(
    source: Path, destination: Path
) -> None:
    state, report = await sweep(source, destination, failure_ratio=0.5)

    assert state.type == "COMPLETED"
    assert report.outcomes == {"no_speech": 2, "rejected": 1}
    assert report.statuses == {"new": 3, "filtered": 1}
    (group,) = report.failures.values()
    assert (group.error, group.recordings) == ("BadMedia", ["b/broken.mp3"])


async def test_each_recording_is_a_flow_run_found_by_name_tag_and_state(
    source: Path, destination: Path
) -> None:
    _, report = await sweep(source, destination)

    runs = await runs_of(report.run)
    assert {(run.name, run.state_name) for run in runs} == {
        ("a/quiet.ogg", "NoSpeech"),
        ("b/broken.mp3", "Rejected"),
        ("c/quiet again.ogg", "NoSpeech"),
    }
    for run in runs:
        assert run.parameters["key"] == run.name
        assert run.parameters["source"] == str(source)
        assert run.start_time and run.end_time


async def test_recordings_leave_task_runs_only_if_the_sweep_is_to_show_each_step(
    source: Path, destination: Path, tmp_path: Path
) -> None:
    _, without = await sweep(source, destination)
    _, shown = await sweep(source, tmp_path / "again", task_runs=True)

    assert await task_runs_of(without.run) == Counter()
    assert await task_runs_of(shown.run) == Counter(
        {"fetch": 3, "convert": 3, "segment": 2, "publish": 3}
    )


async def test_the_log_of_a_recording_is_that_of_its_flow_run(
    source: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def defective(*arguments: Any, **options: Any) -> Any:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("stenoflow.flows.ingest_worker.transcribe_recording", defective)

    _, report = await sweep(source, destination, failure_ratio=1)

    assert report.outcomes == {"gave_up": 3}
    await asyncio.to_thread(APILogWorker.drain_all, timeout=30)
    async with get_client() as client:
        for run in await runs_of(report.run):
            of_run = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id]))
            (log,) = await client.read_logs(of_run)
            assert f"{run.name!r} failed" in log.message
            assert "ZeroDivisionError" in log.message


async def test_a_sweep_settles_what_another_one_left_running(
    source: Path, destination: Path
) -> None:
    """Its process was killed after it had published one recording, and in the middle of another."""
    _, dead = await sweep(source, destination, limit=1)
    async with get_client() as client:
        (done,) = await runs_of(dead.run)
        for name in ("a/quiet.ogg", "c/quiet again.ogg"):
            await client.create_flow_run(
                transcribe,
                name=name,
                parameters={**done.parameters, "key": name},
                tags=done.tags,
                state=Running(),
            )

    _, report = await sweep(source, destination, failure_ratio=1)

    assert report.outcomes == {"no_speech": 1, "rejected": 1}
    assert {(run.name, run.state_name) for run in await runs_of(dead.run)} == {
        ("a/quiet.ogg", "NoSpeech"),
        ("c/quiet again.ogg", "Crashed"),
    }


@pytest.mark.parametrize("tags", [["in-sweep"], ["in-sweep", "sweep:by hand"]])
async def test_a_run_whose_tags_name_no_sweep_is_settled_too(
    source: Path, destination: Path, tags: list[str]
) -> None:
    async with get_client() as client:
        parameters = {"key": "a/quiet.ogg", "source": "", "destination": ""}
        left = await client.create_flow_run(
            transcribe, parameters=parameters, tags=tags, state=Running()
        )
    await sweep(source, destination)
    async with get_client() as client:
        assert (await client.read_flow_run(left.id)).state_name == "Crashed"


async def test_a_cancelled_sweep_leaves_no_run_of_a_recording_running(
    source: Path, destination: Path
) -> None:
    """Its process was killed before it could end the recordings' runs."""
    _, report = await sweep(source, destination, limit=1)
    async with get_client() as client:
        (done,) = await runs_of(report.run)
        await client.set_flow_run_state(done.id, Running(), force=True)
        cancelled = await client.read_flow_run(UUID(report.run))

    await cancel_with_sweep(ingest, cancelled, Cancelled())

    (run,) = await runs_of(report.run)
    assert run.state and run.state.is_cancelled()


async def test_a_sweep_fails_only_beyond_the_ratio(source: Path, destination: Path) -> None:
    state, report = await sweep(source, destination, failure_ratio=0.3)

    assert state.type == "FAILED"
    assert report.failure_ratio == pytest.approx(1 / 3)


async def test_what_is_done_is_not_done_again_and_what_changed_is(
    source: Path, destination: Path
) -> None:
    await sweep(source, destination)
    _, again = await sweep(source, destination)
    assert (again.outcomes, again.statuses["done"]) == ({}, 3)

    add(source, "b/broken.mp3", SAMPLES["quiet-room.ogg"])
    _, changed = await sweep(source, destination)
    assert changed.outcomes == {"no_speech": 1}
    assert changed.statuses == {"done": 2, "changed": 1, "filtered": 1}


async def test_recordings_that_may_still_be_uploading_wait_for_the_next_sweep(
    source: Path, destination: Path
) -> None:
    (source / "a" / "new.ogg").write_bytes(b"half of it")

    _, report = await sweep(source, destination, selection=Selection(include=("a/*",)))

    assert report.outcomes == {"no_speech": 1}
    assert report.statuses["too young"] == 1


async def test_a_recording_dated_in_the_future_is_transcribed_after_a_second_look(
    source: Path, destination: Path
) -> None:
    for name in ("a/quiet.ogg", "c/quiet again.ogg"):
        os.utime(source / name, (LONG_AGO + 1e9, LONG_AGO + 1e9))
    changing = asyncio.create_task(_rewritten(source / "c/quiet again.ogg"))

    selection = Selection(settle_s=2, include=("*.ogg",))
    _, report = await sweep(source, destination, selection=selection)
    changing.cancel()

    assert report.outcomes == {"no_speech": 1}
    assert report.unsettled == 1
    _, again = await sweep(source, destination, selection=selection)
    assert (again.outcomes, again.unsettled) == ({"no_speech": 1}, 0)


async def _rewritten(path: Path) -> None:
    """Append to a file for ever, as an upload does, and date it in the future."""
    number = 0
    while True:
        number += 1
        with path.open("ab") as file:
            file.write(b"\0")
        os.utime(path, (LONG_AGO + 1e9 + number, LONG_AGO + 1e9 + number))
        await asyncio.sleep(0.05)


async def test_what_is_left_out_is_counted_by_reason_wherever_a_sweep_is_shown(
    source: Path, destination: Path
) -> None:
    add(source, "a/._quiet.ogg", b"\0\x05\x16\x07 a resource fork")
    (source / "a" / "link.ogg").symlink_to(source.parent / "elsewhere.ogg")
    (source / "a" / "young.ogg").write_bytes(b"half of it")

    state, report = await sweep(source, destination, failure_ratio=1)

    assert report.left_out == {
        "extension .txt": 1,
        "metadata of another file": 1,
        "symbolic link to nothing": 1,
        "too young": 1,
    }
    (page,) = (destination / "_stenoflow" / "sweeps").glob("*.html")
    for reason in report.left_out:
        assert f"1 {reason}" in (state.message or "")
        assert reason in page.read_text()
        assert {"what": f"left out: {reason}", "value": "1", "retry": ""} in report_table(report)


async def test_what_a_limit_left_the_next_sweep_does(source: Path, destination: Path) -> None:
    _, first = await sweep(source, destination, limit=2, batch_size=1, failure_ratio=1)
    _, second = await sweep(source, destination)

    assert first.outcomes == {"no_speech": 1, "rejected": 1}
    assert second.outcomes == {"no_speech": 1}


async def test_an_interrupted_sweep_is_finished_by_the_next(
    source: Path, destination: Path
) -> None:
    for number in range(6):
        add(source, f"e/{number}.ogg", SAMPLES["quiet-room.ogg"])
    running = asyncio.create_task(sweep(source, destination, at_once=1))
    while not list(destination.rglob("*.json")):
        await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    _, rest = await sweep(source, destination, failure_ratio=1)

    assert 0 < rest.statuses["done"] < 9
    _, nothing = await sweep(source, destination)
    assert (nothing.outcomes, nothing.statuses["done"]) == ({}, 9)


async def test_what_every_recording_would_meet_stops_the_sweep(
    source: Path, destination: Path
) -> None:
    state, report = await sweep(
        source, destination, profile=Profile(engine="deepgram"), at_once=1, failure_ratio=1
    )

    assert state.type == "FAILED"
    assert (report.outcomes, report.not_started) == ({}, 3)
    assert report.stopped and "DEEPGRAM_API_KEY" in report.stopped


async def test_the_report_is_stored_in_the_destination_as_json_and_as_a_page(
    source: Path, destination: Path
) -> None:
    _, report = await sweep(source, destination)

    (data,) = (destination / "_stenoflow" / "sweeps").glob("*.json")
    (page,) = (destination / "_stenoflow" / "sweeps").glob("*.html")
    assert SweepReport.model_validate_json(data.read_text()) == report
    assert "stenoflow transcribe --force" in page.read_text()
    assert "b/broken.mp3" in page.read_text()


async def test_a_misspelt_artifact_is_refused_before_anything_is_listed(
    source: Path, destination: Path
) -> None:
    run: Any = ingest(
        source=str(source),
        destination=str(destination),
        profile=Profile(artifacts=("vttt",)),
        return_state=True,
    )
    error = await (await run).aresult(raise_on_failure=False)
    assert "vttt" in str(error)
    assert not destination.exists()


async def test_what_the_engine_lacks_is_refused_before_anything_is_listed(
    destination: Path, tmp_path: Path
) -> None:
    run: Any = ingest(
        source=str(tmp_path / "there is no such folder"),
        destination=str(destination),
        profile=Profile.model_validate({"whisper": {"language": "nl"}}),
        return_state=True,
    )
    error = await (await run).aresult(raise_on_failure=False)
    assert "knows English only" in str(error)
    assert "engines that have it: deepgram, openai" in str(error)
    assert not destination.exists()
