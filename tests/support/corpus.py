"""The corpus of real recordings, and the mark of tests that need it."""

from pathlib import Path

import pytest

from bench.harness.corpus import ROOT, recordings, shared

__all__ = ["ROOT", "case", "needs_corpus", "recordings", "shared"]

needs_corpus = pytest.mark.skipif(
    shared() is None,
    reason="the corpus is not here: set STENOFLOW_CORPUS to the folder that holds corpus/",
)


def case(name: str) -> Path:
    """Return a file of ``cases/``, on which an earlier version failed; skip the test where it is not."""
    folder = shared()
    if folder is None or not (folder / "cases" / name).is_file():
        pytest.skip(f"cases/{name} is not here: set STENOFLOW_CORPUS to the folder that holds it")
    return folder / "cases" / name
