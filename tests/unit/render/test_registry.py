"""Formats are found by name, and one that fails keeps no other from success."""

from collections.abc import Iterator

import pytest

from stenoflow.errors import ConfigurationError, MissingDependency
from stenoflow.profile.model import DEFAULT_ARTIFACTS
from stenoflow.render import Rendering, check_artifacts, registry, render_all, renderer, renderers
from tests.support.transcripts import rendering, said


@pytest.fixture
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    renderers()
    monkeypatch.setattr(registry, "_renderers", dict(registry._renderers))
    renderers.cache_clear()
    yield
    monkeypatch.undo()
    renderers.cache_clear()


def test_every_format_that_is_published_by_default_is_there() -> None:
    check_artifacts(DEFAULT_ARTIFACTS)
    artifacts, failures = render_all(rendering(said("Hello there.")), DEFAULT_ARTIFACTS)
    assert failures == ()
    assert [artifact.name for artifact in artifacts] == list(DEFAULT_ARTIFACTS)
    assert all(artifact.body for artifact in artifacts)


def test_an_unknown_format_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigurationError, match=r"'docx'.*json.*srt"):
        check_artifacts(["json", "docx"])


@pytest.mark.usefixtures("_own_registry")
def test_a_format_that_fails_is_told_and_fails_nothing_else() -> None:
    @renderer("needy", file_name="needy.bin", content_type="application/octet-stream")
    def _needy(rendering: Rendering) -> bytes:
        raise MissingDependency("needy is not installed: pip install needy")

    @renderer("buggy", file_name="buggy.bin", content_type="application/octet-stream")
    def _buggy(rendering: Rendering) -> bytes:
        raise ZeroDivisionError("by none")

    artifacts, failures = render_all(rendering(said("Hello.")), ["needy", "buggy", "txt", "txt"])
    assert [artifact.name for artifact in artifacts] == ["txt"]
    assert {failure.name: failure.error for failure in failures} == {
        "needy": "needy is not installed: pip install needy",
        "buggy": "the buggy renderer failed with ZeroDivisionError: by none",
    }


@pytest.mark.usefixtures("_own_registry")
@pytest.mark.parametrize(("name", "file_name"), [("txt", "x.txt"), ("mine", "transcript.txt")])
def test_names_of_formats_and_files_are_taken_once(name: str, file_name: str) -> None:
    with pytest.raises(ValueError, match="collides"):
        renderer(name, file_name=file_name, content_type="text/plain")(lambda rendering: b"")
