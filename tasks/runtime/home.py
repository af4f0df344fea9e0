"""The folder in which Stenoflow keeps what belongs to one user on one machine."""

import os
from pathlib import Path


def home_folder() -> Path:
    """Return ``STENOFLOW_HOME``, else ``~/.stenoflow``, as an absolute path."""
    return Path(os.environ.get("STENOFLOW_HOME") or Path.home() / ".stenoflow").absolute()
