"""JSON Schemas (2020-12) of what Stenoflow writes for other programs to read.

They are made from the code by ``python -m stenoflow.manifest.schemas``, which writes them beside
this file; a test holds the files equal to the code.
"""

import json
from pathlib import Path
from typing import Any

from stenoflow.manifest.model import Manifest
from stenoflow.rendering.document_schema import json_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(__file__).parent


def schemas() -> dict[str, dict[str, Any]]:
    """Each schema by its file's name, as the code has it now."""
    manifest = Manifest.model_json_schema(mode="serialization")
    return {
        "manifest.json": {"$schema": DIALECT, **manifest},
        "transcript.json": json_schema(),
    }


def written(schema: dict[str, Any]) -> str:
    """A schema as it is stored."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
