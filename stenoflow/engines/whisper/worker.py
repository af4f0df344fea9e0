"""The child process that runs Whisper: it loads a model once, and answers one request after another.

Its reply is described in :mod:`stenoflow.engines.whisper.reply`.

Usage: worker.py MODEL, where MODEL is JSON: the arguments of ``WhisperModel``. Each line of the
standard input is a request, each line of the standard output its reply, both JSON.
"""

import json
import os
import sys
import wave
from collections.abc import Iterator
from typing import Any

# Read when the library is imported: a missing file is an error, and is not downloaded.
os.environ["HF_HUB_OFFLINE"] = "1"

import ctranslate2  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
from faster_whisper import (  # pyright: ignore[reportMissingTypeStubs]
    BatchedInferencePipeline,
    WhisperModel,
)

RATE = 16_000
SEED = 7


def main(arguments: dict[str, Any]) -> None:
    """Answer requests until there are no more."""
    try:
        model: Any = WhisperModel(**arguments)
    except (RuntimeError, ValueError) as error:
        if "memory" in str(error):
            raise
        for _ in sys.stdin:
            answer({"unusable": str(error)})
        return
    for line in sys.stdin:
        answer(reply(model, json.loads(line)))


def answer(value: dict[str, Any]) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def reply(model: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Return the reply to a request: the same one, whatever was asked before."""
    # Where Whisper is unsure it draws its words at random.
    random: Any = ctranslate2
    random.set_random_seed(SEED)
    try:
        found = list(chunks(model, request))
    except ValueError as error:
        return {"unusable": str(error)}
    return {**request["reply"], "multilingual": model.model.is_multilingual, "chunks": found}


def chunks(model: Any, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each chunk's edges, in samples, with its segments."""
    with wave.open(request["audio"]) as audio:
        for chunk in request["chunks"]:
            start, end = chunk["start"], chunk["end"]
            audio.setpos(start)
            pcm = np.frombuffer(audio.readframes(end - start), "<i2").astype(np.float32) / 32768
            segments, info = transcribed(model, pcm, chunk["windows"], request)
            yield {
                "start": start,
                "end": end,
                "language": info.language,
                "probability": float(info.language_probability),
                "segments": [segment_of(each) for each in segments],
            }


def transcribed(model: Any, pcm: Any, windows: list[list[int]], request: dict[str, Any]) -> Any:
    """Return faster-whisper's segments and what it says of the language."""
    options = request["transcription"]
    if request["batch_size"] == 1 or not windows:
        return model.transcribe(pcm, **options)
    pipeline: Any = BatchedInferencePipeline(model)
    return pipeline.transcribe(
        pcm,
        batch_size=request["batch_size"],
        vad_filter=False,
        clip_timestamps=[{"start": start / RATE, "end": end / RATE} for start, end in windows],
        **options,
    )


def segment_of(segment: Any) -> dict[str, Any]:
    """Return what is kept of a segment."""
    return {
        "words": [
            [word.word, float(word.start), float(word.end), float(word.probability)]
            for word in segment.words or ()
        ],
        "log_probability": float(segment.avg_logprob),
        "compression_ratio": float(segment.compression_ratio),
        "no_speech": float(segment.no_speech_prob),
        "temperature": float(segment.temperature or 0.0),
    }


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
