"""A decoder that never ends, or is killed where memory runs out, ends with a reason and leaves nothing."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import stenoflow
from stenoflow.errors import OverLimit, ProcessKilled
from stenoflow.media.binaries import VARIABLE, chosen_decoder
from stenoflow.media.options import Limits
from stenoflow.testing.tones import Tone, synthesize, write_wav

DEADLINE_S = 1.5

UseDecoder = Callable[[str], None]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "tone.wav", synthesize([Tone(8000, 16_000, 400)], 160_000))


@pytest.fixture
def use_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UseDecoder:
    """Make the decoder FFmpeg with a line of shell after it."""
    decoder = tmp_path / "decoder"
    ffmpeg = chosen_decoder().path

    def use(afterwards: str) -> None:
        decoder.write_text(
            f'#!/bin/sh\n[ "$1" = -version ] && exec {ffmpeg} -version\n{ffmpeg} "$@"\n{afterwards}\n'
        )
        decoder.chmod(0o755)
        monkeypatch.setenv(VARIABLE, str(decoder))

    return use


def test_one_that_spins_is_stopped_at_its_deadline(
    use_decoder: UseDecoder, recording: Path, tmp_path: Path, scratch: Path
) -> None:
    use_decoder("while :; do :; done")
    profile = stenoflow.Profile(limits=Limits(decode_deadline_s=DEADLINE_S))
    with pytest.raises(
        OverLimit, match=r"still running after 1\.5 s, the deadline, and had been busy"
    ):
        stenoflow.transcribe(recording, profile=profile, destination=tmp_path / "to")
    (manifest,) = (tmp_path / "to" / "_stenoflow" / "manifests").rglob("*.json")
    assert '"OverLimit"' in manifest.read_text()
    assert decoders(tmp_path) == []
    assert list(scratch.iterdir()) == []


def test_one_that_the_system_kills_for_its_memory_is_no_verdict(
    use_decoder: UseDecoder, recording: Path, tmp_path: Path, scratch: Path
) -> None:
    use_decoder("kill -KILL $$")
    with pytest.raises(ProcessKilled, match="if memory ran out, work on fewer recordings"):
        stenoflow.transcribe(recording, destination=tmp_path / "to")
    assert not list((tmp_path / "to").rglob("manifests/**/*.json"))
    assert decoders(tmp_path) == []
    assert list(scratch.iterdir()) == []


def decoders(folder: Path) -> list[psutil.Process]:
    """Return the processes that run a program in a folder."""
    found: list[psutil.Process] = []
    for each in psutil.process_iter(["cmdline"]):
        if any(str(folder / "decoder") in word for word in each.info["cmdline"] or ()):
            found.append(each)
    return found
