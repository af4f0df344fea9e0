"""What a person can choose: the base of every section of a profile, and its digest."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Base of all sections: immutable, and closed, so that a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def canonical_digest(value: Any) -> str:
    """SHA-256, in hex, of a JSON value written with sorted keys and no spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
