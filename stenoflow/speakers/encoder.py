"""Speaker encoders: what they are, and those that are installed, found by entry point.

A package registers one in its ``pyproject.toml``::

    [project.entry-points."stenoflow.speaker_encoders"]
    NAME = "PACKAGE.MODULE:CLASS"

where calling CLASS returns a :class:`SpeakerEncoder`. Stenoflow's own is registered the same way.
"""

from importlib.metadata import entry_points
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stenoflow.errors import ConfigurationError
from stenoflow.speakers.clustering import Calibrations

GROUP = "stenoflow.speaker_encoders"


class SpeakerEncoder(Protocol):
    """Turns windows of speech into vectors that are close together for one person."""

    @property
    def name(self) -> str:
        """Name of the encoder, as it is registered."""
        ...

    @property
    def window(self) -> int:
        """Samples of a window, at 16 kHz."""
        ...

    @property
    def calibrations(self) -> Calibrations:
        """Distances that separate two voices from one."""
        ...

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a unit vector for each window.

        ``windows`` has the shape (windows, :attr:`window`), full scale 1.
        """
        ...


def open_encoder(name: str) -> SpeakerEncoder:
    """Return a speaker encoder.

    Raises ConfigurationError if none of that name is installed; MissingDependency if it lacks its weights.
    """
    found = {each.name: each for each in entry_points(group=GROUP)}
    if name not in found:
        raise ConfigurationError(
            f"There is no speaker encoder {name!r}: choose one of {', '.join(sorted(found))}."
        )
    return found[name].load()()
