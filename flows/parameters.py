"""The parameters of flows, as their forms show them."""

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, ParamSpec, TypeVar, get_args, get_type_hints

from pydantic import Field
from pydantic.fields import FieldInfo

from stenoflow.catalog import Selection
from stenoflow.flows.sweep import BatchOf
from stenoflow.profile.model import Profile

P = ParamSpec("P")
R = TypeVar("R")


def described(function: Callable[P, R]) -> Callable[P, R]:
    """Add the descriptions of a flow's parameters to its docstring, and return the flow's function.

    Prefect's forms take them from the docstring's section "Args" only, and leave out what `Field` says.
    """
    hints = get_type_hints(function, include_extras=True)
    lines = [
        f"    {name}: {_sentences(name, field)}"
        for name, hint in hints.items()
        for field in get_args(hint)[1:]
        if isinstance(field, FieldInfo)
    ]
    function.__doc__ = "\n".join([f"{inspect.getdoc(function)}\n", "Args:", *lines])
    return function


def _sentences(name: str, field: FieldInfo) -> str:
    description = field.description or ""
    if field.title is None or field.title.lower() == name:
        return description
    return f"{field.title}. {description}"


RecordingKey = Annotated[
    str,
    Field(
        title="Recording",
        description="The recording's key in the source: the object's name after its prefix.",
        examples=["interviews/2026-11-23.mp3"],
        min_length=1,
    ),
]
SourceAddress = Annotated[
    str,
    Field(
        title="Source",
        description="Where recordings are: object-store/NAME, s3://BUCKET/PREFIX or a folder.",
        examples=["object-store/recordings", "s3://recordings/calls"],
    ),
]
DestinationAddress = Annotated[
    str,
    Field(
        title="Destination",
        description="Where transcripts go: object-store/NAME, s3://BUCKET/PREFIX or a folder.",
        examples=["object-store/transcripts", "s3://transcripts"],
    ),
]
ProfileChoice = Annotated[
    Profile | str,
    Field(
        title="Profile",
        description="How recordings are treated: transcription-profile/NAME, or fields.",
    ),
]
CredentialsName = Annotated[
    str | None,
    Field(
        title="Credentials",
        description=(
            "Block with the engine's API key: deepgram-credentials/NAME or openai-credentials/NAME. "
            "Empty: DEEPGRAM_API_KEY or OPENAI_API_KEY where the flow runs."
        ),
    ),
]
SelectionChoice = Annotated[
    Selection,
    Field(
        title="Selection", description="Which objects of the source are recordings to transcribe."
    ),
]
Limit = Annotated[
    int | None,
    Field(title="Most recordings", description="Empty: all that are to be transcribed.", ge=1),
]
AtOnce = Annotated[
    int,
    Field(
        title="Recordings at once",
        description="Transcribed at the same time in one process.",
        ge=1,
        le=64,
    ),
]
SampleSize = Annotated[
    int,
    Field(
        title="Recordings to analyze",
        description="Drawn from the whole listing by size, fetched and analyzed, but not sent anywhere.",
        ge=1,
        le=200,
    ),
]
BudgetLimit = Annotated[
    Decimal | None,
    Field(
        title="Budget, USD",
        description="Most this sweep may spend, by estimate. It is divided among batches by size.",
        ge=0,
    ),
]
ApprovalLimit = Annotated[
    Decimal | None,
    Field(
        title="Approval above, USD",
        description="A sweep that may cost more waits for a person to approve it, or ends there.",
        ge=0,
    ),
]
BatchSize = Annotated[
    int,
    Field(
        title="Recordings to a flow run",
        description="Larger sweeps are divided into batches of this size, on the work pool.",
        ge=1,
        le=2000,
    ),
]
FailureRatio = Annotated[
    float,
    Field(
        title="Share that may fail",
        description="The sweep itself fails if more of its recordings failed.",
        ge=0,
        le=1,
    ),
]
TaskRuns = Annotated[
    bool,
    Field(
        title="Show each step",
        description="Steps of recordings as task runs. They cost the server more than short recordings do.",
    ),
]
BatchChoice = Annotated[
    BatchOf | None,
    Field(title="Batch", description="Set by a sweep for its batches. Leave it empty."),
]
Force = Annotated[
    bool,
    Field(
        title="Publish again",
        description="Also what is published already. Nothing that was bought is bought again.",
    ),
]
