"""Recordings whose keys have the 1,024 bytes that S3 allows are like any others."""

from pathlib import Path
from typing import Any

import pytest

from bench.harness.s3_server import S3Server
from stenoflow.catalog import Selection, Status, SweepReport
from stenoflow.deployments.samples import sample_recordings
from stenoflow.flows.ingest import ingest
from stenoflow.storage import Store, open_store

pytestmark = pytest.mark.usefixtures("prefect_server")

LONGEST = 1024
SAMPLES = {path.name: path for path in sample_recordings()}


def long_key(beginning: str, filling: str, end: str) -> str:
    """A key of about as many bytes as S3 allows, and no more."""
    rest = LONGEST - len(f"{beginning}{end}".encode())
    return beginning + filling * (rest // len(filling.encode())) + end


KEYS = {
    long_key("a", "x", "-1.ogg"): SAMPLES["quiet-room.ogg"],
    long_key("a", "x", "-2.ogg"): SAMPLES["quiet-room.ogg"],
    long_key("b", "y/", ".mp4"): SAMPLES["briefing.mp4"],
    long_key("c", "ü ", ".ogg"): SAMPLES["quiet-room.ogg"],
    long_key("d", "\U0001f399", ".mp3"): None,
}


@pytest.fixture(params=["folder", "rgw"])
def stores(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Store, Store]:
    """A source and a destination."""
    if request.param == "folder":
        places = [str(tmp_path / name) for name in ("recordings", "transcripts")]
        return open_store(places[0], create=True), open_store(places[1], create=True)
    server: S3Server = request.getfixturevalue("rgw")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    source, destination = server.new_bucket(), f"{server.new_bucket()}/transcripts"
    return open_store(f"s3://{source}"), open_store(f"s3://{destination}")


async def sweep(source: Store, destination: Store) -> SweepReport:
    run: Any = ingest(
        source=source.url,
        destination=destination.url,
        selection=Selection(settle_s=0),
        failure_ratio=1.0,
        return_state=True,
    )
    state = await run
    report = await state.aresult(raise_on_failure=False)
    assert isinstance(report, SweepReport), report
    return report


async def test_a_sweep_finishes_recordings_with_the_longest_keys_once(
    stores: tuple[Store, Store],
) -> None:
    source, destination = stores
    for key, sample in KEYS.items():
        source.put(key, sample or b"this is not a recording" * 100)

    first = await sweep(source, destination)
    second = await sweep(source, destination)

    assert first.outcomes == {"published": 1, "no_speech": 3, "rejected": 1}
    (group,) = first.failures.values()
    assert group.error == "BadMedia"
    assert first.statuses == {Status.NEW: len(KEYS)}
    assert second.statuses == {Status.DONE: len(KEYS)}
    assert second.outcomes == {}
    pages = [each.key for each in destination.list() if each.key.endswith("/page.html")]
    assert len(pages) == first.outcomes["published"]
