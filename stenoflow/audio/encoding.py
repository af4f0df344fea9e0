"""The audio of a request: the kept spans of a channel, one after the other, as FLAC or WAV.

Samples stream from the channel's file to the encoder in blocks, so memory is flat. Both encodings are
lossless: the file decodes to exactly the selected samples, raised or lowered by the gain.

FLAC is written by the libavcodec inside PyAV: 0.7 CPU s for an hour of speech at its default level
(level 8 takes twice as long to save another 2 %), less than a second ffmpeg process takes.
"""

import hashlib
import threading
import wave
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from numpy.typing import NDArray

from stenoflow.audio.samples import SAMPLE_BYTES, read_16_bits
from stenoflow.errors import Stopped
from stenoflow.times import SAMPLE_RATE, Span

Encoding = Literal["flac", "wav"]
"""Both lossless; WAV is for audio that never leaves the machine and need not be small."""


@dataclass(frozen=True, slots=True)
class RequestAudio:
    """The audio of one request: a local file, or a URL that the engine fetches by itself."""

    path: Path | None
    url: str | None
    """Set, with ``path`` None, where the engine fetches a presigned URL."""
    size: int
    """Bytes."""
    sha256: str
    content_type: str
    samples: int
    """Length of the audio in samples at 16 kHz."""
    speech: tuple[Span, ...]
    """The speech segments in it, in samples of this audio, for engines that do better with one at a time."""


BLOCK_SAMPLES = 1 << 18
"""Samples read and encoded at a time: 16 s, half a megabyte."""

HEADER_BYTES = 16_384
"""More than the headers of either encoding; libavformat leaves 8 KiB free for FLAC's tags."""

MAX_SAMPLE_BYTES = 2.05
"""The most that a sample takes. FLAC stores noise verbatim, with a header of at most 16 bytes and a
checksum of 2 for each frame of 1,152 samples (RFC 9639)."""

CONTENT_TYPES: dict[Encoding, str] = {"flac": "audio/flac", "wav": "audio/wav"}

Write = Callable[[NDArray[np.int16]], None]


def samples_within(size: int) -> int:
    """Return how many samples certainly fit into ``size`` bytes, whatever their content."""
    return int(max(size - HEADER_BYTES, 0) / MAX_SAMPLE_BYTES)


def encode(
    pcm: Path,
    kept: Sequence[Span],
    path: Path,
    *,
    encoding: Encoding,
    gain: float = 1.0,
    stop: threading.Event,
) -> RequestAudio:
    """Write the ``kept`` spans of ``pcm``, a file of samples, one after the other, to ``path``.

    Samples are multiplied by ``gain``, rounded, and clipped to 16 bits. Each kept span counts as one
    speech segment; who knows better replaces ``speech`` in what is returned. Raises Stopped, leaving no
    file behind; ValueError where a span reaches past the end of the samples.
    """
    ends = accumulate((span.samples for span in kept), initial=0)
    speech = tuple(Span(start, end) for start, end in pairwise(ends))
    samples = speech[-1].end if speech else 0
    try:
        with _writer(path, encoding, samples) as write:
            for block in _blocks(pcm, kept, gain, stop):
                write(block)
        with path.open("rb") as encoded:
            digest = hashlib.file_digest(encoded, "sha256")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return RequestAudio(
        path=path,
        url=None,
        size=path.stat().st_size,
        sha256=digest.hexdigest(),
        content_type=CONTENT_TYPES[encoding],
        samples=samples,
        speech=speech,
    )


def _blocks(
    pcm: Path, kept: Sequence[Span], gain: float, stop: threading.Event
) -> Iterator[NDArray[np.int16]]:
    """Yield the kept samples in order, in blocks of at most :data:`BLOCK_SAMPLES`."""
    for span in kept:
        for start in range(span.start, span.end, BLOCK_SAMPLES):
            if stop.is_set():
                raise Stopped("Stopped while encoding the audio.")
            end = min(start + BLOCK_SAMPLES, span.end)
            yield read_16_bits(pcm, Span(start, end), gain)


@contextmanager
def _writer(path: Path, encoding: Encoding, samples: int) -> Generator[Write]:
    """Open a file that takes blocks of samples; it is complete when the ``with`` block is left."""
    if encoding == "flac":
        with _flac_writer(path) as write:
            yield write
    else:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(SAMPLE_BYTES)
            file.setframerate(SAMPLE_RATE)
            file.setnframes(samples)
            yield lambda block: file.writeframes(block.data)


@contextmanager
def _flac_writer(path: Path) -> Generator[Write]:
    # PyAV's own types are incomplete.
    container: Any = av.open(path, "w", format="flac")
    with container as file:
        stream = file.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        stream.codec_context.format = "s16"
        position = 0

        def write(block: NDArray[np.int16]) -> None:
            nonlocal position
            frame = av.AudioFrame.from_ndarray(block[np.newaxis], format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            frame.pts = position
            position += len(block)
            file.mux(stream.encode(frame))

        yield write
        file.mux(stream.encode(None))
