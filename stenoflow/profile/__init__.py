"""The profile of a recording: every choice a person has, as one model, and how to read it from a file."""

from stenoflow.profile.files import read_profile
from stenoflow.profile.model import Profile

__all__ = ["Profile", "read_profile"]
