"""Speech to measure with: the recordings of the corpus one after the other, or else a sample.

It is assembled when a bench runs, and repeated to the length that the bench needs.
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
"""FFmpeg's arguments for each kind of file, by its suffix; files are stereo at 44.1 kHz."""


CHANNELS: dict[str, tuple[float, ...]] = {
    "mono": (0,),
    "same": (0, 0),
    "call": (0, 1 / 2),
    "tracks": (0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6),
}
"""Channels of a recording: where in the same speech, as a share of its length, each of them begins."""


@cache
def speech() -> NDArray[np.int16]:
    """Return a few minutes of conversation and reading (int16, mono, 16 kHz, shape (n,))."""
    found = [entry["path"] for kind in ("conversation", "speech") for entry in recordings(kind)]
    samples = [decoded(path) for path in found or [SAMPLE]]
    return np.concatenate(samples)


def speech_for(seconds: float) -> NDArray[np.int16]:
    """Return that many seconds of speech (int16, mono, 16 kHz, shape (n,))."""
    return np.resize(speech(), to_samples(seconds))


def write_recording(path: Path, samples: NDArray[np.int16]) -> Path:
    """Write samples as a file of the kind that its suffix names, and return its path."""
    command = [chosen_decoder().path, "-v", "error", "-y", "-f", "s16le", "-ar", str(SAMPLE_RATE)]
    command += ["-ac", "1", "-i", "pipe:0", "-ac", "2", "-ar", "44100", *CODECS[path.suffix[1:]]]
    subprocess.run([*command, str(path)], input=samples.tobytes(), check=True)
    return path


def write_channels(path: Path, samples: NDArray[np.int16], begins: tuple[float, ...]) -> Path:
    """Write a channel of the samples from each of the beginnings on as a WAV file; return its path."""
    channels = [np.roll(samples, -round(begin * len(samples))) for begin in begins]
    command = [chosen_decoder().path, "-v", "error", "-y", "-f", "s16le", "-ar", str(SAMPLE_RATE)]
    command += ["-ac", str(len(begins)), "-i", "pipe:0", "-ar", "44100", str(path)]
    subprocess.run(command, input=np.stack(channels, axis=1).tobytes(), check=True)
    return path


def write_long_mp3(path: Path, hours: float) -> Path:
    """Write an mp3 of that many hours, ten minutes repeated, and return its path."""
    ten = write_recording(path, speech_for(600)).read_bytes()
    with path.open("wb") as file:
        for _ in range(round(hours * 6)):
            file.write(ten)
    return path


def decoded(path: Path) -> NDArray[np.int16]:
    """Return the first audio stream of a file (int16, mono, 16 kHz, shape (n,))."""
    command = [chosen_decoder().path, "-v", "error", "-nostdin", "-i", f"file:{path}"]
    command += ["-map", "0:a:0", "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "pipe:1"]
    pcm = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(pcm, np.int16)
