"""The corpus of real recordings, and the mark of tests that need it."""

import pytest

from bench.harness.corpus import ROOT, recordings, shared

__all__ = ["ROOT", "needs_corpus", "recordings", "shared"]

needs_corpus = pytest.mark.skipif(
    shared() is None,
    reason="the corpus is not here: set STENOFLOW_CORPUS to the folder that holds corpus/",
)
