"""Formats are entry points, found by name; one that fails does not affect the others."""

import re
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

import pytest

from stenoflow.errors import ConfigurationError, MissingDependency
from stenoflow.profile.model import DEFAULT_ARTIFACTS
from stenoflow.rendering import (
    Renderer,
    Rendering,
    check_artifacts,
    render,
    render_all,
    renderer_problems,
    renderers,
)
from stenoflow.rendering.registry import ENTRY_POINTS, discover, render_each
from tests.support.transcripts import rendering, transcript_of

TXT = EntryPoint("txt", "stenoflow.rendering.formats.txt:RENDERER", ENTRY_POINTS)


def _renderer(
    name: str, file_name: str, render: Callable[[Rendering], bytes] = lambda _: b""
) -> Renderer:
    return Renderer(name, file_name, "application/octet-stream", render, "A format for tests")


MINE = _renderer("mine", "mine.bin")
ALSO_MINE = _renderer("mine", "other.bin")
SAME_FILE_AS_TXT = _renderer("plain", "transcript.txt")
TXT_OF_ANOTHER = _renderer("txt", "x.txt")


def _point(name: str, attribute: str, module: str = __name__) -> EntryPoint:
    return EntryPoint(name, f"{module}:{attribute}", ENTRY_POINTS)


def test_all_formats_of_stenoflow_are_available() -> None:
    own = {point.name for point in entry_points(group=ENTRY_POINTS)}
    assert own <= set(renderers())
    assert renderer_problems() == ()
    assert list(renderers()) == sorted(renderers())
    assert all(each.description for each in renderers().values())


def test_every_format_that_is_published_by_default_is_there() -> None:
    check_artifacts(DEFAULT_ARTIFACTS)
    artifacts, failures = render_all(rendering(transcript_of("Hello there.")), DEFAULT_ARTIFACTS)
    assert failures == ()
    assert [artifact.name for artifact in artifacts] == list(DEFAULT_ARTIFACTS)
    assert all(artifact.body for artifact in artifacts)


def test_an_unknown_format_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigurationError, match=r"'docx'.*json.*srt"):
        check_artifacts(["json", "docx"])


def test_a_misspelt_format_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match=r"'parket'\. Did you mean 'parquet'"):
        check_artifacts(["parket"])


def test_a_transcript_alone_can_be_rendered() -> None:
    assert b"Hello there." in render(transcript_of("Hello there."), "txt")
    with pytest.raises(ConfigurationError, match="docx"):
        render(transcript_of("Hello there."), "docx")


def test_a_format_that_fails_does_not_affect_the_others() -> None:
    def _needy(rendering: Rendering) -> bytes:
        raise MissingDependency("needy is not installed: pip install needy")

    def _buggy(rendering: Rendering) -> bytes:
        raise ZeroDivisionError("by none")

    chosen = [
        _renderer("needy", "needy.bin", _needy),
        _renderer("buggy", "buggy.bin", _buggy),
        renderers()["txt"],
    ]
    artifacts, failures = render_each(rendering(transcript_of("Hello.")), chosen)
    assert [artifact.name for artifact in artifacts] == ["txt"]
    assert {failure.name: failure.error for failure in failures} == {
        "needy": "needy is not installed: pip install needy",
        "buggy": "the buggy renderer failed with ZeroDivisionError: by none",
    }


def test_a_format_named_twice_is_rendered_once() -> None:
    artifacts, _ = render_all(rendering(transcript_of("Hello.")), ["txt", "txt"])
    assert [artifact.name for artifact in artifacts] == ["txt"]


def test_a_format_of_another_package_is_found() -> None:
    found, problems = discover([TXT, _point("mine", "MINE")])
    assert found["mine"] == MINE
    assert sorted(found) == ["mine", "txt"]
    assert problems == ()


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        (_point("mine", "MINE", "nowhere.to_be_found"), "ModuleNotFoundError"),
        (_point("mine", "MISSING"), "AttributeError"),
        (_point("mine", "_point"), r"is not a stenoflow\.rendering\.Renderer"),
        (_point("yours", "MINE"), "'yours' names the renderer 'mine'"),
    ],
)
def test_a_broken_entry_point_is_reported_and_left_out(point: EntryPoint, reason: str) -> None:
    found, problems = discover([TXT, point])
    assert list(found) == ["txt"]
    (problem,) = problems
    assert (problem.name, problem.value) == (point.name, point.value)
    assert problem.reason.startswith("It cannot be loaded: ")
    assert re.search(reason, problem.reason)


@pytest.mark.parametrize(
    ("name", "attribute"), [("txt", "TXT_OF_ANOTHER"), ("plain", "SAME_FILE_AS_TXT")]
)
def test_stenoflows_own_format_stays_if_another_collides_with_it(name: str, attribute: str) -> None:
    found, problems = discover([_point(name, attribute), TXT])
    assert list(found) == ["txt"]
    assert found["txt"].file_name == "transcript.txt"
    assert [problem.name for problem in problems] == [name]
    assert TXT.value in problems[0].reason


def test_of_two_packages_with_one_name_neither_is_chosen() -> None:
    found, problems = discover([TXT, _point("mine", "MINE"), _point("mine", "ALSO_MINE")])
    assert list(found) == ["txt"]
    assert [problem.name for problem in problems] == ["mine", "mine"]


@pytest.mark.parametrize("file_name", ["", "a/b.txt", "../x", ".hidden", "a b"])
def test_a_file_name_is_a_plain_name(file_name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        _renderer("odd", file_name)
