"""A profile that has a name, so that schedules, events and people choose the same treatment."""

from prefect.blocks.core import Block
from pydantic import Field

from stenoflow.profile.model import Profile


class TranscriptionProfile(Block):
    """How recordings are treated: engine, limits, speech detection, cutting, artifacts.

    Name it in a flow's `profile` as `transcription-profile/NAME`.
    """

    _block_type_name = "Transcription Profile"
    _block_type_slug = "transcription-profile"
    _description = (
        "How recordings are treated: which engine hears them, what is cut out, which limits hold, "
        "and which artifacts are published. Every field has a default that works."
    )
    _code_example = """\
    ```python
    from stenoflow.blocks.transcription_profile import TranscriptionProfile
    from stenoflow.profile.model import Profile

    TranscriptionProfile(profile=Profile(engine="deepgram")).save("meetings")
    # then: profile="transcription-profile/meetings"
    ```"""

    profile: Profile = Field(
        default_factory=Profile,
        title="Profile",
        description="Everything a person can choose about how a recording is treated.",
    )
