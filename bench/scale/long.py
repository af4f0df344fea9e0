"""Recordings of many hours and of many gigabytes, from the file to the published transcript.

    python -m bench.scale.long [--hours 12] [--gigabytes 5]

``stenoflow transcribe`` runs with the Deepgram stand-in: on an mp3 of one hour, on one of many, and on a
WAV file of many gigabytes, for which the profile's cap is raised; with the default cap the same file is
rejected. The figures are the most memory of the command and of the decoder, without pages of mapped files,
which the system takes back when it needs them; the time it took; and the most that lay in the scratch
folder, of which a recording's own size and its samples at 16 kHz are the floor.
"""

import argparse
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.harness.material import speech_for, write_long_mp3
from bench.harness.measure import Measure, report
from stenoflow.testing.deepgram.process import StandInProcess, standin_process
from stenoflow.times import SAMPLE_RATE

MEMORY_BAR = 2.0
"""Audio takes no more memory however long it is; 80,000 words of twelve hours take 200 MB."""
DECODER_BAR = 1.05
SAMPLE_EVERY_S = 0.1
WAV_RATE = 44_100
WAV_FRAME_BYTES = 4
SPEECH_S = 600
PAUSE_S = 1800
"""Most of a large WAV file is a hole: so many seconds of silence after each ten minutes of speech."""


@dataclass(frozen=True, slots=True)
class Run:
    """Time and memory of one recording."""

    outcome: dict[str, Any]
    """The output of ``--json``."""
    wall_s: float
    memory_mb: float
    """Most memory of the command, without mapped files."""
    decoder_mb: float
    scratch_gb: float

    @property
    def hours(self) -> float:
        return (self.outcome["duration_s"] or 0.0) / 3600

    def __str__(self) -> str:
        return (
            f"{self.outcome['outcome']}, {self.hours:.2f} h, {self.outcome['words']} words, "
            f"{self.wall_s:.0f} s, {self.memory_mb:.0f} MB, decoder {self.decoder_mb:.0f} MB, "
            f"scratch {self.scratch_gb:.2f} GB, {self.outcome['reason'] or 'no reason'}"
        )


def main() -> None:
    """An hour, many hours, a large file under a raised cap and under the default one."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--hours", type=float, default=12)
    options.add_argument("--gigabytes", type=float, default=5)
    chosen = options.parse_args()
    size = round(chosen.gigabytes * 1e9)
    measures: list[Measure] = []
    with tempfile.TemporaryDirectory(prefix="long-") as name, standin_process() as standin:
        folder = Path(name)
        path = folder / "long.mp3"
        short = transcribed(write_long_mp3(path, 1), folder, standin, ())
        print(f"1 hour of mp3: {short}", flush=True)
        long = transcribed(write_long_mp3(path, chosen.hours), folder, standin, ())
        print(f"{chosen.hours:g} hours of mp3: {long}", flush=True)
        measures += compared(f"{chosen.hours:g} h of mp3", long, short, path.stat().st_size)
        path.unlink()
        wav = write_large_wav(folder / "large.wav", size)
        raised = folder / "raised.json"
        raised.write_text(json.dumps({"engine": "deepgram", "limits": {"max_bytes": size}}))
        large = transcribed(wav, folder, standin, ("--profile", str(raised)))
        print(f"{size:,} bytes of WAV under a raised cap: {large}", flush=True)
        measures += compared(f"{chosen.gigabytes:g} GB of WAV", large, short, size)
        lowered = folder / "lowered.json"
        lowered.write_text(json.dumps({"engine": "deepgram", "limits": {"max_bytes": size - 1}}))
        refused = transcribed(wav, folder, standin, ("--profile", str(lowered)))
        print(f"the same, one byte beyond the cap: {refused}", flush=True)
        if [each.outcome["outcome"] for each in (short, long, large, refused)] != [
            *("published", "published", "published"),
            "rejected",
        ]:
            sys.exit("an outcome is not what it should be")
    report(measures)


def transcribed(
    recording: Path, folder: Path, standin: StandInProcess, options: Sequence[str]
) -> Run:
    """Transcribe a recording with the command, and watch it."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    environment = os.environ | {
        "PREFECT_HOME": str(folder / "prefect"),
        "STENOFLOW_SCRATCH": str(scratch),
        "DEEPGRAM_API_KEY": standin.key,
        "DEEPGRAM_BASE_URL": standin.url,
    }
    environment.pop("PREFECT_API_URL", None)
    engine = () if options else ("--engine", "deepgram")
    destination = folder / "transcripts"
    command = [sys.executable, "-m", "stenoflow", "transcribe", str(recording), "--json"]
    began = time.perf_counter()
    memory, decoder, largest = 0, 0, 0
    with subprocess.Popen(
        [*command, "--to", str(destination), *engine, *options],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as running:
        process = psutil.Process(running.pid)
        while running.poll() is None:
            with suppress(psutil.Error):
                memory = max(memory, own_bytes(process))
                decoder = max(decoder, decoder_bytes(process))
            largest = max(largest, bytes_in(scratch))
            time.sleep(SAMPLE_EVERY_S)
        wall_s = time.perf_counter() - began
        assert running.stdout
        outcome = json.loads(running.stdout.read())
    if left := list(scratch.iterdir()):
        sys.exit(f"left in the scratch folder: {left}")
    shutil.rmtree(destination)
    return Run(outcome, wall_s, memory / 1e6, decoder / 1e6, largest / 1e9)


def own_bytes(process: psutil.Process) -> int:
    """Return the resident memory of a process without mapped files."""
    info = process.memory_info()
    return info.rss - info.shared


def decoder_bytes(process: psutil.Process) -> int:
    """Return the resident memory of the FFmpegs below a process."""
    found = [each for each in process.children(recursive=True) if "ffmpeg" in each.name()]
    return sum(own_bytes(each) for each in found)


def bytes_in(folder: Path) -> int:
    """Return the files of a folder; some may go away meanwhile."""
    found = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            found += path.stat().st_size
    return found


def write_large_wav(path: Path, size: int) -> Path:
    """Write a stereo WAV file of so many bytes, ten minutes of speech again and again, with holes."""
    speech = speech_for(SPEECH_S)
    at_rate = speech.repeat(3)[: SPEECH_S * WAV_RATE]  # at 44.1 kHz it is spoken slowly
    frames = at_rate.repeat(2).astype("<i2").tobytes()
    data = WAV_RATE * WAV_FRAME_BYTES
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 0xFFFFFFFF, b"WAVE", b"fmt ", 16, 1, 2,
                         WAV_RATE, data, WAV_FRAME_BYTES, 16, b"data", 0xFFFFFFFF)  # fmt: skip
    with path.open("wb") as file:
        file.write(header)
        while file.tell() < size:
            file.write(frames[: size - file.tell()])
            file.seek(PAUSE_S * data, os.SEEK_CUR)
        file.truncate(size)
    return path


def compared(name: str, run: Run, hour: Run, size: int) -> list[Measure]:
    """Memory and time against an hour of mp3, scratch space against its floor."""
    samples_gb = run.hours * 3600 * SAMPLE_RATE * 2 / 1e9
    return [
        Measure(
            name=f"{name}, memory",
            ours=run.memory_mb,
            peer=hour.memory_mb,
            unit="MB at the peak",
            against="an hour of mp3",
            at_most=MEMORY_BAR,
        ),
        Measure(
            name=f"{name}, the decoder's memory",
            ours=run.decoder_mb,
            peer=hour.decoder_mb,
            unit="MB at the peak",
            against="an hour of mp3",
            at_most=DECODER_BAR,
        ),
        Measure(
            name=f"{name}, time",
            ours=run.wall_s / run.hours,
            peer=hour.wall_s / hour.hours,
            unit="s per hour of audio",
            against="an hour of mp3",
        ),
        Measure(
            name=f"{name}, scratch space",
            ours=run.scratch_gb,
            peer=size / 1e9 + samples_gb,
            unit="GB",
            against="the file and its samples",
        ),
    ]


if __name__ == "__main__":
    main()
