"""PocketSphinx transcribes made speech in its child process."""

import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import pytest

from stenoflow.audio.encoding import RequestAudio
from stenoflow.engines.pocketsphinx.engine import MARGIN, PocketSphinxEngine
from stenoflow.errors import EngineError, Stopped
from stenoflow.testing.tones import Tone, request_audio, synthesize, write_wav
from stenoflow.times import SAMPLE_RATE, Span, to_seconds
from stenoflow.transcript.model import Reply
from tests.support.children import await_child
from tests.support.recordings import edges_s, needs_flite, spoken

GO_ON = threading.Event()

SAID = (
    ("Ten people were here today.", (3, 5, 2, 3, 4)),
    ("Nobody came to the river.", (6, 3, 2, 2, 4)),
)
"""Each with the phones of its words."""
OFF_S = 0.1
"""PocketSphinx counts in frames of 10 ms, and has an opinion of its own on where sounds begin."""


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> RequestAudio:
    return spoken(tmp_path_factory.mktemp("audio") / "said.wav", *(text for text, _ in SAID))


@pytest.fixture(scope="module")
def reply(body: RequestAudio) -> Reply:
    asked = PocketSphinxEngine()
    return asked.parse(asked.transcribe(body, stop=GO_ON))


@needs_flite
def test_made_speech_is_transcribed_word_for_word(reply: Reply) -> None:
    assert " ".join(word.text for word in reply.words) == (
        "ten people were here today nobody came to the river"
    )


@needs_flite
def test_words_are_where_they_were_said(body: RequestAudio, reply: Reply) -> None:
    said = [
        (stretch.start_s + start_s, stretch.start_s + end_s)
        for stretch, (text, phones) in zip(body.speech, SAID, strict=True)
        for start_s, end_s in edges_s(text, phones)
    ]
    for word, (start_s, end_s) in zip(reply.words, said, strict=True):
        assert abs(word.start_s - start_s) < OFF_S, word
        assert abs(word.end_s - end_s) < OFF_S, word


@needs_flite
def test_words_lie_in_their_stretches_in_order_with_confidences(
    body: RequestAudio, reply: Reply
) -> None:
    margin_s = to_seconds(MARGIN)
    for words, stretch in (
        (reply.words[:5], body.speech[0]),
        (reply.words[5:], body.speech[1]),
    ):
        for word in words:
            assert stretch.start_s - margin_s <= word.start_s < word.end_s
            assert word.end_s <= stretch.end_s + margin_s
    assert all(a.end_s <= b.start_s for a, b in pairwise(reply.words))
    assert all(word.confidence is not None and 0 <= word.confidence <= 1 for word in reply.words)


@needs_flite
def test_the_reply_says_what_was_recognized_and_by_what(body: RequestAudio, reply: Reply) -> None:
    assert (reply.sha256, reply.duration_s) == (body.sha256, body.samples / SAMPLE_RATE)
    assert (reply.language, reply.model) == ("en", f"PocketSphinx {version('pocketsphinx')}, en-us")
    assert body.path
    assert [path.name for path in body.path.parent.iterdir()] == ["said.wav"]


def test_a_body_without_speech_has_no_words(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", synthesize([], 16_000))
    asked = PocketSphinxEngine()
    reply = asked.parse(asked.transcribe(request_audio(path, samples=16_000), stop=GO_ON))
    assert reply.words == ()


def test_a_wish_to_stop_kills_the_child_and_leaves_no_file(tmp_path: Path) -> None:
    samples = 120 * SAMPLE_RATE
    tones = [Tone(at, at + 8_000, 400) for at in range(0, samples, 16_000)]
    path = write_wav(tmp_path / "a.wav", synthesize(tones, samples))
    body = request_audio(path, samples=samples, speech=(Span(0, samples),))
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(PocketSphinxEngine().transcribe, body, stop=stop)
        child = await_child(str(path), gone=waiting.done)
        stop.set()
        with pytest.raises(Stopped):
            waiting.result()
    assert not child.is_running()
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_audio_is_trouble(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_text("no audio")
    body = request_audio(path, samples=16_000, speech=(Span(0, 16_000),))
    with pytest.raises(EngineError, match=r"PocketSphinx failed .*RIFF"):
        PocketSphinxEngine().transcribe(body, stop=GO_ON)
    assert list(tmp_path.iterdir()) == [path]
