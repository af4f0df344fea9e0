"""The sample recordings that ship with Stenoflow."""

from pathlib import Path


def sample_recordings() -> list[Path]:
    """Return the paths of the sample recordings, in the order of their names."""
    folder = Path(__file__).parent
    return sorted(path for path in folder.iterdir() if path.suffix in {".mp3", ".mp4", ".ogg"})
