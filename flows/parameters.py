"""Parameters that flows have in common, as their forms show them."""

import inspect
from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar, get_args, get_type_hints

from pydantic import Field
from pydantic.fields import FieldInfo

from stenoflow.catalog import Selection
from stenoflow.profile.model import Profile

P = ParamSpec("P")
R = TypeVar("R")


def described(function: Callable[P, R]) -> Callable[P, R]:
    """Tell what each parameter of a flow is in its form in the UI.

    Prefect takes that from a docstring's section "Args" only, and leaves out what `Field` says.
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
    said = field.description or ""
    return said if field.title is None or field.title.lower() == name else f"{field.title}. {said}"


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
        description="deepgram-credentials/NAME; empty: DEEPGRAM_API_KEY where the flow runs.",
    ),
]
SelectionChoice = Annotated[
    Selection, Field(title="Selection", description="Which objects are recordings to be done.")
]
Limit = Annotated[
    int | None,
    Field(title="Most recordings", description="Empty: all that are to be done.", ge=1),
]
AtOnce = Annotated[
    int, Field(title="Recordings at once", description="In one process.", ge=1, le=64)
]
SampleSize = Annotated[
    int,
    Field(
        title="Recordings to hear",
        description="Drawn from the whole listing by size, fetched and heard, but not sent anywhere.",
        ge=1,
        le=200,
    ),
]
