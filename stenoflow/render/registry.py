"""The formats that a transcript can be published in, found by name.

A format is one module in :mod:`stenoflow.render.formats` that registers one function::

    @renderer("srt", file_name="transcript.srt", content_type="application/x-subrip")
    def render(rendering: Rendering) -> bytes: ...
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from stenoflow.errors import ConfigurationError, StenoError
from stenoflow.render.base import Rendering

Render = Callable[[Rendering], bytes]


@dataclass(frozen=True, slots=True)
class Renderer:
    """A way to write a transcript."""

    name: str
    """As in ``Profile.artifacts``."""
    file_name: str
    content_type: str
    render: Render
    """Raises errors of :mod:`stenoflow.errors`, MissingDependency among them."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that is ready to be published."""

    name: str
    file_name: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """A format that could not be written, and why: the others are none the worse for it."""

    name: str
    file_name: str
    error: str
    """One sentence or two, fit to be shown."""


_renderers: dict[str, Renderer] = {}


def renderer(name: str, *, file_name: str, content_type: str) -> Callable[[Render], Render]:
    """Register the decorated function as the renderer called ``name``.

    Raises ValueError where the name or the file's name is taken.
    """

    def register(render: Render) -> Render:
        for other in _renderers.values():
            if name == other.name or file_name == other.file_name:
                raise ValueError(
                    f"renderer {name!r} ({file_name}) collides with {other.name!r} "
                    f"({other.file_name}): choose another name"
                )
        _renderers[name] = Renderer(name, file_name, content_type, render)
        return render

    return register


@cache
def renderers() -> Mapping[str, Renderer]:
    """All renderers by name, in alphabetical order."""
    package = importlib.import_module("stenoflow.render.formats")
    importlib.import_module("stenoflow.render.html.page")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return MappingProxyType(dict(sorted(_renderers.items())))


def check_artifacts(names: Iterable[str]) -> None:
    """Raises ConfigurationError where a name is no renderer's."""
    known = renderers()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigurationError(
            f"no renderer is called {', '.join(map(repr, unknown))}: "
            f"choose artifacts among {', '.join(known)}"
        )


def render_all(
    rendering: Rendering, names: Iterable[str]
) -> tuple[tuple[Artifact, ...], tuple[Failure, ...]]:
    """Write a transcript in each of the named formats; one that fails keeps no other from success.

    Raises ConfigurationError where a name is no renderer's.
    """
    names = tuple(dict.fromkeys(names))
    check_artifacts(names)
    artifacts: list[Artifact] = []
    failures: list[Failure] = []
    for name in names:
        chosen = renderers()[name]
        try:
            body = chosen.render(rendering)
        except StenoError as error:
            failures.append(Failure(name, chosen.file_name, str(error)))
        except Exception as error:
            # Whatever a format trips over, the transcript that was paid for is published in the others.
            trouble = f"the {name} renderer failed with {type(error).__name__}: {error}"
            failures.append(Failure(name, chosen.file_name, trouble))
        else:
            artifacts.append(Artifact(name, chosen.file_name, chosen.content_type, body))
    return tuple(artifacts), tuple(failures)
