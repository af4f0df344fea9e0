"""The body of a request: the kept stretches of a channel, one after the other, as FLAC or WAV.

Audio streams from the channel's samples to the body in blocks, so memory is flat. Both encodings are
lossless: the body decodes to exactly the selected samples, raised or lowered by the gain.

FLAC is written by the libavcodec inside PyAV: 0.7 CPU s for an hour of speech at its default level
(level 8 takes twice as long to save another 2 %), less than a second ffmpeg process takes.
"""

import hashlib
import threading
import wave
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from numpy.typing import NDArray

from stenoflow.errors import Stopped
from stenoflow.segmentation.timeline import Timeline
from stenoflow.times import SAMPLE_RATE, Span

Encoding = Literal["flac", "wav"]
"""Both lossless; WAV where a body never leaves the machine and need not be small."""


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
    stretches: tuple[Span, ...]
    """The stretches of speech inside this body, for engines that do better one stretch at a time."""
    audio_sha256: str | None = None
    """Digest of the samples themselves (s16le), where they are known: unlike ``sha256`` it does not
    change with the version of an encoder, so audio that was bought is found again."""


SAMPLE_BYTES = 2

BLOCK = 1 << 18
"""Samples read and encoded at a time: 16 s, half a megabyte."""

HEADER_BYTES = 16_384
"""More than the headers of either encoding; libavformat leaves 8 KiB free for FLAC's tags."""

MOST_SAMPLE_BYTES = 2.05
"""Most that a sample takes. FLAC keeps noise as it is, with a header of at most 16 bytes and a
checksum of 2 for each frame of 1,152 samples."""

CONTENT_TYPES: dict[Encoding, str] = {"flac": "audio/flac", "wav": "audio/wav"}

Write = Callable[[NDArray[np.int16]], None]


def samples_within(size: int) -> int:
    """How many samples surely fit into a body of so many bytes, whatever they sound like."""
    return int(max(size - HEADER_BYTES, 0) / MOST_SAMPLE_BYTES)


def pack(
    pcm: Path,
    timeline: Timeline,
    path: Path,
    *,
    encoding: Encoding,
    gain: float = 1.0,
    speech: Sequence[Span] | None = None,
    stop: threading.Event,
) -> RequestAudio:
    """Write what the timeline keeps of ``pcm`` (raw s16le, mono, 16 kHz) to ``path``.

    Samples are multiplied by ``gain``, rounded, and held at the limits of 16 bits. ``speech`` are the
    stretches of speech in the original, in order: those inside the body become its ``stretches``
    (without them, all that is kept counts as speech). Raises Stopped, leaving no file behind;
    ValueError where the timeline reaches past the end of the samples.
    """
    digest = hashlib.sha256()
    try:
        with _opened(path, encoding, timeline.samples) as write:
            for block in _blocks(pcm, timeline, gain, stop):
                digest.update(block.data)
                write(block)
        with path.open("rb") as packed:
            body_digest = hashlib.file_digest(packed, "sha256")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return RequestAudio(
        path=path,
        url=None,
        size=path.stat().st_size,
        sha256=body_digest.hexdigest(),
        content_type=CONTENT_TYPES[encoding],
        samples=timeline.samples,
        stretches=timeline.stretches() if speech is None else _inside(timeline, speech),
        audio_sha256=digest.hexdigest(),
    )


def _blocks(
    pcm: Path, timeline: Timeline, gain: float, stop: threading.Event
) -> Iterator[NDArray[np.int16]]:
    """The kept samples in order, in blocks of at most :data:`BLOCK`."""
    with pcm.open("rb") as samples:
        for stretch in timeline.kept:
            for start in range(stretch.start, stretch.end, BLOCK):
                if stop.is_set():
                    raise Stopped("Stopped while packing the audio.")
                count = min(BLOCK, stretch.end - start)
                samples.seek(start * SAMPLE_BYTES)
                block = np.fromfile(samples, np.dtype("<i2"), count)
                if len(block) < count:
                    raise ValueError(f"{pcm} ends before sample {start + count}")
                yield block if gain == 1.0 else _louder(block, gain)


def _louder(block: NDArray[np.int16], gain: float) -> NDArray[np.int16]:
    limits = np.iinfo(np.int16)
    return np.clip(np.rint(block * np.float32(gain)), limits.min, limits.max).astype(np.int16)


def _inside(timeline: Timeline, speech: Sequence[Span]) -> tuple[Span, ...]:
    """The stretches of speech that the timeline keeps, as they lie in the cut audio."""
    places = (Span(timeline.to_cut(span.start), timeline.to_cut(span.end)) for span in speech)
    return tuple(place for place in places if place.samples)


@contextmanager
def _opened(path: Path, encoding: Encoding, samples: int) -> Generator[Write]:
    """A file that takes blocks of samples, finished when the block is left."""
    if encoding == "flac":
        with _flac(path) as write:
            yield write
    else:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(SAMPLE_BYTES)
            file.setframerate(SAMPLE_RATE)
            file.setnframes(samples)
            yield lambda block: file.writeframes(block.data)


@contextmanager
def _flac(path: Path) -> Generator[Write]:
    # PyAV's own types are unfinished.
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
