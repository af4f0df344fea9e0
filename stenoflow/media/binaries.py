"""The choice of the FFmpeg binary that decodes.

The fastest one is used, by ``bench.audio.decoders``: for an hour of mp3, aac or opus, the binary of the
``imageio-ffmpeg`` wheel (FFmpeg 9) takes 2 to 3 times the CPU of Debian 12's FFmpeg 5.1, and PyAV, in the
separate Python process that hostile media requires, 1.6 to 2 times; for flac and wav both take a little
more. So the system's is used if there is one, else the wheel's, which is installed with Stenoflow; PyAV
decodes nothing. A start takes the system's 80 ms of CPU, as it loads a hundred libraries, and the wheel's
35, so that below a minute of audio the wheel's is cheaper; but those 45 ms are not worth samples that
depend on a recording's length. ``STENOFLOW_FFMPEG`` names another binary.

The fastest is not always able: what the system's is too old for is decoded by the wheel's.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]

from stenoflow.errors import ConfigurationError, MissingDependency

VARIABLE = "STENOFLOW_FFMPEG"
"""Environment variable that names an FFmpeg binary."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """An FFmpeg binary, and why it was chosen."""

    path: str
    """Absolute."""
    why: str
    packaged: bool = False
    """True for the one of the ``imageio-ffmpeg`` wheel."""

    @property
    def version(self) -> str:
        """The version that the binary itself prints: ``5.1.9-0+deb12u1``. Runs it once.

        Raises ConfigurationError if it prints none.
        """
        return _version(self.path)


def chosen_decoder() -> Decoder:
    """Return the FFmpeg that decodes.

    Raises ConfigurationError if ``STENOFLOW_FFMPEG`` is not a program, MissingDependency if there is no
    FFmpeg at all.
    """
    return _choose(os.environ.get(VARIABLE), os.environ.get("PATH"))


def second_decoder() -> Decoder | None:
    """Return the wheel's FFmpeg if the system's is used: newer than most, it decodes what older ones cannot.

    None if there is no other, or if one was named.
    """
    chosen = chosen_decoder()
    packaged = None if os.environ.get(VARIABLE) else _packaged()
    return None if packaged is None or packaged.path == chosen.path else packaged


@cache
def _choose(named: str | None, search_path: str | None) -> Decoder:
    if named:
        program = Path(named).resolve()
        if not (program.is_file() and os.access(program, os.X_OK)):
            raise ConfigurationError(
                f"{VARIABLE} is {named!r}, which is not a program; correct or unset it."
            )
        return Decoder(str(program), f"named by {VARIABLE}")
    if installed := shutil.which("ffmpeg", path=search_path):
        return Decoder(
            str(Path(installed).resolve()), "the system's, which is the fastest to decode"
        )
    packaged = _packaged()
    if packaged is None:
        raise MissingDependency("No FFmpeg was found; install it with: apt-get install ffmpeg")
    return packaged


def _packaged() -> Decoder | None:
    try:
        return Decoder(
            imageio_ffmpeg.get_ffmpeg_exe(),
            "from the imageio-ffmpeg wheel, as the system has none; the system's is faster",
            packaged=True,
        )
    except RuntimeError:
        return None


@cache
def _version(path: str) -> str:
    result = subprocess.run(
        [path, "-version"], capture_output=True, text=True, timeout=60, check=False
    )
    words = result.stdout.split()
    if result.returncode != 0 or words[:2] != ["ffmpeg", "version"]:
        raise ConfigurationError(
            f"{path} is not a working FFmpeg, as it prints no version; reinstall it, or set {VARIABLE} "
            "to another."
        )
    return words[2]
