"""Where the corpus of real recordings lies, for the tests that use it."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@cache
def shared() -> Path | None:
    """The folder that holds ``corpus/`` and ``deepgram/``, or None where there is none."""
    named = os.environ.get("STENOFLOW_CORPUS")
    candidates = [Path(named)] if named else [ROOT / "shared", ROOT.parent / "shared"]
    return next((folder for folder in candidates if (folder / "corpus").is_dir()), None)


needs_corpus = pytest.mark.skipif(
    shared() is None,
    reason="the corpus is not here: set STENOFLOW_CORPUS to the folder that holds corpus/",
)


@cache
def recordings(kind: str | None = None) -> tuple[dict[str, Any], ...]:
    """The manifest's entries, each with its ``path``; () where the corpus is absent."""
    folder = shared()
    if folder is None:
        return ()
    manifest = json.loads((folder / "corpus" / "manifest.json").read_text())
    return tuple(
        entry | {"path": folder / "corpus" / entry["name"]}
        for entry in manifest["files"]
        if kind in (None, entry["kind"])
    )
