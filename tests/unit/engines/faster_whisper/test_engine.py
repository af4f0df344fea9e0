"""faster-whisper: which folders are models, and what its answers become."""

import json
import threading
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.audio.encoding import RequestAudio
from stenoflow.engines.base import Library
from stenoflow.engines.faster_whisper.engine import (
    CHUNK,
    SPECIFICATION,
    FasterWhisperEngine,
    chunked,
)
from stenoflow.engines.faster_whisper.options import FasterWhisperOptions
from stenoflow.engines.registry import open_engine
from stenoflow.errors import (
    ConfigurationError,
    EngineAccountError,
    EngineError,
    MissingDependency,
)
from stenoflow.profile.model import Profile
from stenoflow.testing.tones import request_audio, synthesize, write_wav
from stenoflow.times import SAMPLE_RATE, Span

GO_ON = threading.Event()

needs_faster_whisper = pytest.mark.skipif(
    find_spec("faster_whisper") is None,
    reason="faster-whisper is not here: pip install 'stenoflow[faster-whisper]'",
)


def engine(folder: Path, **choices: object) -> FasterWhisperEngine:
    return FasterWhisperEngine(
        FasterWhisperOptions.model_validate({"model_dir": str(folder), "device": "cpu"} | choices)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Looks like a model, but has no weights."""
    made = tmp_path / "small"
    made.mkdir()
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (made / name).write_text("{}")
    (made / "model.bin").write_bytes(b"\x06\0\0\0\x0c\0" + SPECIFICATION + b"nothing more")
    return made


def answered(**changes: Any) -> bytes:
    answer: dict[str, Any] = {
        "engine": "faster-whisper",
        "version": "1.2.1",
        "model": "small",
        "sha256": "ab",
        "samples": 5 * SAMPLE_RATE,
        "chunks": [],
    }
    return json.dumps(answer | changes).encode()


def chunk(start: int, end: int, *segments: Any, language: str = "en") -> dict[str, Any]:
    where = {"start": start, "end": end, "language": language, "probability": 0.9}
    return where | {"segments": list(segments)}


def test_without_the_package_it_says_how_to_install_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Library, "installed", False)
    with pytest.raises(MissingDependency, match=r"pip install 'stenoflow\[faster-whisper\]'"):
        open_engine(
            Profile(
                engine="faster-whisper",
                faster_whisper=FasterWhisperOptions(model_dir=str(folder)),
            )
        )


def without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


@needs_faster_whisper
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without("config.json"), "no config.json"),
        (without("model.bin"), "no model.bin"),
        (without("tokenizer.json"), "no tokenizer.json"),
        (without("vocabulary.json"), "no vocabulary.json"),
        (lambda folder: (folder / "model.bin").write_bytes(b""), "does not hold a Whisper model"),
        (
            lambda folder: (folder / "model.bin").write_bytes(b"ggml" * 9),
            "does not hold a Whisper model",
        ),
        (
            lambda folder: folder.rename(folder.with_name("elsewhere")),
            "is not a folder of a Whisper",
        ),
    ],
)
def test_a_folder_that_is_no_model_is_refused_at_once(
    folder: Path, spoil: Callable[[Path], object], said: str
) -> None:
    spoil(folder)
    with pytest.raises(ConfigurationError, match=said):
        engine(folder)


@needs_faster_whisper
def test_no_folder_is_asked_for_by_its_name() -> None:
    with pytest.raises(ConfigurationError, match=r"faster_whisper\.model_dir"):
        FasterWhisperEngine(FasterWhisperOptions())


@needs_faster_whisper
def test_a_language_that_whisper_does_not_know_is_refused_at_once(folder: Path) -> None:
    for known in ("en", "en-US", "jv", "yue"):
        engine(folder, language=known)
    with pytest.raises(ConfigurationError, match="no language 'tlh'"):
        engine(folder, language="tlh")


@needs_faster_whisper
def test_identity_is_the_options_and_the_weights_wherever_they_lie(
    folder: Path, tmp_path: Path
) -> None:
    one = engine(folder).identity()
    changes: tuple[dict[str, object], ...] = (
        {"language": "de"},
        {"beam_size": 1},
        {"compute_type": "int8"},
        {"device": "auto"},
    )
    others = [engine(folder, **change).identity() for change in changes]
    elsewhere = tmp_path / "else" / "small"
    elsewhere.parent.mkdir()
    folder.rename(elsewhere)
    assert engine(elsewhere).identity() == one
    with (elsewhere / "model.bin").open("ab") as weights:
        weights.write(b"!")
    found = [one, *others, engine(elsewhere).identity()]
    assert all(found.count(each) == 1 for each in found)
    assert str(tmp_path) not in json.dumps(found)


@needs_faster_whisper
def test_words_of_all_chunks_are_read_at_their_places(folder: Path) -> None:
    raw = answered(
        chunks=[
            chunk(
                0, 32_000, [[" Ten", 0.0, 0.5, 0.6], [" ", 0.5, 0.5, 0.1]], [[" is", 1, 2.5, 1.5]]
            ),
            chunk(32_000, 48_000, [[" oui", -0.1, 0.5, 0.9]], language="fr"),
            chunk(48_000, 80_000, [[" ", 0.0, 0.1, 0.1]]),
        ]
    )
    reply = engine(folder).parse(raw)
    assert [(word.text, word.start_s, word.end_s, word.confidence) for word in reply.words] == [
        ("Ten", 0.0, 0.5, 0.6),
        ("is", 1.0, 2.0, 1.0),
        ("oui", 2.0, 2.5, 0.9),
    ]
    assert reply.utterance_starts == (0, 1, 2)
    assert (reply.language, reply.language_confidence) == ("en", 0.9)
    assert (reply.model, reply.sha256, reply.duration_s) == ("faster-whisper 1.2.1, small", "ab", 5)


@needs_faster_whisper
@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([" at", " 22", ",050", " Hz,"], ["at", "22,050", "Hz,"]),
        ([" Yes,", " ma", "'am."], ["Yes,", "ma'am."]),
        ([" in", "-house", " and", " 3", ".", "5", "%"], ["in-house", "and", "3.5%"]),
        (["Ten", " is"], ["Ten", "is"]),
        (["今日", "は", "晴れ"], ["今日", "は", "晴れ"]),
        ([" 我", "用", "Prefect", "。"], ["我", "用", "Prefect", "。"]),
        ([" a", "", "b", " ", "c"], ["ab", "c"]),
    ],
)
def test_words_keep_their_own_spacing(folder: Path, parts: list[str], words: list[str]) -> None:
    timed = [[part, at / 4, (at + 1) / 4, 0.9 - at / 10] for at, part in enumerate(parts)]
    reply = engine(folder).parse(answered(chunks=[chunk(0, 80_000, timed)]))
    assert [word.text for word in reply.words] == words
    if words[0] == "at":
        joined = reply.words[1]
        assert (joined.start_s, joined.end_s, joined.confidence) == (0.25, 0.75, 0.7)


@needs_faster_whisper
def test_nothing_recognized_is_a_reply_without_words(folder: Path) -> None:
    reply = engine(folder).parse(answered())
    assert (reply.words, reply.utterance_starts, reply.language) == ((), (), None)


@needs_faster_whisper
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"unusable": "no"}',
        answered(engine="pocketsphinx"),
        answered(samples="5"),
        answered(chunks=[chunk(0, 9, [[" a", 0.0, 1.0]])]),
        answered(chunks=[chunk(0, 9, [[" a", "0", 1.0, 0.5]])]),
        answered(chunks=[chunk(0, 9, [[" a", float("nan"), 1.0, 0.5]])]),
        answered(more=1),
        answered()[:-1],
    ],
)
def test_what_no_child_writes_is_trouble(folder: Path, raw: bytes) -> None:
    with pytest.raises(EngineError, match="faster-whisper's reply"):
        engine(folder).parse(raw)


@given(
    gaps=st.lists(st.tuples(st.integers(0, CHUNK // 2), st.integers(1, CHUNK * 2)), max_size=12),
    tail=st.integers(0, CHUNK),
)
def test_chunks_partition_the_body_in_pauses_where_they_can(
    gaps: list[tuple[int, int]], tail: int
) -> None:
    speech: list[Span] = []
    at = 0
    for gap, length in gaps:
        speech.append(Span(at + gap, at + gap + length))
        at += gap + length
    samples = at + tail
    chunks = chunked(speech, samples)
    assert [each.start for each in chunks] == [0, *(each.end for each in chunks)][: len(chunks)]
    assert sum(each.samples for each in chunks) == samples
    assert all(0 < each.samples <= CHUNK for each in chunks)
    for each in chunks[:-1]:
        inside = [span for span in speech if span.start < each.end < span.end]
        pauses = [
            a.end for a, b in pairwise(speech) if each.start < (a.end + b.start) // 2 <= each.end
        ]
        assert not inside or not pauses


@needs_faster_whisper
def test_weights_that_cannot_be_loaded_close_the_engine(folder: Path, tmp_path: Path) -> None:
    body = request_audio(write_wav(tmp_path / "a.wav", synthesize([], 1600)), samples=1600)
    with pytest.raises(EngineAccountError, match="cannot use the model"):
        engine(folder).transcribe(body, stop=GO_ON)
    assert not list(tmp_path.glob("*.request.json"))


@needs_faster_whisper
def test_a_body_behind_a_url_is_nothing_for_it(folder: Path) -> None:
    with pytest.raises(ValueError, match="files"):
        engine(folder).transcribe(RequestAudio(None, "http://a/b", 0, "", "", 0, ()), stop=GO_ON)
