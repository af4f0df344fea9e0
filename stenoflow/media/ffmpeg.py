"""FFmpeg's command line: any recording in, 16 kHz floating-point PCM as a WAV stream out.

Media is hostile. FFmpeg may open containers of real media only, and only this one file: playlists,
scripts, subtitles and streams that name other files or addresses are refused by name. Time, memory and
files are limited by :mod:`stenoflow.media.sandbox`.
"""

import re
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stenoflow.errors import BadMedia, NotFound, ProcessKilled
from stenoflow.media.binaries import Decoder
from stenoflow.media.options import Limits
from stenoflow.media.sandbox import Bounds, Child
from stenoflow.times import SAMPLE_RATE, resampled

CONTAINERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dss,dts,eac3,flac,flv,g722,gsm,matroska,mov,mp3,mpc,"
    "mpc8,mpeg,mpegts,mxf,nistsphere,ogg,rm,tak,tta,voc,w64,wav,wv"
)
"""FFmpeg's names of what it may open: real media, nothing that refers to another file."""

MAX_ALLOCATION_BYTES = 256 * 1024**2
"""The most that FFmpeg may allocate at once: no sane header needs more."""

FIRST_FRAME_FILTER = (
    "[0:a:{stream}]asplit[all][first];[first]aselect=not(n),ashowinfo,anullsink;[all]"
)
"""Logs when the first frame plays."""

TIMESTAMP_FILTER = "asettb=1/sr,asetpts='st(0,max(PTS-N,ld(0)))+N',aresample=async=1"
"""Places samples by their time stamps: it fills with silence what is missing between frames. Where a
sender paused, or packets were lost, a player waits too. How far the time stamps are ahead of the samples
only ever grows, so that audio whose time stamps go back, as where files were joined end to end, is neither
dropped nor moved."""

FIRST_FRAME = re.compile(
    r"^\[Parsed_ashowinfo_\d+ @ 0x[0-9a-f]+\] \[info\] n:0 pts:(\d+) .* rate:([1-9]\d*) "
    r"nb_samples:(\d+) ",
    re.MULTILINE,
)
"""The log's line on the first frame: its time in samples of the stream, the stream's sample rate, its length.
FFmpeg logs it again where a stream changes its rate or channels."""

SAMPLE_FORMAT_FILTER = f"aformat=sample_fmts=s16|flt:sample_rates={SAMPLE_RATE},aresample"
"""Resamples. Sound of up to 16 bits keeps 16, so that its samples are exact; all other sound, lossy, of 24
bits or more, is floating-point numbers from here on, which neither clip nor lose what is quiet."""

START = re.compile(r"^\[info\]   Duration: [^,]+, start: (\d+\.\d+)", re.MULTILINE)
SHORTEST_EMPTY_EDIT_S = 0.1
"""Longer than any padding that an encoder puts before the sound."""

BARE_FRAMES_FILTER = "anull"
"""Lets samples follow one another. Streams of bare frames carry no time: FFmpeg computes one by the first
frame's sample rate, which is wrong from where the rate changes."""

SIGNALLED = re.compile(r"^\[info\] Exiting normally, received signal (\d+)", re.MULTILINE)
SIGNALLED_EXIT_CODE = 255


@dataclass(frozen=True, slots=True)
class Conversion:
    """Options of one decoding by FFmpeg."""

    stream: int = 0
    """Counted from 0 among the file's audio streams."""
    timed: bool = True
    """Place the samples by their time stamps."""
    ignore_length: bool = False
    """Read a WAV file to its end, whatever its header counts."""
    picture_clock: bool = False
    """Count time from the beginning of the file's picture, if that is first: FFmpeg counts it from the
    first of the streams that it is asked to read, as time in MPEG streams begins anywhere."""


def start_probe(decoder: Decoder, path: Path, limits: Limits) -> Child:
    """Start FFmpeg to list the streams of a file on its standard error, decoding nothing."""
    return _start(decoder, path, [], limits, stop=None)


def start_conversion(
    decoder: Decoder,
    path: Path,
    limits: Limits,
    asked: Conversion,
    *,
    stop: threading.Event | None,
) -> Child:
    """Start FFmpeg to write an audio stream to its standard output, as an endless WAV file at 16 kHz."""
    placing = TIMESTAMP_FILTER if asked.timed else BARE_FRAMES_FILTER
    filters = (
        f"{FIRST_FRAME_FILTER.format(stream=asked.stream)}{placing},{SAMPLE_FORMAT_FILTER}[placed]"
    )
    output = [
        *("-filter_complex_threads", "1", "-filter_complex", filters, "-map", "[placed]"),
        *("-c:a", "pcm_f32le"),
        *("-bitexact", "-map_metadata", "-1", "-map_chapters", "-1"),
        *("-flush_packets", "0", "-f", "wav", "pipe:1"),
        *(["-map", "0:v?", "-c:v", "copy", "-f", "null", "-"] if asked.picture_clock else []),
    ]
    before = ["-ignore_length", "1"] if asked.ignore_length else []
    return _start(decoder, path, output, limits, before=before, stop=stop)


def _start(
    decoder: Decoder,
    path: Path,
    output: list[str],
    limits: Limits,
    *,
    before: Sequence[str] = (),
    stop: threading.Event | None,
) -> Child:
    arguments = [
        *(decoder.path, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info"),
        *("-threads", "1", "-max_alloc", str(MAX_ALLOCATION_BYTES)),
        *("-protocol_whitelist", "file", "-format_whitelist", CONTAINERS),
        *(*before, "-i", f"file:{path.absolute()}", *output),
    ]
    bounds = Bounds(memory_bytes=limits.decode_memory_bytes, deadline_s=limits.decode_deadline_s)
    return Child(arguments, bounds, name="The decoder", stop=stop)


def read_wav_header(child: Child) -> int | None:
    """Read a WAV header from a child's output; return the number of channels, None without a header."""
    channels = None
    riff = bytearray(12)
    if child.read_into(memoryview(riff)) < len(riff):
        return None
    while True:
        head = bytearray(8)
        if child.read_into(memoryview(head)) < len(head):
            return None
        name, size = struct.unpack("<4sI", head)
        if name == b"data":
            return channels
        body = bytearray(size)
        child.read_into(memoryview(body))
        if name == b"fmt ":
            channels = int(struct.unpack_from("<H", body, 2)[0])


def first_sample(messages: str) -> int:
    """Return at which sample, at 16 kHz, the first frame of a stream plays; 0 if FFmpeg logged none."""
    first = FIRST_FRAME.search(messages)
    return resampled(int(first[1]), int(first[2])) if first else 0


def samples_in_first(messages: str) -> int:
    """Return how many samples, at 16 kHz, the first frame of a stream has; 0 if FFmpeg logged none.

    FFmpeg's resampler returns nothing of a stream that is shorter than its filter, less than a
    millisecond.
    """
    first = FIRST_FRAME.search(messages)
    return max(resampled(int(first[3]), int(first[2])), 1) if first else 0


def empty_edit_s(messages: str) -> float:
    """Return for how long an MP4 plays nothing before its first stream starts, by its edit list."""
    start = START.search(messages)
    start_s = float(start[1]) if start else 0.0
    return start_s if start_s >= SHORTEST_EMPTY_EDIT_S else 0.0


def wait_for_exit(child: Child) -> int:
    """Wait for FFmpeg's end and return its exit code.

    Raises ProcessKilled if a signal ended it: FFmpeg then exits in good order, and only logs the signal.
    """
    exit_status = child.finish()
    signalled = SIGNALLED.search(child.messages())
    if signalled and exit_status.exit_code == SIGNALLED_EXIT_CODE:
        raise ProcessKilled(f"The decoder was stopped from outside by signal {signalled[1]}.")
    return exit_status.exit_code


def require_file(path: Path) -> None:
    """Raise NotFound if there is no file, BadMedia if it is empty."""
    if not path.is_file():
        raise NotFound(f"There is no file {str(path)!r}.")
    if path.stat().st_size == 0:
        raise BadMedia("The recording is empty: it has 0 bytes.")
