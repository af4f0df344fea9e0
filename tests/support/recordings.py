"""Speech made with flite, whose words are known."""

import shutil
import subprocess
import wave
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import pytest

from stenoflow.audio.encoding import RequestAudio
from stenoflow.testing.tones import request_audio
from stenoflow.times import Span

needs_flite = pytest.mark.skipif(
    shutil.which("flite") is None, reason="needs package flite: it speaks the recordings"
)


def spoken(path: Path, *passages: str, voice: str = "slt", pause: int = 16_000) -> RequestAudio:
    """Return a WAV file at 16 kHz in which each passage is followed by digital silence.

    Its speech segments are the passages, each with the silence that the voice itself begins and ends
    with.
    """
    speech: list[Span] = []
    position = 0
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        for passage in passages:
            pcm = _pcm(passage, path.with_suffix(".passage.wav"), voice)
            file.writeframes(pcm + bytes(2 * pause))
            speech.append(Span(position, position + len(pcm) // 2))
            position += len(pcm) // 2 + pause
    return request_audio(path, samples=position, speech=tuple(speech))


def edges_s(passage: str, phones: Sequence[int], voice: str = "slt") -> list[tuple[float, float]]:
    """Return where each word of a passage begins and ends, in seconds, given how many phones each has."""
    result = subprocess.run(
        ["flite", "-voice", voice, "-psdur", "-t", passage, "-o", "none"],
        check=True,
        capture_output=True,
        text=True,
    )
    ends = [(name, float(end)) for name, end in (each.split(":") for each in result.stdout.split())]
    starts_s = [0.0, *(end for _, end in ends)]
    spoken_phones = [(starts_s[at], end) for at, (name, end) in enumerate(ends) if name != "pau"]
    first = list(accumulate(phones, initial=0))
    if first[-1] != len(spoken_phones):
        raise AssertionError(f"{passage!r} has {len(spoken_phones)} phones, not {first[-1]}")
    return [(spoken_phones[a][0], spoken_phones[b - 1][1]) for a, b in pairwise(first)]


def _pcm(passage: str, path: Path, voice: str) -> bytes:
    subprocess.run(["flite", "-voice", voice, "-t", passage, "-o", path], check=True)
    with wave.open(str(path)) as file:
        if file.getframerate() != 16_000:
            raise AssertionError(f"flite's voice {voice} speaks at {file.getframerate()} Hz")
        pcm = file.readframes(file.getnframes())
    path.unlink()
    return pcm
