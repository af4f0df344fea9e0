"""References: each kind of file, and where one is looked for."""

import json
from pathlib import Path

import pytest

from stenoflow.comparison.references import find_reference, is_reference_file, parse_reference
from stenoflow.errors import ConfigurationError
from stenoflow.rendering import find_renderer
from tests.support.transcripts import rendering, transcript_of

VTT = """WEBVTT

NOTE a comment --> not a cue
that goes on

cue one
00:01.500 --> 00:02.000 align:start
<v Ada>Fish &amp; <b>chips</b></v>

1:00:00.000 --> 1:00:01.000
again
and again
"""
SRT = "1\r\n00:00:01,500 --> 00:00:02,000\r\n{\\an8}<i>Hello</i> there\r\n\r\n2\r\n"


def forms(name: str, text: str) -> list[str]:
    return [word.form for word in parse_reference(name, text.encode())]


def test_a_text_is_its_words() -> None:
    assert forms("a.txt", "\ufeffHello,\nworld –\n") == ["hello", "world"]


def test_captions_have_the_times_of_their_cues() -> None:
    found = parse_reference("a.vtt", VTT.encode())
    assert [(word.form, word.start_s, word.end_s) for word in found] == [
        ("fish", 1.5, 2.0),
        ("chips", 1.5, 2.0),
        ("again", 3600.0, 3601.0),
        ("and", 3600.0, 3601.0),
        ("again", 3600.0, 3601.0),
    ]
    found = parse_reference("a.SRT", SRT.encode())
    assert [(word.form, word.start_s) for word in found] == [("hello", 1.5), ("there", 1.5)]


@pytest.mark.parametrize("name", ["json", "srt", "vtt"])
def test_what_we_publish_can_be_a_reference(name: str) -> None:
    made = rendering(transcript_of("Good morning <everybody>.", "The invoice is wrong."))
    raw = find_renderer(name).render(made)
    found = [word.form for word in parse_reference(f"a.{name}", raw)]
    spoken = ["good", "morning", "everybody", "the", "invoice", "is", "wrong"]
    assert [form for form in found if form in spoken] == spoken


@pytest.mark.parametrize(
    ("name", "raw"),
    [("a.txt", b"\xff\xfe\x00"), ("a.json", b"[]"), ("a.json", b'{"words": [{"text": 1}]}')],
)
def test_what_is_not_a_reference_is_refused(name: str, raw: bytes) -> None:
    with pytest.raises(ConfigurationError, match="The reference a"):
        parse_reference(name, raw)


@pytest.mark.parametrize(
    "file",
    ["calls/board.mp3.txt", "board.mp3.srt", "calls/board.txt", "board.json",
     "calls/board.mp3/transcript.json", "board.mp3/transcript.json"],
)  # fmt: skip
def test_a_folder_has_a_file_for_a_recording_by_its_key(file: str, tmp_path: Path) -> None:
    text = "1\n00:01,000 --> 00:02,000\nhello\n" if file.endswith("srt") else "hello"
    if file.endswith("json"):
        text = json.dumps({"words": [{"text": "hello", "start_s": 1, "end_s": 2}]})
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    found = find_reference(str(tmp_path), "calls/board.mp3")
    assert found and [word.form for word in found] == ["hello"]
    assert find_reference(str(tmp_path), "calls/other.mp3") is None


def test_a_file_is_the_reference_of_whatever_recording(tmp_path: Path) -> None:
    file = tmp_path / "truth.txt"
    file.write_text("hello")
    (tmp_path / "folder.txt").mkdir()
    assert find_reference(str(file), "calls/board.mp3")
    assert is_reference_file(str(file))
    assert is_reference_file("s3://bucket/truth.SRT")
    assert not is_reference_file(str(tmp_path / "folder.txt"))
    assert not is_reference_file("s3://bucket/references")
