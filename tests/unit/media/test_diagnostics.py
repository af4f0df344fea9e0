"""FFmpeg's messages become errors and warnings, each one sentence for people."""

import pytest

from stenoflow.errors import BadMedia, ConfigurationError, OverLimit, ProcessKilled, StenoflowError
from stenoflow.media.diagnostics import Decoded, decode_error, unreadable_error, warnings
from stenoflow.media.options import Limits, MediaOptions
from stenoflow.media.stream_info import AudioStream, MediaInfo
from stenoflow.times import Seconds

OPENED = (
    "[info] Input #0, mp3, from 'file:/tmp/recording':\n[info]   Duration: 00:05:00.00, bitrate: 1 kb/s\n"
    "[info]   Stream #0:0: Audio: {codec}, 44100 Hz, stereo, fltp, 128 kb/s\n[info] Stream mapping:\n"
)
OPENED_MP3 = OPENED.format(codec="mp3")


def error_for(messages: str, exit_code: int = 1) -> StenoflowError:
    return decode_error(MediaOptions(), Limits(), exit_code, messages)


def warnings_about(
    messages: str = OPENED_MP3,
    *,
    exit_code: int = 0,
    duration_s: float = 300,
    claimed_s: float | None = 300,
    has_video: bool = False,
) -> tuple[str, ...]:
    """Return the warnings about a recording of one stream."""
    stream = AudioStream("mp3", 44_100, 2, None, default=False, encrypted=False)
    claim = None if claimed_s is None else Seconds(claimed_s)
    info = MediaInfo("mp3", (stream,), has_video=has_video, claimed_s=claim)
    return warnings(Decoded(info, Seconds(duration_s), exit_code, messages), MediaOptions())


class TestDecodeError:
    @pytest.mark.parametrize(
        ("messages", "sentence"),
        [
            (
                OPENED_MP3,
                "The recording holds no audio: its mp3 stream decodes to nothing, as in a file "
                "that holds less than a sample, or was cut off after its header.",
            ),
            (
                OPENED_MP3
                + "[mp3float @ 0x55d0] [error] Header missing\n[error] Conversion failed!\n",
                "No audio could be decoded; the file is damaged: Header missing.",
            ),
            (
                OPENED.format(codec="aac (LC) (enca / 0x61636E65)"),
                "The recording's audio is encrypted (DRM); supply it decrypted.",
            ),
            (
                OPENED.format(codec="aac")
                + "[error] Error while opening decoder: Not implemented\n",
                "This FFmpeg cannot decode the recording's audio (aac): Error while opening decoder: "
                "Not implemented.",
            ),
            (
                "[error] file:/tmp/a b/recording: Invalid data found when processing input\n",
                "This is not audio or video that FFmpeg can read, or its beginning is damaged: "
                "Invalid data found when processing input.",
            ),
            (
                "[error] file:/tmp/recording: could not find codec parameters\n",
                "This is not audio or video that FFmpeg can read, or its beginning is damaged: "
                "could not find codec parameters.",
            ),
            (
                "[in#0 @ 0x55] [error] Error opening input: Invalid data found when processing input\n",
                "This is not audio or video that FFmpeg can read, or its beginning is damaged: "
                "Invalid data found when processing input.",
            ),
        ],
    )
    def test_the_fault_of_a_file_is_named(self, messages: str, sentence: str) -> None:
        error = error_for(messages)
        assert isinstance(error, BadMedia)
        assert str(error) == sentence

    def test_a_crash_is_the_fault_of_the_file(self) -> None:
        assert (
            str(error_for("", exit_code=-11))
            == "The file is damaged: FFmpeg crashed (SIGSEGV) on it."
        )

    def test_running_out_of_memory_is_over_the_limit(self) -> None:
        error = error_for(
            OPENED_MP3 + "[error] Error while opening decoder: Cannot allocate memory\n"
        )
        assert isinstance(error, OverLimit)
        assert "limits.decode_memory_bytes in the profile (2147483648)" in str(error)

    @pytest.mark.parametrize("called", ["pthread_create", "pthread_create()"])
    def test_a_refused_thread_is_not_the_fault_of_the_file(self, called: str) -> None:
        message = f"[error] {called} failed: Resource temporarily unavailable\n"
        assert isinstance(error_for(OPENED_MP3 + message), ProcessKilled)

    def test_too_little_memory_for_ffmpeg_itself_is_a_configuration_error(self) -> None:
        error = error_for(
            "ffmpeg: error while loading shared libraries: failed to map segment from it\n"
        )
        assert isinstance(error, ConfigurationError)

    def test_the_refused_container_is_named_if_ffmpeg_names_it(self) -> None:
        message = "[hls @ 0x55d0] [error] Format not on whitelist 'wav'\n"
        assert "something else (hls): a playlist" in str(unreadable_error(message))
        assert "something else: a playlist" in str(unreadable_error(message.replace("hls", "in#0")))

    def test_a_file_is_never_blamed_for_an_input_output_error(self) -> None:
        error = error_for("[error] file:/tmp/recording: Input/output error\n")
        assert isinstance(error, BadMedia)
        assert "Input/output" not in str(error)
        assert str(error).endswith("the file is shorter than its header says.")


class TestWarnings:
    def test_an_intact_file_has_no_warnings(self) -> None:
        assert warnings_about() == ()

    def test_errors_are_counted_and_the_first_is_named(self) -> None:
        messages = OPENED_MP3 + "[error] invalid residual\n[flac @ 0x5] [error] invalid sync code\n"
        assert warnings_about(messages) == (
            "The file is damaged: decoding met 2 errors, so that some audio may be missing or "
            "distorted; the first: invalid residual.",
        )

    def test_a_crash_says_that_the_rest_is_missing(self) -> None:
        assert warnings_about(exit_code=-11) == (
            "The file is damaged: FFmpeg crashed (SIGSEGV) on it, and the rest is missing.",
        )

    def test_a_failure_without_a_message_is_a_warning_too(self) -> None:
        assert "met 1 error" in warnings_about(exit_code=1)[0]
        assert warnings_about(exit_code=1)[0].endswith("the first: FFmpeg ended with code 1.")

    @pytest.mark.parametrize(
        ("duration_s", "claimed_s"), [(300, None), (299.1, 300), (295, 300), (305, 300), (0.5, 1.4)]
    )
    def test_a_small_difference_to_the_header_is_not_a_warning(
        self, duration_s: float, claimed_s: float | None
    ) -> None:
        assert warnings_about(duration_s=duration_s, claimed_s=claimed_s) == ()

    @pytest.mark.parametrize(
        ("duration_s", "has_video", "sentence"),
        [
            (
                77.6,
                False,
                "The file seems to be cut off: its header claims 300.0 s, but only 77.6 s could be "
                "decoded.",
            ),
            (77.6, True, "The file lasts 300.0 s, but its audio only 77.6 s."),
            (400, False, "The header claims 300.0 s, but 400.0 s were decoded."),
        ],
    )
    def test_a_large_difference_to_the_header_is_a_warning(
        self, duration_s: float, has_video: bool, sentence: str
    ) -> None:
        assert warnings_about(duration_s=duration_s, has_video=has_video) == (sentence,)

    def test_a_duration_that_ffmpeg_guessed_is_not_compared(self) -> None:
        guessed = (
            OPENED_MP3
            + "[mp3 @ 0x5] [warning] Estimating duration from bitrate, this may be wrong\n"
        )
        assert warnings_about(guessed, duration_s=267) == ()
