"""The main job: each recording ends in exactly one outcome, and its state and manifest say which."""

import asyncio
import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
import pytest
from jsonschema import Draft202012Validator
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, FlowRunFilter
from prefect.client.schemas.objects import State

from stenoflow.audio.options import QualityOptions
from stenoflow.deployments.samples import sample_recordings
from stenoflow.flows.transcribe import transcribe
from stenoflow.manifest.keys import manifests_of
from stenoflow.manifest.model import Manifest, read_manifest, written
from stenoflow.manifest.schemas import schemas
from stenoflow.media.options import MediaOptions
from stenoflow.pipeline.outcome import Outcome
from stenoflow.profile.model import Profile
from stenoflow.storage import open_store
from tests.support.corpus import needs_corpus, recordings

pytestmark = pytest.mark.usefixtures("prefect_server")

SAMPLES = {path.name: path for path in sample_recordings()}


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "transcripts"


async def run(recording: Path, destination: Path, **options: Any) -> State[Any]:
    return await transcribe(
        key=recording.name,
        source=str(recording.parent),
        destination=str(destination),
        return_state=True,
        **options,
    )


async def outcome_of(state: State[Any]) -> Outcome:
    outcome = await state.aresult(raise_on_failure=False)
    assert isinstance(outcome, Outcome), outcome
    return outcome


def manifests(destination: Path, key: str) -> list[Manifest]:
    store = open_store(str(destination))
    found = [read_manifest(store, each.key) for each in store.list(manifests_of(key))]
    return [each for each in found if each]


def nothing_is_left(scratch: Path) -> bool:
    children = psutil.Process().children(recursive=True)
    names = {child.name() for child in children if child.status() != psutil.STATUS_ZOMBIE}
    return list(scratch.iterdir()) == [] and "ffmpeg" not in names


async def test_speech_is_published_with_times_of_the_recording(
    destination: Path, scratch: Path
) -> None:
    state = await run(SAMPLES["interview.mp3"], destination)

    outcome = await outcome_of(state)
    assert (state.type, outcome.name) == ("COMPLETED", "published")
    manifest = outcome.manifest
    assert manifest and manifest.transcript and manifest.costs and manifest.duration_s
    document = json.loads((destination / "interview.mp3" / "transcript.json").read_text())
    words = document["words"]
    assert len(words) == manifest.transcript.words > 20
    assert all(0 <= word["start_s"] <= word["end_s"] <= manifest.duration_s for word in words)
    assert [word["start_s"] for word in words] == sorted(word["start_s"] for word in words)
    assert manifest.costs.saved_s > 0
    assert nothing_is_left(scratch)


async def test_who_sees_a_manifest_sees_each_artifact_with_its_digest(destination: Path) -> None:
    await run(SAMPLES["briefing.mp4"], destination)

    (manifest,) = manifests(destination, "briefing.mp4")
    assert {each.name for each in manifest.artifacts} == set(Profile().artifacts)
    Draft202012Validator(schemas()["manifest.json"]).validate(json.loads(written(manifest)))
    for artifact in manifest.artifacts:
        body = (destination / artifact.key).read_bytes()
        assert (len(body), sha256(body).hexdigest()) == (artifact.bytes, artifact.sha256)


async def test_no_word_is_in_a_pause_that_was_removed(destination: Path) -> None:
    await run(SAMPLES["interview.mp3"], destination)

    (manifest,) = manifests(destination, "interview.mp3")
    (channel,) = manifest.channels
    assert all(proof.monotonic and proof.in_bounds for proof in channel.proofs)
    assert all(proof.round_trip_samples == 0 for proof in channel.proofs)
    kept = [stretch for part in channel.plan.chunks for stretch in part.timeline.kept]
    words = json.loads((destination / "interview.mp3" / "transcript.json").read_text())["words"]
    for word in words:
        assert any(
            stretch.start_s - 0.001 <= word["start_s"] and word["end_s"] <= stretch.end_s + 0.001
            for stretch in kept
        ), word


async def test_what_is_published_is_not_done_again(destination: Path) -> None:
    await run(SAMPLES["briefing.mp4"], destination)
    (first,) = manifests(destination, "briefing.mp4")

    again = await outcome_of(await run(SAMPLES["briefing.mp4"], destination))

    assert (again.name, again.earlier) == ("published", True)
    assert manifests(destination, "briefing.mp4") == [first]


async def test_publishing_again_buys_nothing_again(destination: Path) -> None:
    await run(SAMPLES["briefing.mp4"], destination)

    again = await outcome_of(await run(SAMPLES["briefing.mp4"], destination, force=True))

    assert again.manifest and again.manifest.costs
    assert (again.name, again.earlier) == ("published", False)
    assert {each.how for each in again.manifest.purchases} == {"reused"}
    assert again.manifest.costs.bought_s == 0


async def test_other_artifacts_of_the_same_words_buy_nothing_again(destination: Path) -> None:
    await run(SAMPLES["briefing.mp4"], destination)

    profile = Profile(artifacts=("txt",))
    again = await outcome_of(await run(SAMPLES["briefing.mp4"], destination, profile=profile))

    assert again.manifest
    assert {each.how for each in again.manifest.purchases} == {"reused"}
    assert manifests(destination, "briefing.mp4") == [again.manifest]
    assert [path.name for path in (destination / "briefing.mp4").iterdir()] == ["transcript.txt"]


async def test_a_recording_without_speech_is_done_and_costs_nothing(
    destination: Path, scratch: Path
) -> None:
    state = await run(SAMPLES["quiet-room.ogg"], destination)

    assert (state.type, state.name) == ("COMPLETED", "NoSpeech")
    (manifest,) = manifests(destination, "quiet-room.ogg")
    assert (manifest.outcome, manifest.artifacts, manifest.purchases) == ("no_speech", (), ())
    assert manifest.reason and manifest.reason.startswith("Nobody speaks in this recording")
    assert nothing_is_left(scratch)


async def test_what_is_no_recording_is_rejected_with_a_sentence(
    destination: Path, tmp_path: Path, scratch: Path
) -> None:
    pretender = tmp_path / "notes.mp3"
    pretender.write_text("These are my notes of Tuesday's meeting.\n" * 40)

    state = await run(pretender, destination)

    assert (state.type, state.name) == ("FAILED", "Rejected")
    (manifest,) = manifests(destination, "notes.mp3")
    assert (manifest.outcome, manifest.error) == ("rejected", "BadMedia")
    assert manifest.reason == state.message
    assert nothing_is_left(scratch)


async def test_what_was_rejected_is_not_looked_at_again(destination: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    await run(empty, destination)

    again = await run(empty, destination)

    assert (await outcome_of(again)).earlier
    assert again.name == "Rejected"


@pytest.mark.parametrize("key", ["missing.mp3", "folder"])
async def test_what_does_not_exist_is_given_up(key: str, destination: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside.mp3").write_bytes(b"ID3")

    outcome = await outcome_of(await run(tmp_path / key, destination))

    assert (outcome.name, outcome.error) == ("gave_up", "NotFound")
    assert outcome.reason and key in outcome.reason
    assert manifests(destination, key) == []


async def test_below_the_quality_gate_nothing_is_sent(destination: Path, tmp_path: Path) -> None:
    clipped = tmp_path / "clipped.wav"
    louder = ["-i", str(SAMPLES["interview.mp3"]), "-af", "volume=30dB"]
    subprocess.run(["ffmpeg", "-v", "error", *louder, str(clipped)], check=True)
    profile = Profile(quality=QualityOptions(min_score=0.9))

    outcome = await outcome_of(await run(clipped, destination, profile=profile))

    assert (outcome.name, outcome.error) == ("rejected", "BelowQuality")
    assert not (destination / "_stenoflow" / "ledger").exists()


async def test_a_choice_that_names_nothing_gives_up_at_once(destination: Path) -> None:
    state = await run(
        SAMPLES["briefing.mp4"], destination, profile="transcription-profile/no-such-block"
    )

    outcome = await outcome_of(state)
    assert (state.type, state.name, outcome.name) == ("FAILED", "Failed", "gave_up")
    assert outcome.error == "ConfigurationError"
    assert not destination.exists()


async def test_the_run_is_named_by_its_recording_and_shows_what_it_found(
    destination: Path,
) -> None:
    await run(SAMPLES["briefing.mp4"], destination)

    (manifest,) = manifests(destination, "briefing.mp4")
    async with get_client() as client:
        (flow_run,) = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate({"id": {"any_": [manifest.flow_run]}})
        )
        artifacts = await client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[flow_run.id]))
        )
    assert flow_run.name == "briefing.mp4"
    shown = {str(artifact.key): str(artifact.data) for artifact in artifacts if artifact.key}
    (summary,) = (text for key, text in shown.items() if not key.endswith("-page"))
    (link,) = (text for key, text in shown.items() if key.endswith("-page"))
    assert "weather" in summary
    assert (destination / "briefing.mp4" / "page.html").as_uri() in link


async def test_a_stopped_run_leaves_nothing_and_the_next_one_finishes(
    destination: Path, scratch: Path
) -> None:
    running = asyncio.ensure_future(run(SAMPLES["briefing.mp4"], destination))
    async with asyncio.timeout(60):
        while not any(scratch.rglob("channel-0.pcm")):
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])
    assert nothing_is_left(scratch)
    assert manifests(destination, "briefing.mp4") == []

    outcome = await outcome_of(await run(SAMPLES["briefing.mp4"], destination))

    assert (outcome.name, outcome.earlier) == ("published", False)


async def test_each_separate_channel_is_transcribed(destination: Path) -> None:
    profile = Profile(media=MediaOptions(channels="apart"))

    outcome = await outcome_of(await run(SAMPLES["briefing.mp4"], destination, profile=profile))

    assert outcome.manifest
    assert {each.plan.channel for each in outcome.manifest.channels} == set(
        range(outcome.manifest.media.audio[0].channels if outcome.manifest.media else 0)
    )


@needs_corpus
@pytest.mark.parametrize(
    "entry", recordings("broken") + recordings("nonspeech"), ids=lambda entry: entry["name"]
)
async def test_each_odd_recording_ends_in_one_outcome(
    entry: dict[str, Any], destination: Path, scratch: Path
) -> None:
    outcome = await outcome_of(await run(entry["path"], destination))

    assert outcome.name in {"published", "no_speech", "rejected"}
    if entry["seconds"] is None:
        assert outcome.name == "rejected"
    if entry["expect"] == "no speech":
        assert outcome.name == "no_speech"
    if outcome.name != "published":
        assert outcome.reason and outcome.reason.endswith(".") and "\n" not in outcome.reason
    assert [each.outcome for each in manifests(destination, entry["path"].name)] == [outcome.name]
    assert nothing_is_left(scratch)
