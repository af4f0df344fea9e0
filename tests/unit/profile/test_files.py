"""Profiles in files, and what a person is told of one that is not valid."""

import json
from pathlib import Path

import pytest

from stenoflow.errors import ConfigurationError
from stenoflow.profile import Profile, read_profile

FIELDS = {"engine": "deepgram", "deepgram": {"model": "nova-2"}, "artifacts": ["txt"]}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", 'engine = "deepgram"\nartifacts = ["txt"]\n[deepgram]\nmodel = "nova-2"\n'),
        ("a.yaml", "engine: deepgram\nartifacts: [txt]\ndeepgram:\n  model: nova-2\n"),
        ("a.json", json.dumps(FIELDS)),
    ],
)
def test_a_profile_is_read_from_each_format(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_profile(tmp_path / name) == Profile.model_validate(FIELDS)


@pytest.mark.parametrize("name", ["a.toml", "a.yaml"])
def test_an_empty_file_is_the_default_profile(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    assert read_profile(str(tmp_path / name)) == Profile()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("deepgram: {modell: nova-2}", "deepgram.modell: no such field; did you mean model?"),
        ("depgram: {}", "depgram: no such field; did you mean deepgram?"),
        ("notify: {ur: 'https://a'}", "notify.ur: no such field; did you mean url?"),
        ("vad: {zzzz: 1}", "vad.zzzz: no such field"),
        ("vad: {threshold: 3}", "vad.threshold: Input should be less than"),
        ("engine: parrot", "engine: There is no engine 'parrot'"),
        ("vad: {threshold: 3}\nlimits: {max_bytes: 0}", "limits.max_bytes"),
        ("just text", "is not valid"),
    ],
)
def test_each_invalid_field_is_named_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"wrong\.yaml is not valid") as caught:
        read_profile(path)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"), [("a.toml", b"= 1"), ("a.yaml", b"a: ["), ("a.json", b"\xff")]
)
def test_a_file_that_cannot_be_parsed_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"{name} cannot be read"):
        read_profile(tmp_path / name)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.toml cannot be read"):
        read_profile(tmp_path / "absent.toml")
