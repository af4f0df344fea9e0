"""The engines that are installed, found by entry point and opened by name.

A package registers an engine in its ``pyproject.toml``::

    [project.entry-points."stenoflow.engines"]
    NAME = "PACKAGE.MODULE:SPEC"

where SPEC is an :class:`~stenoflow.engines.base.EngineSpec` of that NAME. Stenoflow's own engines are
registered the same way. Their modules are light: an engine's libraries are imported when it is opened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Protocol, cast

from stenoflow.engines.base import Engine, EngineSetup, EngineSpec
from stenoflow.engines.capabilities import Asked, refusal
from stenoflow.engines.credentials import Credential
from stenoflow.engines.vocabulary import FittedVocabulary, VocabularyOptions
from stenoflow.errors import ConfigurationError, MissingDependency
from stenoflow.media.options import MediaOptions

GROUP = "stenoflow.engines"

OWN = ("whisper", "deepgram", "openai")
"""Engines that ship with Stenoflow, in the order in which they are listed before all others."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class EngineChoice(Protocol):
    """The part of a profile that an engine is opened by."""

    @property
    def engine(self) -> str:
        """Name of the engine."""
        ...

    @property
    def media(self) -> MediaOptions:
        """Which channels of a recording are transcribed."""
        ...

    @property
    def vocabulary(self) -> VocabularyOptions:
        """Names and terms to expect."""
        ...

    def options_for(self, spec: EngineSpec[Any]) -> Any:
        """Return the engine's section."""
        ...


@dataclass(frozen=True, slots=True)
class Registered:
    """Entry points of the group that were loaded or failed."""

    specs: Mapping[str, EngineSpec[Any]]
    broken: Mapping[str, str]
    """For each entry point that cannot be used, by its name, one sentence that says why."""


def engines() -> Mapping[str, EngineSpec[Any]]:
    """Return all usable engines by name: Stenoflow's own first, then others in alphabetical order."""
    return registered().specs


@cache
def registered() -> Registered:
    """Load the entry points, once in a process; one that is broken does not touch the others."""
    specs: dict[str, EngineSpec[Any]] = {}
    broken: dict[str, str] = {}
    for entry in sorted(entry_points(group=GROUP), key=_rank):
        try:
            spec = _load(entry)
        except Exception as error:
            # A third-party package may raise anything while it is imported.
            broken[entry.name] = f"{_origin(entry)} cannot be loaded: {_message_of(error)}"
            continue
        if spec.section in {each.section for each in specs.values()}:
            broken[entry.name] = f"{_origin(entry)} is left out: its name is taken."
        else:
            specs[spec.name] = spec
    return Registered(MappingProxyType(specs), MappingProxyType(broken))


def engine_spec(name: str) -> EngineSpec[Any]:
    """Return an engine's declaration.

    Raises ConfigurationError, naming the nearest engines, where there is none of that name.
    """
    found = registered()
    if spec := found.specs.get(name):
        return spec
    if reason := found.broken.get(name):
        raise ConfigurationError(f"The engine {name!r} cannot be used: {reason}")
    if not found.specs:
        raise ConfigurationError(
            "No engine is registered, not even Stenoflow's own: install Stenoflow again "
            "(in a checkout: make doctor)."
        )
    near = get_close_matches(name, found.specs, n=2)
    hint = (
        f"did you mean {' or '.join(near)}?" if near else f"choose one of {', '.join(found.specs)}."
    )
    raise ConfigurationError(f"There is no engine {name!r}: {hint}")


def open_engine(choice: EngineChoice, *, credential: Credential | None = None) -> Engine:
    """Return a profile's engine, ready for requests; nothing is connected to yet.

    Without ``credential`` the key of the environment is taken, for the host that it belongs to.
    Raises ConfigurationError where there is no such engine, its options contradict one another, or a
    key that it needs is missing or belongs to another host; MissingDependency where its library is
    not installed.
    """
    spec = engine_spec(choice.engine)
    named = credential is not None
    if spec.credentials:
        credential = credential or spec.credentials.from_environment()
        if credential is None and spec.credentials.required:
            raise ConfigurationError(
                f"The engine {spec.name} needs an API key: save a {spec.credentials.block} block and "
                f"name it in `credentials`, or set {spec.credentials.variable} where the flow runs."
            )
    return _open(spec, choice, EngineSetup(choice.media, credential, named))


def open_engine_without_account(choice: EngineChoice) -> Engine:
    """Return a profile's engine for its name, identity and limits: it has no key and sends nothing.

    Raises as :func:`open_engine`, but for the key.
    """
    return _open(engine_spec(choice.engine), choice, EngineSetup(choice.media))


def _open(spec: EngineSpec[Any], choice: EngineChoice, setup: EngineSetup) -> Engine:
    if spec.library and not spec.library.installed:
        raise MissingDependency(f"The engine {spec.name} is not installed: {spec.library.install}")
    check_capabilities(spec, choice)
    return spec.open(fit_vocabulary(spec, choice).options, setup)


def check_capabilities(spec: EngineSpec[Any], choice: EngineChoice) -> None:
    """Raise ConfigurationError, naming the engines that have it, if a profile asks for what its engine lacks.

    Raises MissingDependency if that is unknown, as something is not installed.
    """
    options = choice.options_for(spec)
    asked: list[Asked] = list(spec.asked(options))
    if choice.vocabulary.terms:
        asked.append(Asked("vocabulary", "vocabulary.terms"))
    if choice.media.channels == "apart" and spec.original_upload(options):
        asked.append(Asked("channels", "media.channels = apart, in a file that is sent as it is"))
    if not asked:
        return
    others = ((each.name, each.capabilities) for each in engines().values())
    if problem := refusal(spec.name, spec.capabilities_for(options), asked, others):
        raise ConfigurationError(problem)


def fit_vocabulary(spec: EngineSpec[Any], choice: EngineChoice) -> FittedVocabulary[Any]:
    """Return an engine's options with as much of the vocabulary as it takes.

    Raises ConfigurationError where the vocabulary's file has not been read; MissingDependency.
    """
    options, vocabulary = choice.options_for(spec), choice.vocabulary
    if vocabulary.file is not None:
        raise ConfigurationError(
            f"The vocabulary {vocabulary.file} has not been read: give its terms in the profile."
        )
    if not vocabulary.terms or spec.with_vocabulary is None:
        return FittedVocabulary(options)
    return spec.with_vocabulary(options, vocabulary.terms)


def _rank(entry: EntryPoint) -> tuple[bool, int, str]:
    own = entry.dist is not None and entry.dist.name == "stenoflow" and entry.name in OWN
    return not own, OWN.index(entry.name) if own else 0, entry.name


def _load(entry: EntryPoint) -> EngineSpec[Any]:
    spec: Any = entry.load()
    if not isinstance(spec, EngineSpec):
        raise ConfigurationError(f"it is a {type(spec).__name__}, not an EngineSpec")
    found = cast("EngineSpec[Any]", spec)
    if found.name != entry.name:
        raise ConfigurationError(f"its EngineSpec is named {found.name!r}")
    if not _NAME.fullmatch(found.name):
        raise ConfigurationError("its name is not made of small letters, digits and hyphens")
    if found.capabilities.vocabulary != (found.with_vocabulary is not None):
        raise ConfigurationError("its capabilities and with_vocabulary do not agree")
    found.options()
    return found


def _origin(entry: EntryPoint) -> str:
    package = f" of the package {entry.dist.name}" if entry.dist else ""
    return f"The entry point {entry.name} = {entry.value}{package}"


def _message_of(error: Exception) -> str:
    text = " ".join(str(error).split())
    return (
        f"{text if isinstance(error, ConfigurationError) else f'{type(error).__name__}: {text}'}."
    )
