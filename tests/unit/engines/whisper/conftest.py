"""A folder that looks like a model."""

import json
from pathlib import Path

import pytest

from stenoflow.engines.whisper.weights import MULTILINGUAL_TOKENS, SPECIFICATION


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Looks like a multilingual model, but has no weights."""
    made = tmp_path / "small"
    made.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (made / name).write_text("{}")
    (made / "vocabulary.json").write_text(json.dumps(["a"] * MULTILINGUAL_TOKENS))
    (made / "model.bin").write_bytes(b"\x06\0\0\0\x0c\0" + SPECIFICATION + b"nothing more")
    return made
