"""``transcript.json`` and the tables of words: everything, by the schema, in the recording's own time."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from stenoflow.rendering import render_all
from stenoflow.transcript.model import Finding, Transcript, Utterance
from tests.support.transcripts import rendering, transcript_of


def _written(transcript: Transcript, name: str) -> bytes:
    artifacts, failures = render_all(rendering(transcript), [name])
    assert failures == ()
    return artifacts[0].body


def _document(transcript: Transcript) -> dict[str, Any]:
    return json.loads(_written(transcript, "json"))


def test_utterances_say_who_when_and_what_and_where_it_plays() -> None:
    document = _document(transcript_of("Good morning.", "Hello."))
    assert document["schema"] == "stenoflow/transcript/1"
    assert document["utterances"][1] == {
        "id": "u2",
        "speaker_id": 1,
        "start_s": 0.8,
        "end_s": 1.1,
        "first_word": 2,
        "last_word": 3,
        "text": "Hello.",
        "confidence": 0.9,
        "playback_url": "https://play.example/calls/board.mp3#t=0.800,1.100",
    }
    assert document["words"][2]["text"] == "Hello."
    assert [speaker["name"] for speaker in document["speakers"]] == ["Speaker 1", "Speaker 2"]


def test_findings_stand_under_their_kind() -> None:
    transcript = replace(
        transcript_of("Good morning."),
        summary="A greeting.",
        findings=(
            Finding("topic", "greeting", 0.8, "Good morning.", 0, 2),
            Finding("sentiment", "negative", -0.4, "Good morning."),
        ),
        paragraphs=(Utterance(0, 2),),
    )
    document = _document(transcript)
    assert document["summary"] == "A greeting."
    assert [found["label"] for found in document["topics"]] == ["greeting"]
    assert document["sentiments"][0]["confidence"] == -0.4
    assert document["paragraphs"][0]["last_word"] == 2


def test_times_are_rounded_to_the_millisecond() -> None:
    document = _document(transcript_of("a b c d e", word_s=1 / 3))
    assert [word["start_s"] for word in document["words"]] == [0.0, 0.333, 0.667, 1.0, 1.333]


def test_words_a_line_are_those_of_the_document() -> None:
    transcript = transcript_of("Good morning.", "Hello.")
    lines = _written(transcript, "words").decode().splitlines()
    assert [json.loads(line) for line in lines] == _document(transcript)["words"]


def test_words_in_parquet_are_those_of_the_document() -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    transcript = transcript_of("Good morning.", "Hello.")
    table = parquet.read_table(io.BytesIO(_written(transcript, "parquet")))
    rows = [row | {"confidence": round(row["confidence"], 4)} for row in table.to_pylist()]
    assert rows == _document(transcript)["words"]
    empty = parquet.read_table(io.BytesIO(_written(Transcript((), ()), "parquet")))
    assert empty.schema == table.schema
