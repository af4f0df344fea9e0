"""Output formats, found by name among the entry points of the group ``stenoflow.renderers``.

Each entry point names a :class:`~stenoflow.rendering.base.Renderer`, Stenoflow's own included. One that
cannot be loaded, or that collides with another, is left out and reported by :func:`renderer_problems`; it
does not affect the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from stenoflow.errors import ConfigurationError, StenoflowError
from stenoflow.rendering.base import Artifact, Failure, Recording, Renderer, Rendering
from stenoflow.transcript.model import Transcript
from stenoflow.transcript.normalize import normalize

ENTRY_POINTS = "stenoflow.renderers"

_UNNAMED = Recording(key="recording", url="")


@dataclass(frozen=True, slots=True)
class RendererProblem:
    """An entry point that is not available as a renderer."""

    name: str
    value: str
    """The object that the entry point names, as ``module:attribute``."""
    reason: str
    """One sentence or two, for display."""


def renderers() -> Mapping[str, Renderer]:
    """Return all available renderers by name, in alphabetical order."""
    return _discovered()[0]


def renderer_problems() -> tuple[RendererProblem, ...]:
    """Return the entry points that are not available as renderers, and why."""
    return _discovered()[1]


@cache
def _discovered() -> tuple[Mapping[str, Renderer], tuple[RendererProblem, ...]]:
    return discover(entry_points(group=ENTRY_POINTS))


def discover(
    points: Iterable[EntryPoint],
) -> tuple[Mapping[str, Renderer], tuple[RendererProblem, ...]]:
    """Load entry points: return the renderers by name, and the entry points that are left out.

    Of two that share a name or a file name, Stenoflow's own stays; two of other packages are both left
    out, because nothing says which one is meant.
    """
    problems: list[RendererProblem] = []
    loaded: dict[EntryPoint, Renderer] = {}
    for point in points:
        try:
            loaded[point] = _load(point)
        except Exception as error:
            # A third-party package may fail in any way, and must not take the other formats away.
            reason = f"It cannot be loaded: {type(error).__name__}: {error}"
            problems.append(RendererProblem(point.name, point.value, reason))
    found: dict[str, Renderer] = {}
    for point, renderer in loaded.items():
        rivals = [
            other.value
            for other, its in loaded.items()
            if other != point and (its.name == renderer.name or its.file_name == renderer.file_name)
        ]
        if rivals and not _is_own(point):
            reason = (
                f"Its name or file name ({renderer.file_name}) is also that of {', '.join(rivals)}: "
                "rename it, or uninstall one of the packages."
            )
            problems.append(RendererProblem(point.name, point.value, reason))
        else:
            found[renderer.name] = renderer
    problems.sort(key=lambda problem: (problem.name, problem.value))
    return MappingProxyType(dict(sorted(found.items()))), tuple(problems)


def _load(point: EntryPoint) -> Renderer:
    renderer = point.load()
    if not isinstance(renderer, Renderer):
        raise TypeError(f"{point.value} is not a stenoflow.rendering.Renderer")
    if renderer.name != point.name:
        raise ValueError(f"the entry point {point.name!r} names the renderer {renderer.name!r}")
    return renderer


def _is_own(point: EntryPoint) -> bool:
    return point.value.startswith("stenoflow.rendering.")


def check_artifacts(names: Iterable[str]) -> None:
    """Raise ConfigurationError if a name is not that of an available renderer."""
    for name in names:
        find_renderer(name)


def find_renderer(name: str) -> Renderer:
    """Return the renderer of that name. Raises ConfigurationError if it is not available."""
    known = renderers()
    if name in known:
        return known[name]
    for problem in renderer_problems():
        if problem.name == name:
            raise ConfigurationError(
                f"The format {name!r} ({problem.value}) is not available. {problem.reason}"
            )
    near = get_close_matches(name, known)
    guess = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise ConfigurationError(
        f"There is no format {name!r}.{guess} Choose artifacts among {', '.join(known)}, or install the "
        "package that provides it."
    )


def render_all(
    rendering: Rendering, names: Iterable[str]
) -> tuple[tuple[Artifact, ...], tuple[Failure, ...]]:
    """Render a transcript in each of the named formats.

    Raises ConfigurationError if a name is not that of an available renderer.
    """
    return render_each(rendering, [find_renderer(name) for name in dict.fromkeys(names)])


def render_each(
    rendering: Rendering, chosen: Sequence[Renderer]
) -> tuple[tuple[Artifact, ...], tuple[Failure, ...]]:
    """Return the artifacts of all renderers that succeed, and the failures of the others."""
    artifacts: list[Artifact] = []
    failures: list[Failure] = []
    for each in chosen:
        try:
            body = each.render(rendering)
        except StenoflowError as error:
            failures.append(Failure(each.name, each.file_name, str(error)))
        except Exception as error:
            # Whatever goes wrong in one format, the transcript was paid for: the others are published.
            reason = f"the {each.name} renderer failed with {type(error).__name__}: {error}"
            failures.append(Failure(each.name, each.file_name, reason))
        else:
            artifacts.append(Artifact(each.name, each.file_name, each.content_type, body))
    return tuple(artifacts), tuple(failures)


def render(transcript: Transcript, name: str, *, recording: Recording = _UNNAMED) -> bytes:
    """Return a transcript in the named format, with nothing known of its recording but ``recording``.

    Raises ConfigurationError if the format is not available, and what the renderer raises.
    """
    return find_renderer(name).render(Rendering(recording, normalize(transcript)))
