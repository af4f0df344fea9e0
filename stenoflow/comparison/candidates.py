"""The candidates of a comparison: engines under one profile, or profiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stenoflow.engines.base import Engine
from stenoflow.engines.credentials import Credential
from stenoflow.engines.registry import open_engine, open_engine_without_account
from stenoflow.errors import ConfigurationError
from stenoflow.profile.model import Profile
from stenoflow.speakers.options import SpeakerOptions

REFERENCE = "reference"
"""The name of the references in a comparison; no candidate has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A profile with its engine, under a name."""

    name: str
    profile: Profile
    engine: Engine
    """Without an account, so that it can find what was bought and buys nothing."""

    def with_account(self, credential: Credential | None = None) -> "Candidate":
        """Return the candidate with an engine that can buy. Raises as ``open_engine``."""
        return replace(self, engine=open_engine(self.profile, credential=credential))


def engine_candidates(engines: Sequence[str], profile: Profile) -> tuple[Candidate, ...]:
    """Return one candidate for each engine, with a profile's options for it.

    Raises ConfigurationError if there is no such engine, it is named twice, or it lacks what the profile
    asks for; MissingDependency.
    """
    for name in engines:
        if engines.count(name) > 1:
            raise ConfigurationError(f"The engine {name} is named twice: name each engine once.")
    return tuple(_candidate(name, profile.with_engine(name)) for name in engines)


def profile_candidates(profiles: Mapping[str, Profile]) -> tuple[Candidate, ...]:
    """Return one candidate for each profile, by its name. Raises as :func:`engine_candidates`."""
    if REFERENCE in profiles:
        raise ConfigurationError(
            f"A profile cannot be called {REFERENCE!r} in a comparison: rename its file."
        )
    return tuple(_candidate(name, profile) for name, profile in profiles.items())


def _candidate(name: str, profile: Profile) -> Candidate:
    # Words alone are compared. An estimate of speakers would need the recording, and is not in the ledger.
    words_only = profile.model_copy(update={"speakers": SpeakerOptions()})
    return Candidate(name, words_only, open_engine_without_account(words_only))
