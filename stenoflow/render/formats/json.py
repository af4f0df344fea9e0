"""``transcript.json``: everything, by the schema of :mod:`stenoflow.render.document`."""

import json
from collections.abc import Iterator, Mapping
from typing import cast

from stenoflow.render.base import Rendering
from stenoflow.render.document import document
from stenoflow.render.registry import renderer


@renderer("json", file_name="transcript.json", content_type="application/json")
def render(rendering: Rendering) -> bytes:
    return "".join(_lines(document(rendering))).encode()


def _lines(entries: Mapping[str, object]) -> Iterator[str]:
    """JSON with a line for each field, and for each element of a list: small, and fit for people."""
    separator = "{\n"
    for name, value in entries.items():
        yield f"{separator}  {_compact(name)}: "
        elements = cast(list[object], value) if isinstance(value, list) else []
        if elements:
            yield "[\n    " + ",\n    ".join(map(_compact, elements)) + "\n  ]"
        else:
            yield _compact(cast(object, value))
        separator = ",\n"
    yield "\n}\n"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
