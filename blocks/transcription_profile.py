"""A profile that has a name, so that schedules, events and people choose the same one."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl

from stenoflow.profile.model import Profile


class TranscriptionProfile(Block):
    """Options of transcription: engine, limits, speech detection, chunks, artifacts.

    Name it in a flow's `profile` as `transcription-profile/NAME`.

    Example:
        ```python
        from stenoflow.blocks import TranscriptionProfile

        profile = TranscriptionProfile.load("BLOCK_NAME")
        ```
    """

    _block_type_name = "Transcription Profile"
    _block_type_slug = "transcription-profile"
    _documentation_url = HttpUrl("https://docs.prefect.io/v3/concepts/blocks")
    _description = (
        "How recordings are treated: which engine transcribes them, what is left out, which limits "
        "hold, and which artifacts are published. Every field has a default that works."
    )

    profile: Profile = Field(
        default_factory=Profile,
        title="Profile",
        description="Everything a person can choose about how a recording is treated.",
    )
