"""Options of decoding: which audio of a file is read, and how large a recording may be."""

from typing import Annotated, Literal

from pydantic import Field

from stenoflow.options import Options

GIB = 1024**3


class Limits(Options):
    """The largest recording that is worked on."""

    max_bytes: int = Field(default=4 * GIB, title="Largest file, bytes", ge=1)
    """Larger files are rejected. The bytes read count, whatever size the store reports."""

    max_duration_s: float = Field(default=24 * 3600, title="Longest recording, seconds", gt=0)
    """Longer recordings are rejected. The decoded length counts, whatever the header says."""

    decode_deadline_s: float = Field(default=3600, title="Decoder's deadline, seconds", gt=0)
    """A decoder still running after this long is stopped. If it was busy for half of this time, the recording
    is rejected; if not, the machine was, and the next sweep tries again."""

    decode_memory_bytes: int = Field(default=2 * GIB, title="Decoder's memory, bytes", ge=GIB // 2)
    """Address space of the decoding child, of which FFmpeg itself takes 0.3 GiB."""


class MediaOptions(Options):
    """Which audio of a file is transcribed."""

    audio_stream: int | None = Field(default=None, title="Audio stream", ge=0, le=63)
    """Index among the file's audio streams, from 0; empty: the stream marked default, else the first."""

    channels: Literal["mix", "one", "apart"] = Field(default="mix", title="Channels")
    """`mix`: all channels become one. Silent and duplicate channels do not count, opposite polarity is
    inverted, and a much quieter channel is raised, or named in a warning. `one`: a single channel, given
    below. `apart`: each channel has speech and words of its own."""

    channel: int = Field(default=0, title="Channel", ge=0, le=31)
    """The channel that is used where `channels` is `one`, from 0."""

    level_dbfs: Annotated[float, Field(ge=-60, le=-3)] | None = Field(
        default=None, title="Target level, dBFS"
    )
    """RMS level of speech to which the audio is raised or lowered by a plain gain, never into clipping
    (-20 is usual); empty: left as it is."""
