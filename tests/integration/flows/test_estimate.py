"""A forecast says what a sweep would buy, and buys and writes nothing."""

import os
import shutil
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter

from stenoflow.catalog import Selection, SweepReport
from stenoflow.deployments.samples import sample_recordings
from stenoflow.estimate import SweepEstimate
from stenoflow.flows.forecast import forecast
from stenoflow.flows.ingest import ingest
from stenoflow.profile.model import Profile
from tests.support.media_files import make

pytestmark = pytest.mark.usefixtures("prefect_server")

SAMPLES = {path.name: path for path in sample_recordings()}
LONG_AGO = time.time() - 86_400


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    make(folder / "a brief.mp4", "-t", "6", "-i", SAMPLES["briefing.mp4"])
    shutil.copyfile(SAMPLES["quiet-room.ogg"], folder / "quiet.ogg")
    (folder / "broken.mp3").write_bytes(b"this is no recording" * 100)
    (folder / "notes.txt").write_bytes(b"not asked for")
    for path in folder.iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "transcripts"


async def forecast_of(source: Path, destination: Path, **options: Any) -> SweepEstimate:
    running: Any = forecast(
        source=str(source), destination=str(destination), return_state=True, **options
    )
    estimate = await (await running).aresult()
    assert isinstance(estimate, SweepEstimate)
    return estimate


async def sweep(source: Path, destination: Path, **options: Any) -> SweepReport:
    running: Any = ingest(
        source=str(source), destination=str(destination), return_state=True, **options
    )
    report = await (await running).aresult(raise_on_failure=False)
    assert isinstance(report, SweepReport), report
    return report


async def test_the_estimate_of_a_source_analyzed_whole_is_what_the_sweep_then_buys(
    source: Path, destination: Path
) -> None:
    estimate = await forecast_of(source, destination)
    report = await sweep(source, destination)

    assert (estimate.recordings, estimate.analyzed) == (3, 3)
    assert estimate.statuses == report.statuses == {"new": 3, "filtered": 1}
    assert estimate.paid_s.expected == pytest.approx(report.bought_s)
    assert estimate.paid_s.low == estimate.paid_s.high == estimate.paid_s.expected > 1
    assert estimate.audio_s.expected == pytest.approx(report.audio_s)
    assert list(estimate.rejections) == ["broken.mp3"]


async def test_what_was_bought_earlier_is_not_estimated_to_be_bought_again(
    source: Path, destination: Path
) -> None:
    report = await sweep(source, destination)
    options = {
        "profile": Profile(artifacts=("txt",)),
        "selection": Selection(redo_changed_profile=True),
    }

    estimate = await forecast_of(source, destination, **options)

    assert estimate.statuses["profile changed"] == 3
    assert estimate.paid_s.expected == 0
    assert estimate.bought_earlier_s.expected == pytest.approx(report.bought_s)


async def test_nothing_is_written_and_no_key_is_needed(source: Path, destination: Path) -> None:
    estimate = await forecast_of(source, destination, profile=Profile(engine="deepgram"))

    assert estimate.cost is not None and estimate.cost.expected > 0
    assert list(destination.iterdir()) == []


async def test_a_few_are_analyzed_and_the_rest_is_a_range(source: Path, destination: Path) -> None:
    for number in range(30):
        shutil.copyfile(source / "quiet.ogg", source / f"{number}.ogg")
        os.utime(source / f"{number}.ogg", (LONG_AGO, LONG_AGO))

    estimate = await forecast_of(source, destination, sample=4, limit=31)

    assert (estimate.recordings, estimate.analyzed) == (31, 4)
    assert sum(each.recordings for each in estimate.media_types) == 31
    assert estimate.audio_s.low < estimate.audio_s.expected < estimate.audio_s.high


async def test_what_the_profile_would_not_pay_for_is_not_counted_as_paid(
    source: Path, destination: Path
) -> None:
    cheap = Profile(engine="deepgram", max_cost_usd=Decimal(0))

    estimate = await forecast_of(source, destination, profile=cheap)

    assert estimate.paid_s.expected == 0
    assert "max_cost_usd" in estimate.rejections["a brief.mp4"]


async def test_a_person_reads_it_as_an_artifact_of_the_run(source: Path, destination: Path) -> None:
    running: Any = forecast(
        source=str(source),
        destination=str(destination),
        profile=Profile(engine="deepgram"),
        return_state=True,
    )
    state = await running

    assert "3 recordings" in state.message and "USD" in state.message
    async with get_client() as client:
        (artifact,) = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["forecast"])),
            flow_run_filter=FlowRunFilter(id={"any_": [state.state_details.flow_run_id]}),
        )
    assert artifact.data.startswith("# Forecast: ")
    assert "| Recordings to transcribe | 3 |" in artifact.data


async def test_an_empty_source_costs_nothing(tmp_path: Path, destination: Path) -> None:
    (tmp_path / "empty").mkdir()

    estimate = await forecast_of(tmp_path / "empty", destination)

    assert (estimate.recordings, estimate.analyzed, estimate.time_s) == (0, 0, 0)
