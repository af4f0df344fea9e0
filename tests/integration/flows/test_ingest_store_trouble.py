"""One object's trouble is its own; only trouble that every object meets stops a sweep."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from prefect.client.schemas.objects import State

from bench.harness.s3_server import S3Server
from stenoflow.catalog import Selection, SweepReport
from stenoflow.catalog.store_trouble import IN_A_ROW
from stenoflow.deployments.samples import sample_recordings
from stenoflow.flows.ingest import ingest
from stenoflow.manifest.keys import MANIFESTS
from stenoflow.storage import S3Store
from tests.support.answering_s3 import Answer, says
from tests.support.faulty_s3 import faulty_s3

pytestmark = pytest.mark.usefixtures("prefect_server")

QUIET = next(path for path in sample_recordings() if path.name == "quiet-room.ogg")
ENCRYPTED = (
    "The object was stored using a form of Server Side Encryption. The correct parameters must"
)
SETTLED = Selection(settle_s=0)


@dataclass
class Buckets:
    """A source and a destination at a server whose answers can be replaced, by key."""

    source: S3Store
    destination: S3Store
    faults: dict[str, Answer] = field(default_factory=dict[str, Answer])
    methods: tuple[str, ...] = ("GET", "HEAD", "PUT")

    def add(self, *keys: str) -> None:
        for key in keys:
            self.source.put(key, QUIET.read_bytes())

    def finished(self) -> set[str]:
        found = (each.key for each in self.destination.list(MANIFESTS))
        return {key.removeprefix(MANIFESTS).partition("!/")[0] for key in found}

    def answer(self, method: str, key: str) -> Answer | None:
        hit = (answer for start, answer in self.faults.items() if key.startswith(start))
        return next(hit, None) if method in self.methods else None

    async def sweep(self, **options: Any) -> tuple[State[Any], SweepReport]:
        run: Any = ingest(
            source=self.source.url,
            destination=self.destination.url,
            selection=SETTLED,
            return_state=True,
            **{"at_once": 1, "failure_ratio": 1, **options},
        )
        state = await run
        report = await state.aresult(raise_on_failure=False)
        assert isinstance(report, SweepReport), report
        return state, report


@pytest.fixture
def buckets(moto: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Buckets]:
    found = Buckets(moto.open(moto.new_bucket()), moto.open(moto.new_bucket()))
    with faulty_s3(moto, found.answer) as double:
        for name, value in double.environment.items():
            monkeypatch.setenv(name, value)
        yield found


def reasons(report: SweepReport) -> dict[str, tuple[str, list[str]]]:
    return {each.error: (each.reason, each.recordings) for each in report.failures.values()}


async def test_each_object_in_trouble_is_counted_by_its_reason_and_the_others_go_on(
    buckets: Buckets,
) -> None:
    buckets.add(
        "a.ogg", "archived.ogg", "b.ogg", "c.ogg", "denied.ogg", "odd.ogg", "x.ogg", "z.ogg"
    )
    buckets.faults = {
        "archived.ogg": says(403, "InvalidObjectState", "GLACIER"),
        "b.ogg": says(400, "InvalidRequest", ENCRYPTED),
        "denied.ogg": says(403, "AccessDenied", "Access Denied"),
        "odd.ogg": says(400, "Odd", "never seen before"),
        "x.ogg": says(404, "NoSuchKey"),
    }

    state, report = await buckets.sweep()

    assert state.type == "COMPLETED"
    assert report.outcomes == {"no_speech": 3, "gave_up": 5}
    assert report.stopped is None
    found = reasons(report)
    assert {error: keys for error, (_, keys) in found.items()} == {
        "ObjectArchived": ["archived.ogg"],
        "ObjectEncrypted": ["b.ogg"],
        "AccessDenied": ["denied.ogg"],
        "StoreRefused": ["odd.ogg"],
        "NotFound": ["x.ogg"],
    }
    assert buckets.finished() == {"a.ogg", "c.ogg", "z.ogg"}

    buckets.faults.clear()
    _, again = await buckets.sweep()
    assert (again.outcomes, again.statuses["done"]) == ({"no_speech": 5}, 3)


async def test_a_whole_folder_in_trouble_stops_no_sweep(buckets: Buckets) -> None:
    forbidden = [f"b/{number:02}.ogg" for number in range(2 * IN_A_ROW + 2)]
    buckets.add("a.ogg", *forbidden, "z.ogg")
    buckets.faults = {"b/": says(403, "AccessDenied", "an explicit deny")}

    _, report = await buckets.sweep()

    assert (report.stopped, report.not_started) == (None, 0)
    assert report.outcomes == {"no_speech": 2, "gave_up": len(forbidden)}
    assert reasons(report)["AccessDenied"][1] == forbidden


async def test_a_source_that_refuses_everything_stops_the_sweep(buckets: Buckets) -> None:
    buckets.add(*(f"{number:02}.ogg" for number in range(IN_A_ROW + 5)))
    buckets.faults = {str(digit): says(403, "ExpiredToken", "old") for digit in range(10)}

    state, report = await buckets.sweep()

    assert state.type == "FAILED"
    assert report.outcomes == {"gave_up": IN_A_ROW}
    assert report.not_started == 5
    assert report.stopped and report.stopped in (state.message or "")
    assert report.stopped.startswith(f"The source {buckets.source.url} gives no recording at all.")
    assert "these credentials have expired" in report.stopped
    assert buckets.finished() == set()


async def test_a_destination_that_takes_nothing_stops_the_sweep(buckets: Buckets) -> None:
    buckets.add(*(f"{number:02}.ogg" for number in range(IN_A_ROW + 5)))
    buckets.methods = ("PUT",)
    buckets.faults = {"_stenoflow/": says(403, "AccessDenied", "read only")}

    state, report = await buckets.sweep()

    assert state.type == "FAILED"
    assert report.outcomes == {"gave_up": IN_A_ROW}
    assert report.stopped and report.stopped.startswith(
        f"The destination {buckets.destination.url} takes no object at all."
    )


async def test_a_destination_that_recovers_gets_every_recording(buckets: Buckets) -> None:
    buckets.add("a.ogg", "b.ogg", "c.ogg")
    buckets.methods = ("PUT",)
    buckets.faults = {f"{MANIFESTS}b.ogg": says(403, "AccessDenied")}

    _, report = await buckets.sweep()
    assert report.outcomes == {"no_speech": 2, "gave_up": 1}
    assert buckets.finished() == {"a.ogg", "c.ogg"}

    buckets.faults.clear()
    _, again = await buckets.sweep()
    assert (again.outcomes, buckets.finished()) == ({"no_speech": 1}, {"a.ogg", "b.ogg", "c.ogg"})
