"""Stenoflow turns recordings into transcripts, and pays for each second of speech once.

The names below are the Python interface::

    import stenoflow

    transcript = stenoflow.transcribe("interview.mp3")
    srt = stenoflow.render(transcript, "srt")

They are imported when they are first used, so that ``import stenoflow`` takes no time. Workflows that
take many recordings through Prefect are in :mod:`stenoflow.flows`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import version

    from stenoflow.engines.credentials import Credential
    from stenoflow.errors import (
        AccessDenied,
        BadMedia,
        BelowQuality,
        BudgetSpent,
        ConfigurationError,
        EngineAccountError,
        EngineBusy,
        EngineError,
        EngineRefused,
        EngineTooSlow,
        MissingDependency,
        NotFound,
        ObjectArchived,
        ObjectEncrypted,
        OverLimit,
        PermanentError,
        ProcessKilled,
        ProcessTimedOut,
        Rejected,
        RequestRefused,
        SourceChanged,
        StenoflowError,
        Stopped,
        StoreRefused,
        StoreUnavailable,
        TransientError,
        UnusableResponse,
    )
    from stenoflow.pipeline.api import transcribe
    from stenoflow.pipeline.outcome import Outcome
    from stenoflow.profile.model import Profile
    from stenoflow.rendering.registry import render as render
    from stenoflow.storage import open_store
    from stenoflow.transcript.model import Transcript

    __version__ = version("stenoflow")

__all__ = [
    "AccessDenied",
    "BadMedia",
    "BelowQuality",
    "BudgetSpent",
    "ConfigurationError",
    "Credential",
    "EngineAccountError",
    "EngineBusy",
    "EngineError",
    "EngineRefused",
    "EngineTooSlow",
    "MissingDependency",
    "NotFound",
    "ObjectArchived",
    "ObjectEncrypted",
    "Outcome",
    "OverLimit",
    "PermanentError",
    "ProcessKilled",
    "ProcessTimedOut",
    "Profile",
    "Rejected",
    "RequestRefused",
    "SourceChanged",
    "StenoflowError",
    "Stopped",
    "StoreRefused",
    "StoreUnavailable",
    "Transcript",
    "TransientError",
    "UnusableResponse",
    "__version__",
    "open_store",
    "render",
    "transcribe",
]

_MODULES = {
    "Credential": "stenoflow.engines.credentials",
    "Outcome": "stenoflow.pipeline.outcome",
    "Profile": "stenoflow.profile.model",
    "Transcript": "stenoflow.transcript.model",
    "open_store": "stenoflow.storage",
    "render": "stenoflow.rendering.registry",
    "transcribe": "stenoflow.pipeline.api",
}
"""Modules of the public names that are not errors."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        value: Any = version("stenoflow")
    elif name in __all__:
        value = getattr(import_module(_MODULES.get(name, "stenoflow.errors")), name)
    else:
        raise AttributeError(f"module 'stenoflow' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
