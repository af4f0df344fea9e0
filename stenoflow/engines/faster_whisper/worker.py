"""The child process that runs Whisper.

Its reply is described in :mod:`stenoflow.engines.faster_whisper.engine`.

Usage: worker.py REQUEST.json
"""

import json
import os
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Read when the library is imported: a missing file is an error, and is not downloaded.
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
from faster_whisper import WhisperModel  # pyright: ignore[reportMissingTypeStubs]


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Return the reply to a request."""
    try:
        model: Any = WhisperModel(**request["model"])
        return {**request["reply"], "chunks": list(chunks(model, request))}
    except (RuntimeError, ValueError) as error:
        if "memory" in str(error):
            raise
        return {"unusable": str(error)}


def chunks(model: Any, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each chunk's edges, in samples, with its words."""
    with wave.open(request["audio"]) as audio:
        for start, end in request["chunks"]:
            audio.setpos(start)
            pcm = np.frombuffer(audio.readframes(end - start), "<i2")
            yield {"start": start, "end": end, **transcribed(model, pcm, request["transcription"])}


def transcribed(model: Any, pcm: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return the segments of one chunk, each as words with their times and probabilities."""
    segments, info = model.transcribe(pcm.astype(np.float32) / 32768, **options)
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
