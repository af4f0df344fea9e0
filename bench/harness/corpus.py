"""The corpus of real recordings and of recorded Deepgram replies, where a machine has it."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
"""The root of the checkout."""


@cache
def shared() -> Path | None:
    """Return the folder that holds ``corpus/`` and ``deepgram/``, or None if there is none.

    It is the folder that ``STENOFLOW_CORPUS`` names; without that variable, ``shared/`` in the
    checkout or beside it.
    """
    named = os.environ.get("STENOFLOW_CORPUS")
    candidates = [Path(named)] if named else [ROOT / "shared", ROOT.parent / "shared"]
    return next((folder for folder in candidates if (folder / "corpus").is_dir()), None)


@cache
def recordings(kind: str | None = None) -> tuple[dict[str, Any], ...]:
    """Return the manifest's entries, each with its ``path``; () if the corpus is absent."""
    folder = shared()
    if folder is None:
        return ()
    manifest = json.loads((folder / "corpus" / "manifest.json").read_text())
    return tuple(
        entry | {"path": folder / "corpus" / entry["name"]}
        for entry in manifest["files"]
        if kind in (None, entry["kind"])
    )
