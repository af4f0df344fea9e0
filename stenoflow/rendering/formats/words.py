"""``words.jsonl``: the words alone, one JSON object on each line."""

from stenoflow.rendering.base import Renderer, Rendering
from stenoflow.rendering.document import word_entry
from stenoflow.rendering.json_text import compact_json


def render(rendering: Rendering) -> bytes:
    """Return the words as JSON Lines."""
    words = rendering.transcript.words
    return "".join(f"{compact_json(word_entry(word))}\n" for word in words).encode()


RENDERER = Renderer(
    name="words",
    file_name="words.jsonl",
    content_type="application/x-ndjson",
    render=render,
    description="Only the words, as JSON Lines",
)
