"""Whisper as an engine: what it refuses at once, its identity, and the parts that it works in."""

import json
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.audio.encoding import RequestAudio
from stenoflow.engines.base import Engine
from stenoflow.engines.registry import open_engine
from stenoflow.engines.whisper.engine import CHUNK, WINDOW, chunked, windows
from stenoflow.engines.whisper.weights import MULTILINGUAL_TOKENS
from stenoflow.errors import (
    ConfigurationError,
    EngineAccountError,
)
from stenoflow.profile.model import Profile
from stenoflow.testing.tones import request_audio, synthesize, write_wav
from stenoflow.times import SAMPLE_RATE, Span

GO_ON = threading.Event()


def engine(folder: Path, **choices: object) -> Engine:
    section = {"model": str(folder), "device": "cpu"} | choices
    return open_engine(Profile.model_validate({"whisper": section}))


def test_a_language_that_whisper_does_not_know_is_refused_at_once(folder: Path) -> None:
    for known in ("en", "en-US", "jv", "yue"):
        engine(folder, language=known)
    with pytest.raises(ConfigurationError, match="no language 'tlh'"):
        engine(folder, language="tlh")


def test_identity_is_the_options_and_the_weights_wherever_they_lie(
    folder: Path, tmp_path: Path
) -> None:
    one = engine(folder).identity()
    changes: tuple[dict[str, object], ...] = (
        {"language": "de"},
        {"beam_size": 1},
        {"compute_type": "int8"},
        {"device": "auto"},
        {"hotwords": "Prefect"},
        {"task": "translate"},
    )
    assert engine(folder, threads=4).identity() == one, "how fast is of no matter"
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


def test_english_weights_refuse_what_they_cannot_do(folder: Path) -> None:
    (folder / "vocabulary.json").write_text(json.dumps(["a"] * (MULTILINGUAL_TOKENS - 1)))
    engine(folder, language="en-GB")
    for choice in ({"language": "es"}, {"task": "translate"}, {"multilingual": True}):
        with pytest.raises(ConfigurationError, match=rf"English only.*{next(iter(choice))}"):
            engine(folder, **choice)


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


def test_weights_that_cannot_be_loaded_close_the_engine(folder: Path, tmp_path: Path) -> None:
    body = request_audio(write_wav(tmp_path / "a.wav", synthesize([], 1600)), samples=1600)
    with pytest.raises(EngineAccountError, match="cannot use the model"):
        engine(folder).transcribe(body, stop=GO_ON)
    assert not list(tmp_path.glob("*.request.json"))


def test_a_body_behind_a_url_is_nothing_for_it(folder: Path) -> None:
    with pytest.raises(ValueError, match="files"):
        engine(folder).transcribe(RequestAudio(None, "http://a/b", 0, "", "", 0, ()), stop=GO_ON)


def test_windows_are_what_whisper_decodes_at_once() -> None:
    speech = [
        Span(at, at + SAMPLE_RATE * 8) for at in range(0, SAMPLE_RATE * 100, SAMPLE_RATE * 10)
    ]
    found = windows(speech, Span(SAMPLE_RATE * 10, SAMPLE_RATE * 100))
    assert found[0].start == 0
    assert found[-1].end == SAMPLE_RATE * 90
    assert all(each.samples <= WINDOW for each in found)
    assert [a.end for a in found[:-1]] == [b.start for b in found[1:]]
    assert [each.start / SAMPLE_RATE for each in found] == [0, 29, 59, 79]
