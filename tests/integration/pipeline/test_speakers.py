"""Speakers, estimated: of recordings bought earlier, from ledger and recording alone."""

import json
from pathlib import Path
from typing import Any

import pytest

import stenoflow
from stenoflow import Profile
from stenoflow.deployments.samples import sample_recordings
from stenoflow.deployments.samples.texts import GUEST, HOST, INTERVIEW
from stenoflow.errors import ConfigurationError
from stenoflow.speakers.options import SpeakerOptions
from stenoflow.transcript.speakers import speakers

SAMPLES = {path.name: path for path in sample_recordings()}
ESTIMATE = Profile(speakers=SpeakerOptions(source="estimate"), artifacts=("json", "page"))


@pytest.fixture(scope="module")
def destination(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the interview was transcribed, before anybody asked for speakers."""
    folder = tmp_path_factory.mktemp("transcripts")
    stenoflow.transcribe(SAMPLES["interview.mp3"], destination=folder)
    return folder


def manifests(destination: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in destination.glob("_stenoflow/manifests/*/*")]


def test_each_line_of_the_interview_has_its_speaker_and_nothing_is_bought(
    destination: Path,
) -> None:
    before = sorted(destination.rglob("intent-*.json"))
    transcript = stenoflow.transcribe(
        SAMPLES["interview.mp3"], profile=ESTIMATE, destination=destination
    )
    assert sorted(destination.rglob("intent-*.json")) == before
    (manifest,) = manifests(destination)
    assert {each["how"] for each in manifest["purchases"]} == {"reused"}

    host, guest = speakers(transcript)
    assert host.margin and guest.margin and min(host.margin, guest.margin) > 0.2
    numbers = {HOST: host.key.speaker, GUEST: guest.key.speaker}
    expected = [numbers[line.voice] for line in INTERVIEW]
    found = [transcript.words[each.first].speaker for each in transcript.utterances]
    changes = [at for at in range(len(found)) if at == 0 or found[at] != found[at - 1]]
    assert [found[at] for at in changes] == expected
    document = json.loads((destination / "interview.mp3" / "transcript.json").read_text())
    assert document["speaker_source"] == "estimate"
    page = (destination / "interview.mp3" / "page.html").read_text()
    assert "Speakers are estimated from their voices" in page


def test_a_transcript_made_again_from_the_ledger_has_the_same_speakers(destination: Path) -> None:
    again = stenoflow.transcribe(
        SAMPLES["interview.mp3"], profile=ESTIMATE, destination=destination
    )
    first = stenoflow.transcribe(SAMPLES["interview.mp3"], profile=ESTIMATE)
    assert [word.speaker for word in again.words] == [word.speaker for word in first.words]


def test_speakers_can_be_left_out() -> None:
    off = Profile(speakers=SpeakerOptions(source="off"))
    transcript = stenoflow.transcribe(SAMPLES["briefing.mp4"], profile=off)
    assert {word.speaker for word in transcript.words} == {None}


def test_one_person_is_one_speaker() -> None:
    (only,) = speakers(stenoflow.transcribe(SAMPLES["briefing.mp4"], profile=ESTIMATE))
    assert (only.key.speaker, only.margin) == (0, None)


def test_bounds_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="at_least is 5 and at_most 2"):
        SpeakerOptions(at_least=5, at_most=2)


def test_an_encoder_that_is_not_there_is_a_mistake_of_the_profile() -> None:
    profile = Profile(speakers=SpeakerOptions(source="estimate", encoder="ecapa"))
    with pytest.raises(ConfigurationError, match="ecapa"):
        stenoflow.transcribe(SAMPLES["briefing.mp4"], profile=profile)
