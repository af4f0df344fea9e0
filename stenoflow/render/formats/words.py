"""The words alone, one JSON object a line, for programs that read line by line."""

import json

from stenoflow.render.base import Rendering
from stenoflow.render.document import word_entry
from stenoflow.render.registry import renderer


@renderer("words", file_name="words.jsonl", content_type="application/x-ndjson")
def render(rendering: Rendering) -> bytes:
    lines = (
        json.dumps(word_entry(word), ensure_ascii=False, allow_nan=False)
        for word in rendering.transcript.words
    )
    return "".join(f"{line}\n" for line in lines).encode()
