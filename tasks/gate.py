"""Between hearing a recording and paying for it: is it worth it, by the profile?"""

from stenoflow.audio.analysis import AudioAnalysis
from stenoflow.errors import BelowQuality
from stenoflow.profile.model import Profile


def check_gate(heard: AudioAnalysis, profile: Profile) -> None:
    """Raises BelowQuality where even the best channel scores below the profile's gate."""
    best = max(heard.channels, key=lambda channel: channel.quality.score)
    if best.quality.score < profile.quality.min_score:
        warnings = "; ".join(best.quality.warnings) or "no single cause stands out"
        raise BelowQuality(
            f"The recording's quality is {best.quality.score:.2f}, below the profile's gate of "
            f"{profile.quality.min_score:.2f} ({warnings}). Nothing was sent to the engine; lower "
            "`quality.min_score` to transcribe it all the same."
        )
