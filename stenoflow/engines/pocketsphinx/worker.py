"""The child process that runs PocketSphinx.

Its reply is described in :mod:`stenoflow.engines.pocketsphinx.engine`.

Usage: worker.py REQUEST.json
"""

import json
import sys
import wave
from pathlib import Path
from typing import Any, cast

import pocketsphinx  # pyright: ignore[reportMissingTypeStubs]


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Return the reply to a request."""
    decoder = cast("Any", pocketsphinx).Decoder(loglevel="FATAL", **request["decoder"])
    stretches: list[dict[str, Any]] = []
    with wave.open(request["audio"]) as audio:
        for start, end in request["stretches"]:
            audio.setpos(start)
            words = decoded(decoder, audio.readframes(end - start))
            stretches.append({"start": start, "end": end, "words": words})
    return {**request["reply"], "stretches": stretches}


def decoded(decoder: Any, pcm: bytes) -> list[list[Any]]:
    """Return the words of one stretch, each with its first and last frame and its posterior."""
    if not pcm:
        return []
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    return [
        # Summed in logarithms, a posterior may come out a little above 1.
        [segment.word, segment.start_frame, segment.end_frame, min(segment.prob, 1.0)]
        for segment in decoder.seg() or ()
    ]


if __name__ == "__main__":
    json.dump(main(json.loads(Path(sys.argv[1]).read_text())), sys.stdout)
