"""The child in which Whisper listens; see :mod:`stenoflow.engines.faster_whisper.engine` for its answer.

Usage: faster_whisper_worker.py REQUEST.json
"""

import json
import os
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Read when the library is imported: whatever is missing is an error, and no download.
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
from faster_whisper import WhisperModel  # pyright: ignore[reportMissingTypeStubs]


def main(request: dict[str, Any]) -> dict[str, Any]:
    try:
        model: Any = WhisperModel(**request["model"])
        return {**request["reply"], "chunks": list(chunks(model, request))}
    except (RuntimeError, ValueError) as error:
        if "memory" in str(error):
            raise
        return {"unusable": str(error)}


def chunks(model: Any, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What is heard in each chunk, with its edges."""
    with wave.open(request["audio"]) as audio:
        for start, end in request["chunks"]:
            audio.setpos(start)
            pcm = np.frombuffer(audio.readframes(end - start), "<i2")
            yield {"start": start, "end": end, **heard(model, pcm, request["hearing"])}


def heard(model: Any, pcm: Any, hearing: dict[str, Any]) -> dict[str, Any]:
    """Segments of one chunk, each as words with their times and probabilities."""
    segments, info = model.transcribe(pcm.astype(np.float32) / 32768, **hearing)
    return {
        "language": info.language,
        "probability": float(info.language_probability),
        "segments": [
            [
                [word.word, float(word.start), float(word.end), float(word.probability)]
                for word in segment.words or ()
            ]
            for segment in segments
        ],
    }


if __name__ == "__main__":
    json.dump(main(json.loads(Path(sys.argv[1]).read_text())), sys.stdout)
