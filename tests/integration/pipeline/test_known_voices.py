"""Known voices: speakers have the names of people whose voices are kept on this machine, and only there."""

import json
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import stenoflow
from bench.harness.material import decoded
from stenoflow import Profile
from stenoflow.deployments.samples import sample_recordings
from stenoflow.engines.credentials import Credential
from stenoflow.errors import ConfigurationError
from stenoflow.pipeline.known_voices import add_voice
from stenoflow.speakers.voice_store import VoiceStore
from stenoflow.testing.deepgram.server import StandIn
from stenoflow.times import SAMPLE_RATE, to_samples
from stenoflow.transcript.model import Word
from stenoflow.transcript.speakers import speakers
from tests.support.corpus import needs_corpus, shared

ONE_PERSON = 2
"""Of the three speakers that Deepgram tells apart in ``nasa.mp4``, the one that is not several people."""

SAMPLES = {path.name: path for path in sample_recordings()}
PROFILE = Profile.model_validate(
    {
        "speakers": {"source": "estimate", "known": True},
        "artifacts": ("json", "page", "txt", "vtt", "srt", "md"),
    }
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VoiceStore:
    """An empty store of voices, which is this user's."""
    monkeypatch.setenv("STENOFLOW_HOME", str(tmp_path / "home"))
    return VoiceStore()


def cut(recording: Path, words: Sequence[Word], path: Path) -> Path:
    """Write the audio of some words of a recording, one after the other."""
    samples = decoded(recording)
    spans = [(to_samples(word.start_s), to_samples(word.end_s)) for word in words]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(np.concatenate([samples[a:b] for a, b in spans]).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the guest says in the interview."""
    profile = PROFILE.model_copy(
        update={"speakers": PROFILE.speakers.model_copy(update={"known": False})}
    )
    transcript = stenoflow.transcribe(SAMPLES["interview.mp3"], profile=profile)
    words = [word for word in transcript.words if word.speaker == 1]
    return cut(SAMPLES["interview.mp3"], words, tmp_path_factory.mktemp("guest") / "guest.wav")


def test_a_speaker_whose_voice_is_known_has_a_name(
    store: VoiceStore, guest: Path, tmp_path: Path
) -> None:
    add_voice("Ada <u>", str(guest), "ge2e", store)
    transcript = stenoflow.transcribe(
        SAMPLES["interview.mp3"], profile=PROFILE, destination=tmp_path / "to"
    )
    host, named = speakers(transcript)
    assert (host.name, host.closeness) == ("Speaker 1", None)
    assert named.name == "Ada <u>"
    assert named.closeness and named.closeness > 0.8

    folder = tmp_path / "to" / "interview.mp3"
    document = json.loads((folder / "transcript.json").read_text())
    assert [each["name"] for each in document["speakers"]] == ["Speaker 1", "Ada <u>"]
    assert document["speakers"][1]["closeness"] == round(named.closeness, 3)
    assert "<v Ada &lt;u&gt;>" in (folder / "transcript.vtt").read_text()
    for name in ("page.html", "transcript.md", "transcript.srt"):
        assert "<u>" not in (folder / name).read_text(), name
    assert "Ada &lt;u&gt;" in (folder / "page.html").read_text()

    # No voiceprint, and no trace of the store, leaves this machine's store.
    vectors = [str(number) for number in store.voices()[0].voiceprint.narrow[:8].tolist() if number]
    for path in (tmp_path / "to").rglob("*"):
        text = path.read_text() if path.is_file() else ""
        assert not any(vector in text for vector in vectors)
        assert str(store.root) not in text


def test_a_rebuilt_transcript_has_the_same_names_also_once_the_voice_is_removed(
    store: VoiceStore, guest: Path, tmp_path: Path
) -> None:
    add_voice("Ada", str(guest), "ge2e", store)
    recording, to = SAMPLES["interview.mp3"], tmp_path / "to"
    first = stenoflow.transcribe(recording, profile=PROFILE, destination=to)
    store.remove("Ada")
    again = stenoflow.transcribe(recording, profile=PROFILE, destination=to)
    assert again.known_speakers == first.known_speakers != ()


def test_names_for_what_was_bought_earlier_buy_nothing(
    store: VoiceStore, guest: Path, tmp_path: Path
) -> None:
    recording, to = SAMPLES["interview.mp3"], tmp_path / "to"
    stenoflow.transcribe(recording, destination=to)
    bought = sorted(to.rglob("intent-*.json"))
    add_voice("Ada", str(guest), "ge2e", store)
    transcript = stenoflow.transcribe(recording, profile=PROFILE, destination=to)
    assert {each.name for each in transcript.known_speakers} == {"Ada"}
    assert sorted(to.rglob("intent-*.json")) == bought


def test_somebody_else_has_no_name(store: VoiceStore, guest: Path) -> None:
    add_voice("Ada", str(guest), "ge2e", store)
    (only,) = speakers(stenoflow.transcribe(SAMPLES["briefing.mp4"], profile=PROFILE))
    assert (only.name, only.closeness) == ("Speaker 1", None)


def test_without_any_voice_a_warning_says_what_to_do(store: VoiceStore) -> None:
    transcript = stenoflow.transcribe(SAMPLES["briefing.mp4"], profile=PROFILE)
    assert any("stenoflow voices add" in warning for warning in transcript.warnings)
    assert not transcript.known_speakers


def test_a_recording_of_several_people_is_refused(store: VoiceStore) -> None:
    with pytest.raises(ConfigurationError, match="Several people"):
        add_voice("Ada", str(SAMPLES["interview.mp3"]), "ge2e", store)
    assert store.voices() == ()


def test_a_recording_with_too_little_speech_is_refused(store: VoiceStore) -> None:
    with pytest.raises(ConfigurationError, match=r"0\.0 s of speech, and a voice needs 5 s"):
        add_voice("Ada", str(SAMPLES["quiet-room.ogg"]), "ge2e", store)


def test_names_need_speakers() -> None:
    with pytest.raises(ValueError, match="cannot be named"):
        Profile.model_validate({"speakers": {"source": "off", "known": True}})


@needs_corpus
def test_speakers_of_deepgram_have_names_too(store: VoiceStore, tmp_path: Path) -> None:
    folder = shared()
    assert folder
    recording = folder / "deepgram" / "audio" / "nasa.mp4"
    profile = Profile.model_validate(
        {"engine": "deepgram", "deepgram": {"upload": "original"}, "speakers": {"known": True}}
    )
    with StandIn() as standin:
        credential = Credential(standin.key, standin.url)
        plain = stenoflow.transcribe(
            recording,
            profile=profile.model_copy(update={"speakers": Profile().speakers}),
            destination=tmp_path / "to",
            credential=credential,
        )
        requests = len(standin.requests)
        words = [word for word in plain.words if word.speaker == ONE_PERSON]
        # The voice is taken from the second half, and found in all.
        part = cut(recording, words[len(words) // 2 :], tmp_path / "part.wav")
        add_voice("Ada", str(part), "ge2e", store)
        transcript = stenoflow.transcribe(
            recording, profile=profile, destination=tmp_path / "to", credential=credential
        )
        assert len(standin.requests) == requests
    assert [(each.speaker, each.name) for each in transcript.known_speakers] == [
        (ONE_PERSON, "Ada")
    ]
    assert transcript.speaker_source is None
