"""JSON as Stenoflow stores it: compact values, a line for each field, fit for people and ``diff``."""

import json
from collections.abc import Mapping
from typing import cast


def compact_json(value: object) -> str:
    """Return a value as JSON on one line. Raises ValueError for NaN and infinities."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def json_by_field(fields: Mapping[str, object], *, expand_lists: bool = False) -> str:
    """Return an object as JSON with a line for each field.

    ``expand_lists`` gives each element of a field's list a line of its own, too.
    """
    lines = (
        f"  {compact_json(name)}: {_expanded(value) if expand_lists else compact_json(value)}"
        for name, value in fields.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _expanded(value: object) -> str:
    if not value or not isinstance(value, list):
        return compact_json(value)
    elements = map(compact_json, cast(list[object], value))
    return "[\n    " + ",\n    ".join(elements) + "\n  ]"
