"""Decoding: any recording in, 16 kHz PCM out, through FFmpeg in a sandboxed child.

One child per recording does it all: it lists the streams on standard error and writes the samples to its
standard output as an endless WAV file, whose header has the number of channels. Only if the file turns
out to need another conversion, or this FFmpeg does not decode it, is another child started.
The only length that is trusted is the number of samples that arrive.
"""

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stenoflow.errors import BadMedia, OverLimit, PermanentError, ProcessKilled
from stenoflow.media.binaries import chosen_decoder, second_decoder
from stenoflow.media.diagnostics import (
    Decoded,
    count,
    decode_error,
    has_tag_errors,
    unreadable_error,
    warnings,
)
from stenoflow.media.ffmpeg import (
    Conversion,
    empty_edit_s,
    first_sample,
    read_wav_header,
    require_file,
    samples_in_first,
    start_conversion,
    start_probe,
    wait_for_exit,
)
from stenoflow.media.file_layout import carries_time, count_joins, read_file_layout
from stenoflow.media.options import Limits, MediaOptions
from stenoflow.media.sandbox import Child
from stenoflow.media.signatures import kind_of_file
from stenoflow.media.stream_info import MediaInfo, read_media_info
from stenoflow.times import Seconds, to_samples, to_seconds

PcmBlock = NDArray[np.float32]
"""Samples at 16 kHz on the scale of 16-bit integers, which a floating-point recording may exceed; shape
(samples, channels)."""

SCALE = np.float32(2**15)

LARGEST = np.float32(2**40)
"""Samples beyond this, 150 dB above full scale, are not sound. (Nor is a block whose energy exceeds it
checked sample by sample in vain: that takes 16 times full scale throughout.)"""

BLOCK_SAMPLES = 2**17
"""Samples of each channel in a block: 8.2 s."""

LOST_BY_RESAMPLER = 160
"""Of a recording shorter than this FFmpeg's resampler may return nothing: silence is put in its place."""

MAX_CHANNELS = 32
"""The most channels that are worked with; a hostile header may name hundreds."""

RELATIVE_TIME = ("mpegts", "mpeg")
"""Containers whose time begins anywhere, so that FFmpeg counts it from the streams that it reads."""

PACKED_IN_MP4 = ("amr_nb", "amr_wb")
"""Several frames of these may make up a sample of an old phone's 3GP file, of which FFmpeg 5 decodes only
the first: four fifths of the recording would be lost."""


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
    Raises NotFound if there is no file; everything else is raised while reading, see :class:`Decoding`.
    """
    decoding = Decoding(path, choice or MediaOptions(), limits or Limits(), stop)
    try:
        yield decoding
    finally:
        decoding.close()


def probe(path: Path, limits: Limits | None = None) -> MediaInfo:
    """Return what a recording's header says, without decoding it.

    Raises NotFound, BadMedia, ProcessKilled, MissingDependency, and OverLimit or ProcessTimedOut at the
    decoder's deadline.
    """
    require_file(path)
    child = start_probe(chosen_decoder(), path, limits or Limits())
    try:
        child.finish()
        messages = child.messages()
        info = read_media_info(messages)
        if info is None:
            raise _named(unreadable_error(messages), path, messages)
        return info
    finally:
        child.close()


class Decoding:
    """The samples of a recording, read once by iterating: blocks of shape (samples, channels).

    Blocks hold at most ``BLOCK_SAMPLES`` samples of each channel: one channel if one is chosen, else as many
    as the stream has. They begin where the file begins, and every sample has the time
    at which a player plays it, be it later than the picture or after a gap in the time stamps: where
    nothing plays for a tenth of a second or longer, there is silence. Only in Ogg and MPEG streams is a
    jump of more than ten seconds ignored: as a rule, it is where files were joined.

    Iterating, ``info`` and ``channels`` raise BadMedia if nothing can be decoded or what was chosen is not
    there, OverLimit beyond the longest duration or the deadline, ProcessTimedOut, ProcessKilled, and Stopped;
    MissingDependency or ConfigurationError if it is FFmpeg that does not work.
    """

    def __init__(
        self, path: Path, choice: MediaOptions, limits: Limits, stop: threading.Event | None
    ) -> None:
        require_file(path)
        self._path = path
        self._choice = choice
        self._limits = limits
        self._stop = stop
        self._samples = 0
        self._warnings: tuple[str, ...] = ()
        self._opened: tuple[MediaInfo, int] | None = None
        self._first: PcmBlock = np.empty((0, 1), np.float32)
        self._layout = read_file_layout(path)
        self._asked = Conversion(
            stream=choice.audio_stream or 0,
            timed=not self._layout.bare_frames and self._layout.ogg_parts == 1,
            ignore_length=self._layout.uncounted is not None and self._layout.uncounted.readable,
        )
        self._decoder = chosen_decoder()
        self._child = self._start(self._asked)

    @property
    def info(self) -> MediaInfo:
        """Properties in the header; waits until the child has read it."""
        return self._open()[0]

    @property
    def channels(self) -> int:
        """Number of channels of each block."""
        return 1 if self._choice.channels == "one" else self._open()[1]

    @property
    def is_float(self) -> bool:
        """True if the recording itself is floating-point PCM, whose samples may exceed full scale."""
        audio = self.info.audio
        return self._asked.stream < len(audio) and audio[self._asked.stream].codec.startswith(
            "pcm_f"
        )

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
        """After the end: what people should know about the recording, in sentences."""
        return self._warnings

    def __iter__(self) -> Iterator[PcmBlock]:
        info, width = self._open()
        block = self._first
        yield from self._silence_before(info)
        while len(block):
            self._count(len(block))
            yield self._selected(block)
            block = self._read(width) if len(block) == BLOCK_SAMPLES else block[:0]
        self._conclude(info)

    def _silence_before(self, info: MediaInfo) -> Iterator[PcmBlock]:
        """Yield silence until the audio starts, which in a video may be later than the picture."""
        messages = self._child.messages()
        missing = first_sample(messages) if self._asked.timed else 0
        missing += to_samples(self._delay_s(info))
        for start in range(0, missing, BLOCK_SAMPLES):
            silence = np.zeros((min(BLOCK_SAMPLES, missing - start), self.channels), np.float32)
            self._count(len(silence))
            yield silence

    def _delay_s(self, info: MediaInfo) -> float:
        """Return how much silence the edit list of an MP4 puts before the sound."""
        if not info.container.startswith("mov,") or self._layout.fragmented:
            return 0.0
        return empty_edit_s(self._child.messages())

    def _count(self, samples: int) -> None:
        self._samples += samples
        if self._samples > to_samples(self._limits.max_duration_s):
            raise OverLimit(
                f"The recording is longer than {self._limits.max_duration_s:g} s, the limit; "
                "raise limits.max_duration_s in the profile, or cut it."
            )

    def close(self) -> None:
        """Kill the child, whatever it is doing."""
        self._child.close()

    def _start(self, asked: Conversion) -> Child:
        return start_conversion(self._decoder, self._path, self._limits, asked, stop=self._stop)

    def _open(self) -> tuple[MediaInfo, int]:
        """Read up to the first samples; return what the file holds and how many channels arrive."""
        if self._opened is None:
            try:
                self._opened = self._begin()
            except BadMedia:
                if not self._take_other_decoder():
                    raise
                try:
                    self._opened = self._begin()
                except BadMedia as refused:
                    # Both refuse it: what matters is the reason, not that there are two.
                    raise refused from None
            info, width = self._opened
            if self._loses_packed_frames(info) and self._take_other_decoder():
                self._opened = self._begin()
            self._require_channels(width)
        return self._opened

    def _begin(self) -> tuple[MediaInfo, int]:
        """Read the first block, asking for the conversion that suits what the file turns out to be."""
        width = read_wav_header(self._child)
        info = read_media_info(self._child.messages())
        if info is None:
            raise self._failure()
        suitable = self._suitable(info)
        if suitable != self._asked:
            width = self._restart(suitable)
        if width is None:
            raise self._failure()
        self._first = self._read(width)
        if not len(self._first):
            lost = samples_in_first(self._child.messages())
            if not lost or lost > LOST_BY_RESAMPLER or wait_for_exit(self._child):
                raise self._failure()
            self._first = np.zeros((lost, width), np.float32)
        return read_media_info(self._child.messages()) or info, width

    def _suitable(self, info: MediaInfo) -> Conversion:
        stream = self._choice.audio_stream
        timed = carries_time(info.container)
        if timed is None:
            timed = self._asked.timed
        return replace(
            self._asked,
            stream=info.default_stream if stream is None else stream,
            timed=timed and self._layout.ogg_parts == 1,
            picture_clock=info.has_video and info.container in RELATIVE_TIME,
        )

    def _take_other_decoder(self) -> bool:
        """Start the other decoder; return False if there is none."""
        other = second_decoder()
        if other is None or other == self._decoder:
            return False
        self._decoder = other
        self._warnings = (
            f"It was decoded by FFmpeg {other.version} of the imageio-ffmpeg wheel, as older ones lose "
            "sound of this kind.",
        )
        self._child.close()
        self._child = self._start(self._asked)
        return True

    def _loses_packed_frames(self, info: MediaInfo) -> bool:
        stream = self._asked.stream
        packed = stream < len(info.audio) and info.audio[stream].codec in PACKED_IN_MP4
        return packed and "mp4" in info.container and not self._decoder.packaged

    def _restart(self, asked: Conversion) -> int | None:
        """Start another child; return the number of channels, None if it wrote no WAV header."""
        self._child.close()
        self._asked = asked
        self._child = self._start(asked)
        return read_wav_header(self._child)

    def _read(self, width: int) -> PcmBlock:
        """Return the next samples of all channels that arrive, fewer than a block only at the end."""
        block = np.empty((BLOCK_SAMPLES, width), np.float32)
        block = block[: self._child.read_into(block.data.cast("B")) // (block.itemsize * width)]
        block *= SCALE
        # A damaged floating-point recording may hold what is not a number, or an absurd one.
        flat = block.reshape(-1)
        with np.errstate(over="ignore", invalid="ignore"):
            sound = bool(np.dot(flat, flat) < LARGEST**2)
        if not sound:
            np.nan_to_num(block, copy=False, nan=0, posinf=0, neginf=0)
            np.clip(block, -LARGEST, LARGEST, out=block)
        return block

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

    def _selected(self, block: PcmBlock) -> PcmBlock:
        """Return the channels of a block that were chosen, shape (samples, channels)."""
        if self._choice.channels == "one":
            return np.ascontiguousarray(block[:, self._choice.channel, np.newaxis])
        return block

    def _failure(self) -> PermanentError | ProcessKilled:
        """Return the error for a recording of which not a single sample was decoded."""
        exit_code = wait_for_exit(self._child)
        error = decode_error(self._choice, self._limits, exit_code, self._child.messages())
        return _named(error, self._path, self._child.messages())

    def _conclude(self, info: MediaInfo) -> None:
        exit_code = wait_for_exit(self._child)
        messages = self._child.messages()
        longer = info.claimed_s is not None and self.duration_s > info.claimed_s
        may_be_joined = longer or has_tag_errors(messages)
        joins = count_joins(self._path, self._layout) if may_be_joined else 0
        decoded = Decoded(
            info,
            self.duration_s,
            exit_code,
            messages,
            joins,
            self._layout.uncounted,
            self._delay_s(info),
        )
        self._warnings += warnings(decoded, self._choice)


def _named(
    error: PermanentError | ProcessKilled, path: Path, messages: str
) -> PermanentError | ProcessKilled:
    """Return an error that calls a file which FFmpeg could not open by its name, where it has one."""
    refused = "Format not on whitelist" in messages
    if isinstance(error, BadMedia) and not refused and read_media_info(messages) is None:
        kind = kind_of_file(path)
        if kind:
            return BadMedia(f"This is not a recording but {kind}.")
    return error
