"""Parameters that flows have in common, as their forms show them."""

from typing import Annotated

from pydantic import Field

from steno.profile import Profile
from steno.sweep import Selection

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
