"""How a recording ended, and the Prefect state that says so."""

from typing import Any, Literal

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import BaseModel, ConfigDict

from stenoflow.errors import StenoError
from stenoflow.manifest.model import Manifest

Outcome = Literal["published", "no_speech", "rejected", "gave_up"]


class Ending(BaseModel):
    """The one outcome of one recording; the data of its flow run's final state."""

    model_config = ConfigDict(frozen=True)

    key: str
    outcome: Outcome
    reason: str | None = None
    """One sentence for a person; None where all is well."""
    error: str | None = None
    """Name of the error's type in ``stenoflow.errors``."""
    manifest: Manifest | None = None
    """None where the recording was given up: the next sweep tries again."""
    earlier: bool = False
    """Whether an earlier run had ended it so, and nothing was done this time."""

    @classmethod
    def of(cls, manifest: Manifest, *, earlier: bool = False) -> "Ending":
        return cls(
            key=manifest.source.key,
            outcome=manifest.outcome,
            reason=manifest.reason,
            error=manifest.error,
            manifest=manifest,
            earlier=earlier,
        )

    @classmethod
    def given_up(cls, key: str, error: StenoError) -> "Ending":
        return cls(key=key, outcome="gave_up", reason=str(error), error=type(error).__name__)

    def state(self) -> State[Any]:
        """Published: Completed. No speech: Completed, named NoSpeech. Rejected: Failed, named
        Rejected. Given up: Failed."""
        match self.outcome:
            case "published":
                return Completed(data=self, message="published earlier" if self.earlier else None)
            case "no_speech":
                return Completed(name="NoSpeech", data=self, message=self.reason)
            case "rejected":
                return Failed(name="Rejected", data=self, message=self.reason)
            case "gave_up":
                return Failed(data=self, message=self.reason)
