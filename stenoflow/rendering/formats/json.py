"""``transcript.json``: the whole transcript, by :mod:`stenoflow.rendering.document_schema`."""

from stenoflow.rendering.base import Renderer, Rendering
from stenoflow.rendering.document import document
from stenoflow.rendering.json_text import json_by_field


def render(rendering: Rendering) -> bytes:
    """Return the transcript as JSON with a line for each utterance and each word."""
    return json_by_field(document(rendering), expand_lists=True).encode()


RENDERER = Renderer(
    name="json",
    file_name="transcript.json",
    content_type="application/json",
    render=render,
    description="The whole transcript for programs, with a JSON Schema",
)
