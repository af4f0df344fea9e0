"""Errors and warnings about a recording, from FFmpeg's messages while it decoded.

Two questions: why was nothing decoded, and what should people know about what was.
"""

import re
import signal
from dataclasses import dataclass

from stenoflow.errors import (
    BadMedia,
    ConfigurationError,
    MissingDependency,
    OverLimit,
    PermanentError,
    ProcessKilled,
)
from stenoflow.media.file_layout import Uncounted
from stenoflow.media.options import Limits, MediaOptions
from stenoflow.media.stream_info import MediaInfo, read_media_info
from stenoflow.times import Seconds

ERROR_LINE = re.compile(r"^(?:\[[^\]]* @ 0x[0-9a-f]+\] )*\[(?:error|fatal)\] (.+)$", re.MULTILINE)
INPUT_PREFIX = re.compile(r"^(?:Error opening input|file:.*): ")
"""Prefixes of an error's reason that do not help: the path is that of a temporary copy."""
REFUSED_CONTAINER = re.compile(r"^\[(\w+) @ 0x[0-9a-f]+\] \[error\] Format not on whitelist", re.M)
"""As FFmpeg 5 logs it; later versions do not name the container there, but say ``in#0``."""

TAG_ERROR = re.compile(
    "Header missing|Error parsing the packet header|Error while decoding stream|Error submitting packet"
)
"""Errors on headers and tags in the middle of a file, which hold no audio, where files were joined."""
ERRORS_AT_A_JOIN = 4

HARMLESS = "non monotonically increasing dts"
"""Logged where recordings were joined and times restart in the middle; no audio is lost."""

TOLERATED_S = 1.0
TOLERATED_SHARE = 0.02
"""A claimed duration that is off by less than either is not worth a warning."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The result of decoding a recording that gave at least one sample."""

    info: MediaInfo
    duration_s: Seconds
    exit_code: int
    messages: str
    joins: int = 0
    """Places at which it was joined of several."""
    uncounted: Uncounted | None = None
    """Bytes that its WAV header leaves out."""
    delay_s: float = 0.0
    """Silence that an MP4's edit list puts before the sound: some FFmpegs count it in the duration."""


def decode_error(
    choice: MediaOptions, limits: Limits, exit_code: int, messages: str
) -> PermanentError | ProcessKilled:
    """Return the error for a recording of which nothing was decoded.

    ``exit_code`` and ``messages`` are FFmpeg's. The error is BadMedia or OverLimit if the file is the
    cause, ConfigurationError, MissingDependency or ProcessKilled if it is not.
    """
    if re.search(r"pthread_create(\(\))? failed", messages):
        return ProcessKilled(
            "The decoder was refused a thread: too much runs on this machine; work on fewer recordings at "
            "a time."
        )
    if exit_code < 0:
        return BadMedia(f"The file is damaged: FFmpeg {_crashed(exit_code)} on it.")
    if "failed to map segment" in messages:
        return ConfigurationError(
            f"FFmpeg itself does not fit into {limits.decode_memory_bytes} bytes of memory; raise "
            "limits.decode_memory_bytes in the profile."
        )
    if "Cannot allocate memory" in messages:
        return OverLimit(
            "Decoding asks for more memory than it may have: the file is damaged, or "
            f"limits.decode_memory_bytes in the profile ({limits.decode_memory_bytes}) is too low for it."
        )
    info = read_media_info(messages)
    return unreadable_error(messages) if info is None else no_audio_error(info, choice, messages)


def no_audio_error(info: MediaInfo, choice: MediaOptions, messages: str) -> BadMedia:
    """Return the error for a file that was opened, but gave no audio."""
    if not info.audio:
        contents = "only video" if info.has_video else "none at all"
        return BadMedia(f"The recording has no audio stream: {contents} ({info.container}).")
    index = info.default_stream if choice.audio_stream is None else choice.audio_stream
    if index >= len(info.audio):
        return BadMedia(
            f"The profile asks for audio stream {index}, but the recording has "
            f"{count(len(info.audio), 'audio stream')}, counted from 0: {_listed(info)}."
        )
    stream = info.audio[index]
    if stream.encrypted:
        return BadMedia("The recording's audio is encrypted (DRM); supply it decrypted.")
    if "Skipped opening external track" in messages:
        return BadMedia("The recording's audio is in another file; supply it in one file.")
    if cannot_decode(messages):
        return BadMedia(
            f"This FFmpeg cannot decode the recording's audio ({stream.codec}): "
            f"{_first_error(messages)}."
        )
    error = _first_error(messages)
    return BadMedia(
        f"No audio could be decoded; the file is damaged: {error}."
        if error
        else f"The recording holds no audio: its {stream.codec} stream decodes to nothing, as in a file "
        "that holds less than a sample, or was cut off after its header."
    )


def cannot_decode(messages: str) -> bool:
    """Return True if FFmpeg opened the file, but its decoder lacks something that the file needs."""
    return bool(
        re.search("Error while opening decoder|Decoder .*not found|not implemented", messages)
    )


def has_tag_errors(messages: str) -> bool:
    """Return True if FFmpeg met what it meets where files were joined, or where they are damaged."""
    return bool(TAG_ERROR.search(messages))


def unreadable_error(messages: str) -> PermanentError:
    """Return the error for a file that FFmpeg would not or could not open.

    BadMedia if the file is the cause, MissingDependency if FFmpeg itself does not work.
    """
    reason = _first_error(messages)
    if not reason or "Error splitting the argument list" in messages:
        shown = reason or messages.strip().split("\n")[0] or "it prints nothing"
        return MissingDependency(
            f"FFmpeg does not work ({shown}); reinstall it, or see `stenoflow doctor`."
        )
    if "Format not on whitelist" in messages:
        refused = REFUSED_CONTAINER.search(messages)
        named = f" ({refused[1]})" if refused else ""
        return BadMedia(
            f"This is not a recording but something else{named}: a playlist, a subtitle, a picture or "
            "raw samples, for example; name an audio or video file."
        )
    return BadMedia(
        f"This is not audio or video that FFmpeg can read, or its beginning is damaged: {reason}."
    )


def warnings(decoded: Decoded, choice: MediaOptions) -> tuple[str, ...]:
    """Return what people should know about a recording that was decoded, in sentences."""
    found: list[str] = []
    errors = [error for error in ERROR_LINE.findall(decoded.messages) if HARMLESS not in error]
    at_joins = sum(bool(TAG_ERROR.search(error)) for error in errors)
    if at_joins == len(errors) <= ERRORS_AT_A_JOIN * decoded.joins:
        errors = []
    if decoded.exit_code < 0:
        found.append(
            f"The file is damaged: FFmpeg {_crashed(decoded.exit_code)} on it, and the rest is missing."
        )
    elif errors or decoded.exit_code != 0:
        first = _reason(errors[0]) if errors else f"FFmpeg ended with code {decoded.exit_code}"
        found.append(
            f"The file is damaged: decoding met {count(max(len(errors), 1), 'error')}, so that some audio "
            f"may be missing or distorted; the first: {first}."
        )
    found.extend(_about_duration(decoded))
    if decoded.uncounted and not decoded.uncounted.readable:
        found.append(
            f"The file goes on for {count(decoded.uncounted.size, 'byte')} behind the sound that its header "
            "counts, in another format: that part was not decoded; split the file."
        )
    if len(decoded.info.audio) > 1 and choice.audio_stream is None:
        found.append(
            f"The file has {len(decoded.info.audio)} audio streams, of which number "
            f"{decoded.info.default_stream} was used: {_listed(decoded.info)}."
        )
    return tuple(found)


def _about_duration(decoded: Decoded) -> list[str]:
    claimed_s, duration_s = decoded.info.claimed_s, decoded.duration_s
    joined = decoded.joins > 0 and claimed_s is not None and claimed_s < duration_s
    if claimed_s is None or joined or "Estimating duration from bitrate" in decoded.messages:
        return []
    claimed_s = min(claimed_s, claimed_s + decoded.delay_s, key=lambda each: abs(each - duration_s))
    off_s = abs(claimed_s - duration_s)
    if off_s < TOLERATED_S or off_s < TOLERATED_SHARE * max(claimed_s, duration_s):
        return []
    if duration_s > claimed_s:
        return [f"The header claims {claimed_s:.1f} s, but {duration_s:.1f} s were decoded."]
    if decoded.info.has_video:
        return [f"The file lasts {claimed_s:.1f} s, but its audio only {duration_s:.1f} s."]
    return [
        f"The file seems to be cut off: its header claims {claimed_s:.1f} s, but only "
        f"{duration_s:.1f} s could be decoded."
    ]


def _first_error(messages: str) -> str:
    found = ERROR_LINE.search(messages)
    return _reason(found[1]) if found else ""


def _reason(error: str) -> str:
    reason = INPUT_PREFIX.sub("", error.strip()).rstrip(".")
    return reason.replace("Input/output error", "the file is shorter than its header says")


def _crashed(exit_code: int) -> str:
    return f"crashed ({signal.Signals(-exit_code).name})"


def _listed(info: MediaInfo) -> str:
    return "; ".join(
        f"{index}: {stream.codec}, {count(stream.channels, 'channel')}, "
        f"{stream.language or 'language unknown'}"
        for index, stream in enumerate(info.audio)
    )


def count(number: int, thing: str) -> str:
    """Return a number with a noun: ``1 channel``, ``2 channels``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
