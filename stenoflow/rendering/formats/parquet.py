"""``words.parquet``: the words alone, as a table for data tools."""

import importlib
from typing import Any

from stenoflow.errors import MissingDependency
from stenoflow.rendering.base import Renderer, Rendering
from stenoflow.rendering.document import word_entry


def render(rendering: Rendering) -> bytes:
    """Return the words as a Parquet file. Raises MissingDependency without pyarrow."""
    try:
        # pyarrow has no types of its own.
        arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingDependency(
            "the parquet format needs pyarrow: pip install 'stenoflow[parquet]'"
        ) from error
    schema = arrow.schema(
        [
            arrow.field("text", arrow.string(), nullable=False),
            arrow.field("start_s", arrow.float64(), nullable=False),
            arrow.field("end_s", arrow.float64(), nullable=False),
            arrow.field("confidence", arrow.float32()),
            arrow.field("speaker", arrow.int32()),
            arrow.field("channel", arrow.int32(), nullable=False),
        ]
    )
    entries = [word_entry(word) for word in rendering.transcript.words]
    columns = {name: [entry[name] for entry in entries] for name in schema.names}
    sink = arrow.BufferOutputStream()
    parquet.write_table(arrow.table(columns, schema=schema), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


RENDERER = Renderer(
    name="parquet",
    file_name="words.parquet",
    content_type="application/vnd.apache.parquet",
    render=render,
    description="Only the words, as a table for data tools (needs stenoflow[parquet])",
)
