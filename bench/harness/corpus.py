"""The corpus of real recordings and of recorded Deepgram replies, where a machine has it."""

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any, Literal

Half = Literal["to choose on", "to report"]

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


def half_of(name: str) -> Half:
    """Return the half of the corpus that a recording belongs to, by a hash of its name.

    Settings are chosen on one half, and the figures that are reported are those of the other.
    """
    even = hashlib.sha256(name.encode()).digest()[0] % 2 == 0
    return "to choose on" if even else "to report"
