"""A format of another package, as ``docs/formats.md`` describes it, is found once it is installed."""

import re
from pathlib import Path

import pytest

from stenoflow.rendering import renderers
from tests.support.plugins import install_package, run_with_package

DOCS = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")

RENDER = """
from stenoflow.rendering import render, renderer_problems, renderers
from tests.support.transcripts import transcript_of

print(render(transcript_of("Hello there.", "Good morning."), "talk").decode(), end="")
print(renderers()["talk"].description)
print(len(renderer_problems()), "problems")
"""

COLLIDE = """
from stenoflow.errors import ConfigurationError
from stenoflow.rendering import check_artifacts, renderer_problems, renderers

print(*renderers())
print(*(problem.name for problem in renderer_problems()))
try:
    check_artifacts(["broken"])
except ConfigurationError as error:
    print(error)
"""


def _documented(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def package() -> dict[str, str]:
    return {"pyproject.toml": _documented("toml"), "talk_csv.py": _documented("python")}


def test_a_documented_format_is_rendered(package: dict[str, str], tmp_path: Path) -> None:
    installed = install_package(package, tmp_path)
    assert run_with_package(installed, RENDER).splitlines() == [
        "speaker,seconds",
        "Speaker 1,0.600",
        "Speaker 2,0.600",
        "Who talked for how long, for spreadsheets",
        "0 problems",
    ]


def test_broken_formats_of_a_package_leave_ours_available(
    package: dict[str, str], tmp_path: Path
) -> None:
    points = 'talk = "talk_csv:RENDERER"'
    package["pyproject.toml"] = package["pyproject.toml"].replace(
        points, 'txt = "talk_csv:RENDERER"\nbroken = "talk_csv:NOTHING"'
    )
    installed = install_package(package, tmp_path)
    ours, problems, error = run_with_package(installed, COLLIDE).splitlines()
    assert ours.split() == list(renderers())
    assert problems == "broken txt"
    assert "talk_csv:NOTHING" in error


def test_the_documented_formats_are_ours() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \| (.*) \|$", DOCS, re.MULTILINE)
    assert {name: (file_name, text.replace("`", "")) for name, file_name, text in rows} == {
        each.name: (each.file_name, each.description) for each in renderers().values()
    }
