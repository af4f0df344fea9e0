"""A reply that was paid for and cannot be used is bought once more, in all runs together, and shown."""

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State

from stenoflow.catalog import SweepReport
from stenoflow.catalog.report_html import report_html
from stenoflow.deployments.cli.status import show_status
from stenoflow.deployments.samples import sample_recordings
from stenoflow.flows.ingest import ingest
from stenoflow.profile.model import Profile
from stenoflow.tasks.sweep_report import report_table
from stenoflow.testing.deepgram.faults import Fault
from stenoflow.testing.deepgram.server import StandIn

pytestmark = pytest.mark.usefixtures("prefect_server")

KEY = "briefing.mp4"


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn() as standin:
        monkeypatch.setenv("DEEPGRAM_API_KEY", standin.key)
        monkeypatch.setenv("DEEPGRAM_BASE_URL", standin.url)
        yield standin


async def sweep(source: Path, destination: Path) -> tuple[State[Any], SweepReport]:
    run: Any = ingest(
        source=str(source),
        destination=str(destination),
        profile=Profile(engine="deepgram"),
        return_state=True,
    )
    state = await run
    report = await state.aresult(raise_on_failure=False)
    assert isinstance(report, SweepReport), report
    return state, report


async def test_an_unusable_reply_is_bought_once_more_and_then_waits_for_a_person(
    tmp_path: Path, standin: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    source, destination = tmp_path / "recordings", tmp_path / "transcripts"
    source.mkdir()
    (recording,) = [each for each in sample_recordings() if each.name == KEY]
    shutil.copyfile(recording, source / KEY)
    os.utime(source / KEY, (time.time() - 86_400,) * 2)
    standin.script(*[Fault(spoiled="html")] * 100)

    sweeps = [await sweep(source, destination) for _ in range(3)]

    assert len(standin.requests) == len(standin.bill.charges) == 2
    kept = list(destination.glob("_stenoflow/ledger/*/*/parts/*/reply-*.json"))
    assert [b"<html>" in each.read_bytes() for each in kept] == [True, True]
    for state, report in sweeps:
        assert report.may_have_been_paid == 2
        assert report.may_have_been_paid_usd > 0
        assert state.message and "2 requests, an estimated 0.0" in state.message
        (group,) = report.failures.values()
        assert group.error == "UnusableResponse"
        assert "2 requests, an estimated" in group.reason
        assert "2 further requests, an estimated" in " ".join(report_html(report).split())
        cost = f"{report.may_have_been_paid_usd:.4f}"
        assert cost in [row["value"] for row in report_table(report)]
    await asyncio.to_thread(show_status, KEY, str(destination), most=1, as_json=False)
    assert "2 requests, an estimated" in " ".join(capsys.readouterr().out.split())
