"""Which FFmpeg decodes, and why that one.

The cheapest that there is, by ``bench.audio.decoders``: for an hour of mp3, aac or opus, the binary of the
``imageio-ffmpeg`` wheel (FFmpeg 9) takes 2 to 3 times the CPU of Debian 12's FFmpeg 5.1, and PyAV, in the
Python process of its own that hostile media asks for, 1.6 to 2 times; for flac and wav both take a little
more. So the system's is used where there is one, else the wheel's, which is installed with Stenoflow;
PyAV decodes nothing. A start costs the system's 80 ms of CPU, which loads a hundred libraries, and the
wheel's 35, so that below a minute of sound the wheel's is cheaper; but those 45 ms are not worth that a
recording's samples depend on its length. ``STENOFLOW_FFMPEG`` names another binary.

Being cheapest is not being able: what the system's is too old for is given to the wheel's.
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


@dataclass(frozen=True, slots=True)
class Decoder:
    """An FFmpeg binary, and why it was chosen."""

    path: str
    """Absolute."""
    why: str
    packaged: bool = False
    """Whether it is the one of the ``imageio-ffmpeg`` wheel."""

    @property
    def version(self) -> str:
        """As the binary itself says: ``5.1.9-0+deb12u1``. Runs it once."""
        return _version(self.path)


def chosen_decoder() -> Decoder:
    """The FFmpeg that decodes.

    Raises ConfigurationError where ``STENOFLOW_FFMPEG`` names no program, MissingDependency where there
    is none.
    """
    return _choose(os.environ.get(VARIABLE), os.environ.get("PATH"))


def second_decoder() -> Decoder | None:
    """The wheel's FFmpeg where the system's is used: newer than most, it decodes what older ones cannot.

    None where there is no other, or where one was named.
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
    said = subprocess.run(
        [path, "-version"], capture_output=True, text=True, timeout=60, check=False
    )
    words = said.stdout.split()
    if said.returncode != 0 or words[:2] != ["ffmpeg", "version"]:
        raise ConfigurationError(f"{path} is no working FFmpeg: it did not tell its version.")
    return words[2]
