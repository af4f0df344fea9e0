"""Every format renders whatever an engine returns, and warnings say what was corrected."""

import json
import math

import pytest
from hypothesis import given, settings

from stenoflow.rendering import Rendering, render_all, renderers
from stenoflow.times import Seconds
from stenoflow.transcript.model import Transcript, Utterance, Word
from tests.support.transcripts import HOSTILE, broken_transcripts, rendering


def _every(shown: Rendering) -> dict[str, bytes]:
    artifacts, failures = render_all(shown, renderers())
    assert failures == ()
    return {artifact.name: artifact.body for artifact in artifacts}


@settings(max_examples=60, deadline=None)
@given(broken_transcripts())
def test_every_format_renders_every_transcript(transcript: Transcript) -> None:
    files = _every(rendering(transcript))
    for name in ("txt", "md", "srt", "vtt", "page", "json", "words", "docling"):
        text = files[name].decode()
        assert not any(ord(char) < 32 and char != "\n" for char in text), name
    json.loads(files["docling"])


@pytest.mark.parametrize("key", [*HOSTILE, "../../etc/passwd", "a/", "/", " "])
def test_names_of_recordings_are_text(key: str) -> None:
    files = _every(rendering(Transcript((), ()), key=key))
    assert "<script>alert" not in files["page"].decode()
    assert "<script" not in files["md"].decode()


def test_corrections_are_in_the_warnings() -> None:
    words = (
        Word("late", Seconds(50), Seconds(60), math.nan),
        Word("early", Seconds(1), Seconds(math.nan), 3.0),
        Word("\x00", Seconds(2), Seconds(3)),
        Word("be\x07ll", Seconds(3), Seconds(3)),
    )
    broken = Transcript(words, (Utterance(0, 4),), duration_s=Seconds(9))
    assert sorted(json.loads(_every(rendering(broken))["json"])["warnings"]) == [
        "Confidences of words were not numbers from 0 to 1: left out (2).",
        "Control characters were taken out of words (1).",
        "Times of words were missing, ran backwards or lay outside the recording: corrected (2).",
        "Words were out of order: sorted by time (2).",
        "Words without text were left out (1).",
    ]


def test_one_word_and_none() -> None:
    _every(rendering(Transcript((), ())))
    one = Transcript((Word("Hm.", Seconds(0), Seconds(0)),), (Utterance(0, 1),))
    assert b"Hm." in _every(rendering(one))["txt"]
