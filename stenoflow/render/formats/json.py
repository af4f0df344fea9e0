"""``transcript.json``: the whole transcript, by :mod:`stenoflow.render.document_schema`."""

from stenoflow.render.base import Renderer, Rendering
from stenoflow.render.document import document
from stenoflow.render.json_text import json_by_field


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
