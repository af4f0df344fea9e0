"""PocketSphinx: its groups of speech, its identity, and what its answers become."""

import json
import threading
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.audio.encoding import RequestAudio
from stenoflow.engines.pocketsphinx.engine import (
    LONGEST,
    MARGIN,
    PAUSE,
    PocketSphinxEngine,
    grouped,
)
from stenoflow.engines.pocketsphinx.options import PocketSphinxOptions
from stenoflow.errors import EngineError
from stenoflow.times import Span

GO_ON = threading.Event()


def test_a_body_behind_a_url_is_nothing_for_it() -> None:
    with pytest.raises(ValueError, match="files"):
        PocketSphinxEngine().transcribe(
            RequestAudio(None, "http://a/b", 0, "", "", 0, ()), stop=GO_ON
        )


def test_identity_changes_with_every_option() -> None:
    options = (
        PocketSphinxOptions(),
        PocketSphinxOptions(beam=1e-50),
        PocketSphinxOptions(wbeam=1e-30),
        PocketSphinxOptions(maxhmmpf=3000),
    )
    found = [json.dumps(PocketSphinxEngine(each).identity()) for each in options]
    assert len(set(found)) == len(options)
    assert PocketSphinxEngine().identity() == PocketSphinxEngine(options[0]).identity()


def answered(*words: Any, start: int = 1600, end: int = 40_000, **changes: Any) -> bytes:
    answer: dict[str, Any] = {
        "engine": "pocketsphinx",
        "version": "5.1.1",
        "sha256": "ab",
        "samples": 48_000,
        "stretches": [{"start": start, "end": end, "words": words}],
    }
    return json.dumps(answer | changes).encode()


def test_fillers_are_left_out_and_variants_lose_their_number() -> None:
    raw = answered(
        ["<s>", 0, 9, 1.0],
        ["ten(2)", 10, 29, 0.5],
        ["<sil>", 30, 39, 1.0],
        ["[NOISE]", 40, 49, 0.1],
        ["++UH++", 50, 59, 0.1],
        ["o'clock", 60, 250, 0.25],
        ["</s>", 251, 260, 1.0],
    )
    reply = PocketSphinxEngine().parse(raw)
    assert [(word.text, word.start_s, word.end_s, word.confidence) for word in reply.words] == [
        ("ten", 0.2, 0.4, 0.5),
        ("o'clock", 0.7, 2.5, 0.25),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"{}",
        b"\xff",
        answered()[:-1],
        answered(engine="deepgram"),
        answered(more=1),
        answered(samples="48000"),
        answered(samples=-1),
        answered(start=-1),
        answered(["ten", 0, 1]),
        answered(["ten", 0, 1, "sure"]),
        answered(["ten", 0.5, 1, 1.0]),
        answered(["ten", -1, 1, 1.0]),
        answered(["ten", 0, 1, 1.5]),
        answered(["ten", 0, 1, -0.1]),
        answered(["ten", 0, 1, float("nan")]),
        answered([None, 0, 1, 1.0]),
    ],
)
def test_what_no_child_writes_is_trouble(raw: bytes) -> None:
    with pytest.raises(EngineError, match="PocketSphinx's reply"):
        PocketSphinxEngine().parse(raw)


@given(
    lengths=st.lists(st.tuples(st.integers(1, 2 * PAUSE), st.integers(1, LONGEST)), max_size=20),
    tail=st.integers(0, 2 * MARGIN),
)
def test_groups_hold_all_speech_in_order_and_none_overlap(
    lengths: list[tuple[int, int]], tail: int
) -> None:
    speech: list[Span] = []
    at = 0
    for pause, length in lengths:
        speech.append(Span(at + pause, at + pause + length))
        at += pause + length
    groups = grouped(speech, at + tail)
    assert all(a.end <= b.start for a, b in pairwise(groups))
    for span in speech:
        assert sum(group.start <= span.start and span.end <= group.end for group in groups) == 1
    for group in groups:
        inside = [span for span in speech if group.start <= span.start < group.end]
        assert inside
        assert all(b.start - a.end < PAUSE for a, b in pairwise(inside))
        assert len(inside) == 1 or group.samples <= LONGEST + 2 * MARGIN
