"""Speech to measure with: the corpus' own recordings one after the other, or else the samples.

It is assembled when a bench runs, and repeated to the length that is asked for.
"""

import subprocess
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.harness.corpus import ROOT, recordings
from stenoflow.media.binaries import chosen_decoder
from stenoflow.times import SAMPLE_RATE, to_samples

SAMPLE = ROOT / "deployments" / "samples" / "interview.mp3"

CODECS: dict[str, tuple[str, ...]] = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "128k", "-write_xing", "0", "-id3v2_version", "0"),
    "m4a": ("-c:a", "aac", "-b:a", "128k"),
    "opus": ("-c:a", "libopus", "-b:a", "64k", "-ar", "48000"),
    "flac": ("-c:a", "flac"),
    "wav": ("-c:a", "pcm_s16le"),
}
"""How each kind of file is made, by its suffix; stereo at 44.1 kHz, as most recordings come."""


@cache
def speech() -> NDArray[np.int16]:
    """A few minutes of conversation and reading (int16, mono, 16 kHz, shape (n,))."""
    found = [entry["path"] for kind in ("conversation", "speech") for entry in recordings(kind)]
    heard = [decoded(path) for path in found or [SAMPLE]]
    return np.concatenate(heard)


def speech_for(seconds: float) -> NDArray[np.int16]:
    """That much of it."""
    return np.resize(speech(), to_samples(seconds))


def write_recording(path: Path, samples: NDArray[np.int16]) -> Path:
    """Samples as a file of the kind that its suffix names; the path given."""
    command = [chosen_decoder().path, "-v", "error", "-y", "-f", "s16le", "-ar", str(SAMPLE_RATE)]
    command += ["-ac", "1", "-i", "pipe:0", "-ac", "2", "-ar", "44100", *CODECS[path.suffix[1:]]]
    subprocess.run([*command, str(path)], input=samples.tobytes(), check=True)
    return path


def write_long_mp3(path: Path, hours: float) -> Path:
    """An mp3 of so many hours; the path given. Frames need no header, so ten minutes are repeated."""
    ten = write_recording(path, speech_for(600)).read_bytes()
    with path.open("wb") as file:
        for _ in range(round(hours * 6)):
            file.write(ten)
    return path


def decoded(path: Path) -> NDArray[np.int16]:
    """The first stream of sound in a file (int16, mono, 16 kHz, shape (n,))."""
    command = [chosen_decoder().path, "-v", "error", "-nostdin", "-i", f"file:{path}"]
    command += ["-map", "0:a:0", "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "pipe:1"]
    pcm = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(pcm, np.int16)
