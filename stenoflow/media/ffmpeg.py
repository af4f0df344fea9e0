"""Any recording in, 16 kHz PCM out, through FFmpeg in a confined child.

One child per recording does it all: it lists the streams on standard error and writes the sound to its
standard output as a WAV file without end, whose header tells the number of channels. Only where the
stream to hear turns out not to be the first one, or FFmpeg cannot mix or decode it, is another child
started.

Media is hostile. FFmpeg may open containers of real media only, from this one file only: playlists,
scripts, subtitles and streams that name other files or addresses are refused by name. Time, memory and
files are limited by :mod:`stenoflow.media.sandbox`; the output by counting samples, the only length believed.
"""

import re
import struct
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stenoflow.errors import BadMedia, NotFound, OverLimit, PermanentError, ProcessKilled
from stenoflow.media.binaries import Decoder, chosen_decoder, second_decoder
from stenoflow.media.diagnostics import (
    Decoded,
    cannot_decode,
    count,
    unreadable,
    warnings,
    why_nothing,
)
from stenoflow.media.options import Limits, MediaOptions
from stenoflow.media.sandbox import Bounds, Child
from stenoflow.media.stream_info import AudioStream, MediaInfo, read_media_info
from stenoflow.times import SAMPLE_RATE, Seconds, to_samples, to_seconds

__all__ = ["AudioStream", "Decoding", "MediaInfo", "PcmBlock", "decode", "probe"]

PcmBlock = NDArray[np.int16]
"""Samples at 16 kHz, shape (samples, channels)."""

BLOCK_SAMPLES = 2**17
"""Samples of each channel in a block: 8.2 s."""

CONTAINERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dss,eac3,flac,flv,g722,gsm,matroska,mov,mp3,mpc,"
    "mpc8,mpeg,mpegts,mxf,nistsphere,ogg,tta,voc,w64,wav,wv"
)
"""FFmpeg's names of what it may open: real media, nothing that refers to another file."""

SIGNALLED = re.compile(r"^\[info\] Exiting normally, received signal (\d+)", re.MULTILINE)
SIGNALLED_EXIT_CODE = 255

MAX_ALLOCATION_BYTES = 256 * 1024**2
"""The most that FFmpeg may ask for at once: no sane header needs more."""

MAX_CHANNELS = 32
"""The most that are worked with one by one; a hostile header may name hundreds."""

CANNOT_MIX = "Rematrix is needed"
"""FFmpeg says so of channels whose places it does not know, such as those of a nine-track recorder: we
mix them ourselves then, all alike."""

PACKED_IN_MP4 = ("amr_nb", "amr_wb")
"""Several frames of these may make up a sample of an old phone's 3GP file, of which FFmpeg 5 decodes but
the first: four fifths of what was said are lost."""

BY_ITS_TIMES = (
    "[0:a:{stream}]asplit[all][first];[first]aselect=not(n),ashowinfo,anullsink;"
    "[all]asettb=1/sr,asetpts='st(0,max(PTS-N,ld(0)))+N',aresample=async=1[heard]"
)
"""Filters that say, in FFmpeg's messages, when the first frame plays, and fill with silence what is missing
between later frames: where a sender paused, or packets were lost, a player waits too. How far the time
stamps are ahead of the samples only ever grows, so that sound whose time stamps go back, as where files
were joined end to end, is neither dropped nor moved."""

FIRST_FRAME = re.compile(
    r"^\[Parsed_ashowinfo_\d+ @ 0x[0-9a-f]+\] \[info\] n:0 pts:(\d+) .* rate:([1-9]\d*) ",
    re.MULTILINE,
)
"""When, in samples of the stream; FFmpeg says it anew where a stream changes its rate or channels."""


@contextmanager
def decode(
    path: Path,
    *,
    choice: MediaOptions | None = None,
    limits: Limits | None = None,
    stop: threading.Event | None = None,
) -> Generator["Decoding"]:
    """Decode a recording for the length of a ``with`` block.

    The child starts at once and works ahead, so enter the block before importing anything heavy.
    Raises NotFound where there is no file; all else is raised while reading, see :class:`Decoding`.
    """
    decoding = Decoding(path, choice or MediaOptions(), limits or Limits(), stop)
    try:
        yield decoding
    finally:
        decoding.close()


def probe(path: Path, limits: Limits | None = None) -> MediaInfo:
    """What a recording's header says, without decoding it.

    Raises NotFound, BadMedia, OverLimit at the decoder's deadline, ProcessKilled, MissingDependency.
    """
    _require_file(path)
    child = _ffmpeg(chosen_decoder(), path, [], limits or Limits(), stop=None)
    try:
        child.finish()
        messages = child.messages()
        info = read_media_info(messages)
        if info is None:
            raise unreadable(messages)
        return info
    finally:
        child.close()


class Decoding:
    """The sound of a recording, read once by iterating: blocks of shape (samples, channels).

    Blocks hold at most ``BLOCK_SAMPLES`` samples of each channel: one channel where they are mixed or
    one is heard, else as many as the stream has. They begin where the file begins, and every sound has
    the time at which a player plays it, be it later than the picture or after a gap in the time stamps:
    where nothing plays for a tenth of a second or longer, there is silence. Only in Ogg and MPEG streams
    a jump of more than ten seconds counts for nothing: there it is where files were joined, as a rule.

    Iterating, ``info`` and ``channels`` raise BadMedia where nothing can be decoded or what was chosen
    is not there, OverLimit beyond the longest duration or the deadline, ProcessKilled, and Stopped;
    MissingDependency or ConfigurationError where it is FFmpeg that does not work.
    """

    def __init__(
        self, path: Path, choice: MediaOptions, limits: Limits, stop: threading.Event | None
    ) -> None:
        _require_file(path)
        self._path = path
        self._choice = choice
        self._limits = limits
        self._stop = stop
        self._samples = 0
        self._warnings: tuple[str, ...] = ()
        self._opened: tuple[MediaInfo, int] | None = None
        self._decoder = chosen_decoder()
        self._mixed = choice.channels == "mix"
        self._child = self._start(choice.audio_stream or 0)

    @property
    def info(self) -> MediaInfo:
        """What the header says; waits until the child has read it."""
        return self._open()[0]

    @property
    def channels(self) -> int:
        """How many channels each block has."""
        return 1 if self._choice.channels != "apart" else self._open()[1]

    @property
    def samples(self) -> int:
        """Samples of each channel decoded so far; after the end, the recording's length."""
        return self._samples

    @property
    def duration_s(self) -> Seconds:
        """The same in seconds."""
        return to_seconds(self._samples)

    @property
    def warnings(self) -> tuple[str, ...]:
        """After the end: what a person should know of the recording, in sentences."""
        return self._warnings

    def __iter__(self) -> Iterator[PcmBlock]:
        info, width = self._open()
        while True:
            block = np.empty((BLOCK_SAMPLES, width), dtype=np.int16)
            got = self._child.read_into(block.data.cast("B")) // (2 * width)
            if got and self._samples == 0:
                yield from self._silence_before()
            self._count(got)
            if got:
                yield self._heard(block[:got])
            if got < BLOCK_SAMPLES:
                break
        self._conclude(info)

    def _silence_before(self) -> Iterator[PcmBlock]:
        """From the file's start to its first sound, which in a video may be later than the picture."""
        first = FIRST_FRAME.search(self._child.messages())
        missing = round(int(first[1]) * SAMPLE_RATE / int(first[2])) if first else 0
        for start in range(0, missing, BLOCK_SAMPLES):
            silence = np.zeros((min(BLOCK_SAMPLES, missing - start), self.channels), np.int16)
            self._count(len(silence))
            yield silence

    def _count(self, samples: int) -> None:
        self._samples += samples
        if self._samples > to_samples(self._limits.max_duration_s):
            raise OverLimit(
                f"The recording is longer than {self._limits.max_duration_s:g} s, the limit; "
                "raise limits.max_duration_s in the profile, or cut it."
            )

    def close(self) -> None:
        """End the child, whatever it is doing."""
        self._child.close()

    def _start(self, stream: int) -> Child:
        filters = BY_ITS_TIMES.format(stream=stream)
        mix = ["-ac", "1"] if self._mixed else []
        output = [
            *("-filter_complex_threads", "1", "-filter_complex", filters, "-map", "[heard]"),
            *(*mix, "-ar", str(SAMPLE_RATE), "-c:a", "pcm_s16le", "-bitexact"),
            *("-map_metadata", "-1", "-map_chapters", "-1"),
            *("-flush_packets", "0", "-f", "wav", "pipe:1"),
        ]
        return _ffmpeg(self._decoder, self._path, output, self._limits, self._stop)

    def _open(self) -> tuple[MediaInfo, int]:
        """Read up to the first sample: what the file holds, and how many channels arrive."""
        if self._opened is None:
            width = self._read_wav_header()
            info = read_media_info(self._child.messages())
            if info is None:
                raise self._failure()
            stream = self._choice.audio_stream
            if stream is None:
                stream = info.default_stream
                if stream != 0:
                    width = self._restart(stream)
            if self._is_beyond_decoder(info, stream, width) and (other := second_decoder()):
                self._decoder = other
                width = self._restart(stream)
                info = read_media_info(self._child.messages()) or info
                self._warnings = (
                    f"It was decoded by FFmpeg {other.version} of the imageio-ffmpeg wheel, as older "
                    "ones lose sound of this kind.",
                )
            if width is None and CANNOT_MIX in self._child.messages():
                self._mixed = False
                width = self._restart(stream)
            if width is None:
                raise self._failure()
            self._require_channels(width)
            self._opened = info, width
        return self._opened

    def _is_beyond_decoder(self, info: MediaInfo, stream: int, width: int | None) -> bool:
        """Whether the sound is such as older FFmpegs cannot decode, or not all of it."""
        if width is None:
            return cannot_decode(self._child.messages())
        packed = stream < len(info.audio) and info.audio[stream].codec in PACKED_IN_MP4
        return packed and "mp4" in info.container

    def _restart(self, stream: int) -> int | None:
        """Begin anew: the number of channels; None where the child wrote no header."""
        self._child.close()
        self._child = self._start(stream)
        return self._read_wav_header()

    def _require_channels(self, width: int) -> None:
        if width > MAX_CHANNELS:
            raise OverLimit(
                f"The recording has {width} channels, and at most {MAX_CHANNELS} can be worked with; "
                "supply it with fewer."
            )
        if self._choice.channels == "one" and self._choice.channel >= width:
            raise BadMedia(
                f"The profile asks for channel {self._choice.channel}, but the recording has "
                f"{count(width, 'channel')}, counted from 0."
            )

    def _read_wav_header(self) -> int | None:
        """The number of channels; None where the child wrote no header."""
        channels = None
        riff = bytearray(12)
        if self._child.read_into(memoryview(riff)) < len(riff):
            return None
        while True:
            head = bytearray(8)
            if self._child.read_into(memoryview(head)) < len(head):
                return None
            name, size = struct.unpack("<4sI", head)
            if name == b"data":
                return channels
            body = bytearray(size)
            self._child.read_into(memoryview(body))
            if name == b"fmt ":
                channels = int(struct.unpack_from("<H", body, 2)[0])

    def _heard(self, block: PcmBlock) -> PcmBlock:
        if self._choice.channels == "one":
            return np.ascontiguousarray(block[:, self._choice.channel, np.newaxis])
        if self._choice.channels == "mix" and block.shape[1] > 1:
            return np.rint(block.mean(axis=1, keepdims=True, dtype=np.float32)).astype(np.int16)
        return block

    def _failure(self) -> PermanentError | ProcessKilled:
        """Why not a single sample came."""
        exit_code = _finish(self._child)
        return why_nothing(self._choice, self._limits, exit_code, self._child.messages())

    def _conclude(self, info: MediaInfo) -> None:
        exit_code = _finish(self._child)
        if self._samples == 0:
            raise why_nothing(self._choice, self._limits, exit_code, self._child.messages())
        decoded = Decoded(info, self.duration_s, exit_code, self._child.messages())
        self._warnings += warnings(decoded, self._choice)


def _ffmpeg(
    decoder: Decoder, path: Path, output: list[str], limits: Limits, stop: threading.Event | None
) -> Child:
    arguments = [
        *(decoder.path, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info"),
        *("-threads", "1", "-max_alloc", str(MAX_ALLOCATION_BYTES)),
        *("-protocol_whitelist", "file", "-format_whitelist", CONTAINERS),
        *("-i", f"file:{path.absolute()}", *output),
    ]
    bounds = Bounds(memory_bytes=limits.decode_memory_bytes, deadline_s=limits.decode_deadline_s)
    return Child(arguments, bounds, called="The decoder", stop=stop)


def _finish(child: Child) -> int:
    """Wait for FFmpeg's end: its exit code. It ends in good order when it is told to by a signal."""
    ending = child.finish()
    told = SIGNALLED.search(child.messages())
    if told and ending.exit_code == SIGNALLED_EXIT_CODE:
        raise ProcessKilled(f"The decoder was stopped from outside by signal {told[1]}.")
    return ending.exit_code


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise NotFound(f"There is no file {str(path)!r}.")
    if path.stat().st_size == 0:
        raise BadMedia("The recording is empty: it has 0 bytes.")
