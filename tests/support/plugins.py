"""Third-party packages for tests: built from a few lines, and installed offline into a folder."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def install_package(files: Mapping[str, str], folder: Path) -> Path:
    """Install a package, given as texts by file name (``pyproject.toml`` included), under ``folder``.

    Returns the directory to put on the path (:func:`run_with_package`).
    """
    source, target = folder / "source", folder / "installed"
    source.mkdir(parents=True)
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", *offline, "--target", target, source],
        check=True,
    )
    return target


def run_with_package(installed: Path, code: str) -> str:
    """Run code in a child that sees an installed package beside ours, and return what it prints."""
    path = os.pathsep.join([str(installed), *filter(None, sys.path)])
    child = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    return child.stdout
