"""What a flow was asked to do with one recording, with everything it takes at hand."""

from dataclasses import dataclass

from steno.engines import Engine
from steno.profile import Profile
from steno.store import Store


@dataclass(frozen=True)
class Job:
    """One recording, where it comes from, where its transcript goes, and how it is treated."""

    key: str
    """The recording's key in ``source``; its artifacts lie under the same key in ``destination``."""
    source: Store
    destination: Store
    profile: Profile
    engine: Engine
