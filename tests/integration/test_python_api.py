"""The public names, and the examples of docs/python-api.md, run one after the other."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import stenoflow
from stenoflow.deployments.samples import sample_recordings
from tests.support.corpus import ROOT

PAGE = ROOT / "docs" / "python-api.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
BRIEFING = next(path for path in sample_recordings() if path.name == "briefing.mp4")


def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for recording in sample_recordings():
        shutil.copy(recording, tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for example in EXAMPLES:
        exec(compile(example, PAGE.name, "exec"), names)
    assert (tmp_path / "transcripts" / "briefing.mp4" / "page.html").exists()
    assert {path.name for path in (tmp_path / "captions" / "briefing.mp4").iterdir()} == {
        "transcript.json",
        "transcript.vtt",
    }
    assert b"-->" in (tmp_path / "briefing.srt").read_bytes()


def test_every_public_name_is_there() -> None:
    assert all(getattr(stenoflow, name) for name in stenoflow.__all__)
    assert set(stenoflow.__all__) <= set(dir(stenoflow))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        stenoflow.nothing  # noqa: B018


def test_importing_it_imports_nothing_large() -> None:
    program = (
        "import sys, stenoflow\n"
        "print({'numpy', 'pydantic', 'httpx', 'prefect'} & set(sys.modules))\n"
        "stenoflow.transcribe, stenoflow.Profile, stenoflow.render\n"
        "print('prefect' in sys.modules)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["set()", "False"]


def test_what_is_published_is_neither_fetched_nor_bought_again(tmp_path: Path) -> None:
    first = stenoflow.transcribe(BRIEFING, destination=tmp_path)
    page = tmp_path / "briefing.mp4" / "page.html"
    page.unlink()

    assert stenoflow.transcribe(BRIEFING, destination=tmp_path) == first
    assert not page.exists()


def test_without_its_ledger_it_is_transcribed_again(tmp_path: Path) -> None:
    first = stenoflow.transcribe(BRIEFING, destination=tmp_path)
    shutil.rmtree(tmp_path / "_stenoflow" / "ledger")

    assert stenoflow.transcribe(BRIEFING, destination=tmp_path) == first
    assert (tmp_path / "_stenoflow" / "ledger").exists()


def test_a_rejection_is_the_same_when_its_manifest_is_found(tmp_path: Path) -> None:
    (tmp_path / "notes.mp3").write_text("These are notes, not a recording.")
    messages: list[str] = []
    for _ in range(2):
        with pytest.raises(stenoflow.BadMedia) as raised:
            stenoflow.transcribe(tmp_path / "notes.mp3", destination=tmp_path / "out")
        messages.append(str(raised.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"artifacts": ("no-such-format",)}, stenoflow.ConfigurationError),
        ({"limits": {"max_bytes": 1000}}, stenoflow.OverLimit),
        ({"limits": {"max_duration_s": 1}}, stenoflow.OverLimit),
    ],
)
def test_errors_are_raised_by_type(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        stenoflow.transcribe(BRIEFING, profile=stenoflow.Profile(**changes))


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(stenoflow.NotFound, match="missing"):
        stenoflow.transcribe(tmp_path / "missing.mp3")
