"""What servers make of ``verbose_json``, read into words."""

import json
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.engines.openai.response import SPREAD, read_reply
from stenoflow.errors import EngineAccountError, EngineError, ErrorReply
from stenoflow.transcript.model import Reply

Timed = tuple[str, float, float]


def read(**reply: Any) -> Reply:
    return read_reply(json.dumps(reply).encode(), model="m", language=None)


def word(text: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {"word": text, "start": start, "end": end, **more}


def segment(text: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {"id": 0, "text": text, "start": start, "end": end, "tokens": [1], **more}


def timed(reply: Reply) -> list[Timed]:
    return [(each.text, each.start_s, each.end_s) for each in reply.words]


def test_bare_words_get_the_texts_punctuation() -> None:
    """As OpenAI's own whisper-1 answers."""
    words = ["Well", "she", "said", "it's", "3", "5", "twenty", "five", "No"]
    reply = read(
        task="transcribe",
        language="english",
        duration=9.0,
        text='Well, she said: "It\'s 3.5 — twenty-five." (No!)',
        words=[word(each, at, at + 0.5) for at, each in enumerate(words)],
        segments=[segment(" Well, she said:", 0, 2.9), segment(" \"It's 3.5", 2.95, 9)],
    )
    assert timed(reply) == [
        ("Well,", 0, 0.5),
        ("she", 1, 1.5),
        ("said:", 2, 2.5),
        ("\"It's", 3, 3.5),
        ("3.5 —", 4, 5.5),
        ('twenty-five."', 6, 7.5),
        ("(No!)", 8, 8.5),
    ]
    assert reply.utterance_starts == (0, 3)
    assert (reply.language, reply.model, reply.duration_s) == ("en", "m", 9.0)
    assert not reply.warnings


def test_pieces_inside_segments_become_words() -> None:
    """As whisper.cpp answers."""
    first = [
        word(" Hello", 0.01, 0.43, probability=0.97),
        word(",", 0.43, 0.54, probability=0.1),
        word(" Ada", 0.6, 0.8, probability=0.9),
        word(" Love", 0.8, 1.0, probability=0.8),
        word("lace", 1.0, 1.3, probability=0.7),
        word(".", 1.3, 1.3, probability=0.99),
    ]
    reply = read(
        text=" Hello, Ada Lovelace.\n Bye.\n",
        segments=[
            segment(" Hello, Ada Lovelace.", 0, 1.3, words=first),
            segment(" Bye.", 2, 2.5, words=[word(" Bye", 2.1, 2.4), word(".", 2.4, 2.5)]),
        ],
    )
    assert timed(reply) == [
        ("Hello,", 0.01, 0.43),
        ("Ada", 0.6, 0.8),
        ("Lovelace.", 0.8, 1.3),
        ("Bye.", 2.1, 2.4),
    ]
    assert [each.confidence for each in reply.words] == [0.97, 0.9, 0.7, None]
    assert reply.utterance_starts == (0, 3)


def test_where_one_segment_differs_from_its_words_the_others_are_still_spelled() -> None:
    reply = read(
        text="One, two. Three! Four?",
        words=[word(each, at, at + 1) for at, each in enumerate(["one", "two", "tree", "four"])],
        segments=[segment("One, two.", 0, 2), segment("Three!", 2, 3), segment("Four?", 3, 4)],
    )
    assert [each.text for each in reply.words] == ["One,", "two.", "tree", "Four?"]


def test_scripts_without_spaces_stay_in_pieces() -> None:
    pieces = ["你好", "世界", "OK"]
    reply = read(
        text="「你好」，世界OK。",
        words=[word(each, at, at + 1) for at, each in enumerate(pieces)],
        segments=[],
    )
    assert [each.text for each in reply.words] == ["「你好」，", "世界", "OK。"]


def test_words_of_segments_are_spread_evenly_with_a_warning() -> None:
    """As vLLM and LocalAI answer."""
    reply = read(
        text="abcd efgh ij. k",
        words=None,
        language="en",
        duration="10.5",
        segments=[segment(" abcd efgh ij.", 2, 3.1), segment(" k", 9, 10)],
    )
    assert [(text, round(start, 3), round(end, 3)) for text, start, end in timed(reply)] == [
        ("abcd", 2, 2.4),
        ("efgh", 2.4, 2.8),
        ("ij.", 2.8, 3.1),
        ("k", 9, 10),
    ]
    assert reply.warnings == (SPREAD,)
    assert reply.utterance_starts == (0, 3)
    assert reply.duration_s == 10.5


def test_segments_of_scripts_without_spaces_are_spread_by_letter() -> None:
    reply = read(text="x", segments=[segment("コーヒー、「ok」ですか？", 0, 11)])
    assert [each.text for each in reply.words] == ["コー", "ヒー、「", "ok」", "で", "す", "か？"]
    assert reply.words[-1].end_s == 11


def test_an_empty_transcript_is_valid() -> None:
    for reply in (read(text=""), read(text=" ", words=[], segments=[]), read(text="...", words=[])):
        assert not reply.words
        assert not reply.warnings


def test_a_word_that_ends_before_it_starts_ends_where_it_starts() -> None:
    assert timed(read(text="a", words=[word("a", 2, 1)])) == [("a", 2, 2)]


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"text": None},
    ],
)
def test_what_is_no_transcription_is_trouble_and_its_text_stays_private(
    reply: dict[str, Any],
) -> None:
    with pytest.raises(EngineError) as caught:
        read(**reply)
    assert "said" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"\xff", b'{"text": "\xc3('])
def test_what_is_no_json_object_is_trouble(raw: bytes) -> None:
    with pytest.raises(EngineError):
        read_reply(raw, model="m", language=None)


def test_a_confidence_that_is_none_costs_no_word() -> None:
    reply = read(
        text="a b c",
        words=[
            word("a", 0, 1, probability="high"),
            word("b", 1, 2, probability=1.5),
            word("c", 2, 3, probability=0.5),
        ],
    )
    assert [each.confidence for each in reply.words] == [None, None, 0.5]


pieces = st.text(st.sampled_from("abÀß1你ー.,'-\" \n"), min_size=1, max_size=5)


@given(words=st.lists(pieces, max_size=12), joint=st.sampled_from(["", " ", ", ", "\n"]))
def test_spelling_loses_no_letter_and_keeps_time_in_order(words: list[str], joint: str) -> None:
    """Whatever the pieces are: all letters are there once, and no word is empty or out of order."""
    reply = read(
        text=joint.join(words),
        words=[word(each, at, at + 1) for at, each in enumerate(words)],
    )
    said = "".join(words)
    assert [letter for each in reply.words for letter in each.text if letter.isalnum()] == [
        letter for letter in said if letter.isalnum()
    ]
    assert all(each.text.strip() for each in reply.words)
    assert all(a.end_s <= b.start_s for a, b in pairwise(reply.words))


@given(text=st.text(st.sampled_from("abÀß1你ー.,'-\" \n"), max_size=40))
def test_spreading_loses_no_character_and_stays_inside_its_segment(text: str) -> None:
    reply = read(text="", segments=[segment(text, 3, 5)])
    assert "".join(each.text for each in reply.words) == "".join(text.split())
    assert all(3 <= each.start_s <= each.end_s <= 5 for each in reply.words)
    assert all(a.end_s == b.start_s for a, b in pairwise(reply.words))


@pytest.mark.parametrize("value", [None, -1, "soon", math.nan, math.inf, 5_000_000_000, True, []])
@pytest.mark.parametrize("place", ["start", "end"])
def test_a_time_that_cannot_be_costs_no_word(place: str, value: Any) -> None:
    words = [word("a", 0, 1), word("b", 1, 2), word("c", 2, 3)]
    words[1][place] = value
    reply = read(text="a b c", words=words)
    assert timed(reply)[::2] == [("a", 0, 1), ("c", 2, 3)]
    assert 1 <= reply.words[1].start_s <= reply.words[1].end_s <= 2
    assert ["times that cannot be" in each for each in reply.warnings] == [True]


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"text": "a b", "words": None, "segments": None, "duration": 4.0}, "spread evenly"),
        ({"text": "a b", "words": {"word": "a"}, "duration": 4.0}, "spread evenly"),
        ({"text": "a b", "words": [], "segments": []}, "spread evenly"),
        ({"text": "a b", "words": [{"word": 1}, word("a", 0, 1), word("b", 1, 2)]}, "without"),
        ({"text": None, "words": [word("a", 0, 1), word("b", 1, 2)]}, None),
        ({"text": "a b", "duration": "long", "words": [word("a", 0, 1), word("b", 1, 2)]}, None),
        ({"text": "a b", "language": 7, "words": [word("a", 0, 1), word("b", 1, 2)]}, None),
        ({"text": "a b", "words": [word("a", 5e9, 6e9)] * 4, "duration": 2.0}, "spread evenly"),
    ],
)
def test_an_odd_or_missing_field_is_normalized_with_a_warning(
    fields: dict[str, Any], warning: str | None
) -> None:
    reply = read(**fields)
    assert {each.text for each in reply.words} >= {"a"}
    assert any(warning in each for each in reply.warnings) if warning else not reply.warnings


@pytest.mark.parametrize("raw", [b'{"error": {"message": "busy"}}', b'{"detail": "no"}'])
def test_an_error_with_200_is_an_error_that_may_be_retried(raw: bytes) -> None:
    with pytest.raises(ErrorReply, match="reports an error"):
        read_reply(raw, model="m", language=None)


def test_a_model_without_times_stops_the_run() -> None:
    with pytest.raises(EngineAccountError, match="verbose_json"):
        read(text="Words.")
