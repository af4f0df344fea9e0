"""No trouble of any store writes, replaces or removes a manifest: it is never a verdict on a recording."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.errors import (
    AccessDenied,
    ConfigurationError,
    KeyTooLong,
    NotFound,
    ObjectArchived,
    ObjectEncrypted,
    ObjectTooLarge,
    OverLimit,
    Rejected,
    StenoflowError,
    StoreMisconfigured,
    StoreRefused,
    StoreUnavailable,
)
from stenoflow.ledger.ledger import Ledger
from stenoflow.manifest.keys import MANIFESTS
from stenoflow.manifest.model import Manifest, written
from stenoflow.media.options import Limits
from stenoflow.pipeline import recording as steps
from stenoflow.pipeline.publish import publish
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.rendering import rendering_of
from stenoflow.pipeline.run_context import RunContext
from stenoflow.profile.model import Profile
from stenoflow.storage import Store, open_store
from stenoflow.testing.deepgram.server import StandIn
from stenoflow.testing.tones import synthesize, write_wav
from tests.support.analyses import analysis_of, evenly, plans_for
from tests.support.faulty_store import Fault, FaultyStore

TONES = evenly(6, every_s=2.0)
KEY = "calls/tones.wav"
PROFILE = Profile(
    engine="deepgram",
    deepgram=DeepgramOptions(smart_format=None, punctuate=None, diarize_model=None),
)
TROUBLE = (
    AccessDenied,
    KeyTooLong,
    NotFound,
    ObjectArchived,
    ObjectEncrypted,
    ObjectTooLarge,
    StoreMisconfigured,
    StoreRefused,
    StoreUnavailable,
)
"""All that a store raises."""


@dataclass
class Desk:
    """A recording whose analysis is known, and what happens to its two stores."""

    folder: Path
    standin: StandIn
    source: Store
    destination: Store
    operations: list[str] = field(default_factory=list[str])
    """The names of all operations of the last run."""

    def run(
        self,
        error: type[StenoflowError] | None = None,
        *,
        at: int = 0,
        lasting: bool = False,
        profile: Profile = PROFILE,
    ) -> Manifest:
        """Take the recording through all steps; operation ``at`` fails, or all from there on."""
        self.operations.clear()

        def fault(operation: str, key: str) -> StenoflowError | None:
            number = len(self.operations)
            self.operations.append(operation)
            failing = error and (number >= at if lasting else number == at)
            return error(f"{key}: {operation}") if error and failing else None

        (scratch := self.folder / "scratch").mkdir(exist_ok=True)
        context = self.context(fault, profile)
        run = RunContext(scratch, Ledger(context.destination, storage_patience_s=0))
        context = steps.run_steps(steps.look_up(context), run)
        return publish(context, rendering_of(context, run.prices), run)

    def context(
        self, fault: Fault = lambda *_: None, profile: Profile = PROFILE
    ) -> RecordingContext:
        return RecordingContext(
            key=KEY,
            source=FaultyStore(self.source, fault),
            destination=FaultyStore(self.destination, fault),
            profile=profile,
            engine=DeepgramEngine(
                profile.deepgram, Credential(self.standin.key, self.standin.url), multichannel=False
            ),
        )

    def manifests(self) -> dict[str, bytes]:
        return {
            each.key: self.destination.read(each.key) for each in self.destination.list(MANIFESTS)
        }


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    analysis = analysis_of(tmp_path, TONES)
    monkeypatch.setattr(steps, "analyze", lambda *_, **__: analysis)
    monkeypatch.setattr(
        steps, "plan_channels", lambda *_, **__: tuple(plans_for(PROFILE, analysis, TONES))
    )
    path = tmp_path / "source" / KEY
    path.parent.mkdir(parents=True)
    write_wav(path, synthesize(TONES, analysis.samples))
    with StandIn() as standin:
        yield Desk(
            tmp_path,
            standin,
            open_store(str(tmp_path / "source")),
            open_store(str(tmp_path / "destination"), create=True),
        )


def test_no_error_of_a_store_is_a_verdict() -> None:
    assert not [each for each in TROUBLE if issubclass(each, Rejected)]
    assert {each for each in TROUBLE if issubclass(each, StoreRefused | StoreUnavailable)} == {
        *TROUBLE
    } - {StoreMisconfigured}
    assert issubclass(StoreMisconfigured, ConfigurationError)


@pytest.mark.parametrize("error", TROUBLE)
def test_trouble_before_anything_is_published_leaves_no_manifest(
    desk: Desk, error: type[StenoflowError]
) -> None:
    for at in count():
        desk.destination = open_store(str(desk.folder / f"destination-{at}"), create=True)
        try:
            manifest = desk.run(error, at=at, lasting=True)
        except StenoflowError as raised:
            assert type(raised) is error, raised
            assert desk.manifests() == {}, (at, desk.operations)
        else:
            assert manifest.outcome == "published"
            assert at == len(desk.operations) > 10
            break


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("error", TROUBLE)
def test_trouble_leaves_a_published_manifest_as_it_is(
    desk: Desk, error: type[StenoflowError], lasting: bool
) -> None:
    """As under force, when what is published is done again."""
    desk.run()
    before, paid = desk.manifests(), desk.standin.bill.seconds
    assert len(before) == 1
    for at in count():
        try:
            manifest = desk.run(error, at=at, lasting=lasting)
        except StenoflowError as raised:
            assert type(raised) is error, raised
            assert desk.manifests() == before, (at, desk.operations)
        else:
            assert manifest.outcome == "published"
            before = desk.manifests()
            if at >= len(desk.operations):
                break
    assert desk.standin.bill.seconds == paid


def test_what_0_1_0_rejected_for_its_store_is_done_again(desk: Desk) -> None:
    desk.run()
    ((key, body),) = desk.manifests().items()
    manifest = Manifest.model_validate_json(body)
    context = desk.context()
    assert steps.find_manifest(steps.look_up(context)) == manifest
    rejected = {"outcome": "rejected", "error": "AccessDenied", "reason": "403"}
    desk.destination.put(key, written(manifest.model_copy(update=rejected)))
    assert steps.find_manifest(steps.look_up(context)) is None


def test_an_object_over_the_limit_is_rejected(desk: Desk) -> None:
    profile = PROFILE.model_copy(update={"limits": Limits(max_bytes=1000)})
    manifest = desk.run(profile=profile)
    assert (manifest.outcome, manifest.error) == ("rejected", OverLimit.__name__)
