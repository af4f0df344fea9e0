"""The store of voices: files for their owner only, whatever a voice is called."""

import stat
from pathlib import Path

import numpy as np
import pytest

from stenoflow.errors import ConfigurationError
from stenoflow.speakers.voice_store import VoiceStore
from stenoflow.speakers.voiceprint import Voiceprint
from stenoflow.times import Seconds

DIMENSIONS = 4


def voice(*, axis: int = 0, speech_s: float = 10, wide: bool = True) -> Voiceprint:
    vector = np.eye(DIMENSIONS, dtype=np.float32)[axis]
    return Voiceprint(Seconds(speech_s), vector if wide else None, vector)


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(tmp_path / "home" / "voices")


def test_files_and_folders_are_for_their_owner_only(store: VoiceStore) -> None:
    store.add("Ada", "ge2e", "a1", voice())
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in store.root.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    folders = [store.root, *(path for path in modes if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_a_folder_that_others_may_read_is_made_private(store: VoiceStore) -> None:
    store.root.mkdir(parents=True)
    store.root.chmod(0o755)
    store.add("Ada", "ge2e", "a1", voice())
    assert stat.S_IMODE(store.root.stat().st_mode) == 0o700


def test_a_voice_of_several_recordings_is_their_mean_by_length(store: VoiceStore) -> None:
    store.add("Ada", "ge2e", "a1", voice(axis=0, speech_s=10))
    store.add("Ada", "ge2e", "a2", voice(axis=1, speech_s=30))
    (ada,) = store.voices()
    assert (ada.name, ada.recordings, ada.voiceprint.speech_s) == ("Ada", 2, 40)
    assert ada.voiceprint.narrow == pytest.approx([0.1**0.5, 0.9**0.5, 0, 0])


def test_of_telephone_and_studio_each_counts_in_its_band(store: VoiceStore) -> None:
    store.add("Ada", "ge2e", "a1", voice(axis=0))
    store.add("Ada", "ge2e", "a2", voice(axis=1, wide=False))
    found = store.voices()[0].voiceprint
    assert found.wide is not None
    assert found.wide.tolist() == [1, 0, 0, 0]
    assert found.narrow == pytest.approx([0.5**0.5, 0.5**0.5, 0, 0])


def test_the_same_recording_counts_once(store: VoiceStore) -> None:
    for _ in range(2):
        store.add("Ada", "ge2e", "a1", voice())
    assert [each.recordings for each in store.voices()] == [1]


def test_vectors_are_kept_exactly(store: VoiceStore) -> None:
    vector = np.random.default_rng(7).normal(size=256).astype(np.float32)
    vector /= np.linalg.norm(vector)
    store.add("Ada", "ge2e", "a1", Voiceprint(Seconds(1), vector, vector))
    assert np.abs(store.voices()[0].voiceprint.narrow - vector).max() < 1e-6


def test_encoders_are_kept_apart(store: VoiceStore) -> None:
    store.add("Ada", "ge2e", "a1", voice())
    store.add("Ada", "other", "a1", voice())
    assert [(each.name, each.encoder) for each in store.voices()] == [
        ("Ada", "ge2e"),
        ("Ada", "other"),
    ]
    store.remove("Ada")
    assert store.voices() == ()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/", "a/b", "..", "Zoë", "李雷", "x" * 60])
def test_a_name_is_never_a_path(store: VoiceStore, name: str) -> None:
    store.add(name, "ge2e", "../../recording", voice())
    assert [each.name for each in store.voices()] == [name]
    assert {path.parent.parent for path in store.root.rglob("*.json")} == {store.root}
    store.remove(name)
    assert list(store.root.iterdir()) == []


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "x" * 61, "\u202eevil"])
def test_what_cannot_be_a_name_is_refused(store: VoiceStore, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be a person's name"):
        store.add(name, "ge2e", "a1", voice())


def test_spelling_of_a_name_does_not_matter(store: VoiceStore) -> None:
    store.add("Zoe\u0308  Smith", "ge2e", "a1", voice())
    store.remove("zo\u00eb smith")
    assert store.voices() == ()


def test_removing_what_is_not_kept_is_a_mistake(store: VoiceStore) -> None:
    with pytest.raises(ConfigurationError, match="No voice is kept for 'Ada'"):
        store.remove("Ada")


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff", b'{"format": "stenoflow-voice-9"}'])
def test_a_broken_file_is_named(store: VoiceStore, body: bytes) -> None:
    store.add("Ada", "ge2e", "a1", voice())
    (path,) = store.root.rglob("*.json")
    path.write_bytes(body)
    with pytest.raises(ConfigurationError, match=path.name):
        store.voices()
