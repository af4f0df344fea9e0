"""A recording in which the engine finds no word ends as one without speech, and its purchase is told."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.prices import list_prices
from stenoflow.ledger.ledger import Ledger
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.manifest.model import read_manifest
from stenoflow.pipeline.publish import publish
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.rendering import rendering_of
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.transcribe import transcribe
from stenoflow.profile.model import Profile
from stenoflow.storage import Fetched, ObjectInfo, open_store
from stenoflow.testing.deepgram.server import StandIn
from stenoflow.testing.tones import request_audio, synthesize, write_wav
from stenoflow.times import Span
from tests.support.analyses import analysis_of, evenly, plans_for

PROFILE = Profile(engine="deepgram", deepgram=DeepgramOptions(diarize_model=None))
TONES = evenly(3)


@pytest.fixture
def recording(tmp_path: Path) -> RecordingContext:
    """A recording that the speech detector takes for speech, and in which no engine finds any."""
    analysis = analysis_of(tmp_path, TONES)
    silence = np.zeros(analysis.samples, "<i2")
    analysis.channels[0].pcm.write_bytes(silence.tobytes())
    (folder := tmp_path / "source").mkdir()
    path = write_wav(folder / "hum.wav", synthesize([], analysis.samples))
    info = ObjectInfo(path.name, path.stat().st_size, "v1", datetime.now(UTC))
    return RecordingContext(
        key=path.name,
        source=open_store(str(folder)),
        destination=open_store(str(tmp_path / "destination"), create=True),
        profile=PROFILE,
        engine=DeepgramEngine(PROFILE.deepgram, Credential("key", "http://127.0.0.1:9")),
        info=info,
        fetched=Fetched(path, info, request_audio(path).sha256),
        analysis=analysis,
        plans=tuple(plans_for(PROFILE, analysis, TONES)),
    )


def test_it_is_published_as_no_speech_without_artifacts(
    recording: RecordingContext, tmp_path: Path
) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    run = RunContext(scratch, Ledger(recording.destination, poll_s=0.02), prices=list_prices())
    with StandIn() as standin:
        credential = Credential(standin.key, standin.url)
        asked = replace(recording, engine=DeepgramEngine(PROFILE.deepgram, credential))
        found = transcribe(asked, run)
        manifest = publish(found, rendering_of(found, run.prices), run)
        assert len(standin.bill.charges) == 1

    assert (manifest.outcome, manifest.artifacts, manifest.failures) == ("no_speech", (), ())
    assert manifest.reason and "deepgram found no word in the " in manifest.reason
    assert sum(each.seconds for each in manifest.purchases) == standin.bill.seconds > 0
    key = manifest_key(recording.key, fingerprint("v1", PROFILE))
    assert read_manifest(recording.destination, key) == manifest
    assert not list((tmp_path / "destination").glob("hum.wav/*"))


def test_left_out_sounds_that_may_be_words_are_listed_with_their_times(
    recording: RecordingContext, tmp_path: Path
) -> None:
    [plan] = recording.plans
    second = 16_000
    uncertain = tuple(Span(at * second, at * second + 4000) for at in (7, 12, 61))
    silent = plan.model_copy(update={"chunks": (), "speech": (), "uncertain": uncertain})
    run = RunContext(tmp_path, Ledger(recording.destination), prices=list_prices())
    found = replace(recording, plans=(silent,))

    manifest = publish(found, rendering_of(found, run.prices), run)

    assert manifest.outcome == "no_speech"
    assert [each for each in manifest.warnings if "at 0:07, 0:12, 1:01:" in each]
