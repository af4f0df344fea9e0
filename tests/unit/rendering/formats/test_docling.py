"""The Docling document: valid, in order of time, with times on every utterance and in every chunk."""

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from stenoflow.rendering import render_all
from stenoflow.transcript.model import Transcript
from stenoflow.transcript.normalize import normalize
from tests.support.transcripts import broken_transcripts, rendering, transcript_of

pytest.importorskip("docling_core", reason="docling-core is not installed: the docling extra")

from docling_core.transforms.chunker.hierarchical_chunker import HierarchicalChunker
from docling_core.types.doc import DoclingDocument, TextItem

from stenoflow.rendering.formats.docling import docling_document

LINES = ("Salt & pepper, please.", "Which <brand> --> that?", "The first one.")


def _read(transcript: Transcript, **recording: object) -> DoclingDocument:
    artifacts, failures = render_all(rendering(transcript, **recording), ["docling"])
    assert failures == ()
    return DoclingDocument.model_validate_json(artifacts[0].body)


def _spoken(document: DoclingDocument) -> list[TextItem]:
    return [item for item in document.texts if item.source]


def test_utterances_carry_their_time_identifier_and_voice() -> None:
    spoken = _spoken(_read(transcript_of(*LINES)))
    assert [item.text for item in spoken] == list(LINES)
    sources = [item.source[0] for item in spoken]
    assert [(s.start_time, s.end_time, s.identifier, s.voice) for s in sources] == [
        (0.0, 1.2, "u1", "Speaker 1"),
        (1.4, 2.6, "u2", "Speaker 2"),
        (2.8, 3.7, "u3", "Speaker 1"),
    ]


@pytest.mark.parametrize(
    ("given_type", "kept"),
    [
        ("audio/mpeg", "audio/mpeg"),
        ("video/mp4", "video/mp4"),
        ("audio/webm", "application/octet-stream"),
        ("audio/amr", "application/octet-stream"),
    ],
)
def test_the_origin_names_the_recording_and_its_digest(given_type: str, kept: str) -> None:
    origin = _read(
        transcript_of("Hello."), media_type=given_type, sha256="0" * 48 + "ff" * 8
    ).origin
    assert origin is not None
    assert origin.filename == "2026-07 board.mp3"
    assert str(origin.uri) == "s3://recordings/calls/2026-07%20board.mp3"
    assert (origin.mimetype, origin.binary_hash) == (kept, 2**64 - 1)


def test_it_round_trips() -> None:
    made = docling_document(rendering(replace(transcript_of(*LINES), summary="They order.")))
    again = DoclingDocument.model_validate_json(made.model_dump_json())
    assert again == made
    assert [item.text for item in made.texts[:4]] == [
        "2026-07 board.mp3",
        "Summary",
        "They order.",
        "Transcript",
    ]


def test_it_exports_to_markdown_and_webvtt_without_its_machinery() -> None:
    document = _read(transcript_of("Hello there.", "Good morning."))
    assert document.export_to_markdown() == "# 2026-07 board.mp3\n\nHello there.\n\nGood morning."
    assert document.export_to_vtt() == (
        "WEBVTT 2026-07 board.mp3\n\n"
        "u1\n00:00:00.000 --> 00:00:00.600\n<v Speaker 1>Hello there.</v>\n\n"
        "u2\n00:00:00.800 --> 00:00:01.400\n<v Speaker 2>Good morning.</v>"
    )


def test_chunks_carry_their_times() -> None:
    chunks = list(HierarchicalChunker().chunk(_read(transcript_of(*LINES))))
    times = [
        source.start_time
        for chunk in chunks
        for item in chunk.meta.doc_items
        for source in getattr(item, "source", [])
    ]
    assert times == [0.0, 1.4, 2.8]
    assert [chunk.text for chunk in chunks] == list(LINES)


@settings(max_examples=60, deadline=None)
@given(broken_transcripts())
def test_whatever_an_engine_answers_is_a_valid_document(transcript: Transcript) -> None:
    spoken = _spoken(_read(transcript))
    assert len(spoken) == len(normalize(transcript).utterances)
    starts = [item.source[0].start_time for item in spoken]
    assert starts == sorted(starts)


def test_without_docling_core_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        if name.startswith("docling_core"):
            raise ImportError(name)
        return real(name, globals, locals, fromlist, level)

    monkeypatch.setattr(builtins, "__import__", refuse)
    artifacts, failures = render_all(rendering(transcript_of("Hello.")), ["docling", "txt"])
    assert [artifact.name for artifact in artifacts] == ["txt"]
    assert failures[0].error == (
        "the docling format needs docling-core: pip install 'stenoflow[docling]'"
    )
