"""Speech detection on one core, from samples to segments, beside others that run Silero.

python -m bench.audio.vad [--minutes 10] [--rounds 5]
"""

import argparse
import sys
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.harness.material import speech_for
from bench.harness.measure import Measure, report
from bench.harness.timing import take_turns
from stenoflow.vad.detector import speech_scores
from stenoflow.vad.options import VadOptions
from stenoflow.vad.segments import speech_segments

STOCK = VadOptions(threshold=0.5, min_speech_ms=250, min_silence_ms=100, speech_pad_ms=30)
"""The wheel's own defaults, by which the others are called too."""

Edges = set[tuple[int, int]]
Detector = Callable[[], Edges]


def main() -> None:
    """Let them take turns on the same speech."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    samples = speech_for(60 * chosen.minutes)
    rivals = {"ours": ours(samples)} | peers(samples)
    found: dict[str, Edges] = {}
    costs = take_turns(
        {name: _remembering(found, name, detect) for name, detect in rivals.items()},
        chosen.rounds,
    )
    per_hour = {name: cost.per_hour(60 * chosen.minutes).cpu_s for name, cost in costs.items()}
    bars = {"stock TorchScript": 15.0, "sequence mode": 3.3}
    report(
        Measure(
            name=f"vad, CPU, against {peer}",
            ours=per_hour["ours"],
            peer=per_hour[peer],
            unit="CPU s per hour",
            against=f"{peer}, {_agreement(found['ours'], found[peer])}",
            at_least=bars.get(peer, 1.0),
        )
        for peer in rivals
        if peer != "ours"
    )


def ours(samples: NDArray[np.int16]) -> Detector:
    """``stenoflow.vad.detector``."""

    def detect() -> Edges:
        found = speech_segments(speech_scores(samples, adapts=False), len(samples), STOCK)
        return {(span.start, span.end) for span in found}

    return detect


def peers(samples: NDArray[np.int16]) -> dict[str, Detector]:
    """The wheel's three ways, and faster-whisper's, as far as they are installed."""
    audio = samples.astype(np.float32) / np.float32(32768)
    found = {"stock TorchScript": _stock(torch.from_numpy(audio), onnx=False)}
    if find_spec("onnxruntime"):
        found["stock ONNX"] = _stock(torch.from_numpy(audio), onnx=True)
        found["sequence mode"] = _sequence(audio)
    else:
        print("left out for want of onnxruntime: stock ONNX, sequence mode", file=sys.stderr)
    if find_spec("faster_whisper"):
        found[f"faster-whisper {version('faster-whisper')}"] = _faster_whisper(audio)
    else:
        print("left out as it is not installed: faster-whisper", file=sys.stderr)
    return found


def _stock(audio: torch.Tensor, *, onnx: bool) -> Detector:
    import silero_vad  # noqa: PLC0415

    model = silero_vad.load_silero_vad(onnx=onnx)
    return lambda: _edges(silero_vad.get_speech_timestamps(audio, model))


def _sequence(audio: NDArray[np.float32]) -> Detector:
    import silero_vad  # noqa: PLC0415

    model = silero_vad.load_silero_vad(sequence=True)
    return lambda: _edges(silero_vad.get_speech_timestamps_sequence(audio, model))


def _faster_whisper(audio: NDArray[np.float32]) -> Detector:
    from faster_whisper import vad  # noqa: PLC0415

    settings = vad.VadOptions(
        threshold=STOCK.threshold,
        min_speech_duration_ms=STOCK.min_speech_ms,
        min_silence_duration_ms=STOCK.min_silence_ms,
        speech_pad_ms=STOCK.speech_pad_ms,
    )
    # It overwrites the end of what it is given.
    return lambda: _edges(vad.get_speech_timestamps(audio.copy(), settings))


def _edges(segments: list[dict[str, Any]]) -> Edges:
    return {(int(each["start"]), int(each["end"])) for each in segments}


def _remembering(found: dict[str, Edges], name: str, detect: Detector) -> Callable[[], None]:
    def work() -> None:
        found[name] = detect()

    return work


def _agreement(ours: Edges, theirs: Edges) -> str:
    if ours == theirs:
        return f"same {len(ours)} segments"
    return f"{len(theirs - ours)} of its {len(theirs)} segments are not ours"


if __name__ == "__main__":
    main()
