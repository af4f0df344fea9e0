"""One recording's whole way without Prefect, and recordings to send along it: for the benches."""

import subprocess
import wave
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.harness.corpus import ROOT
from stenoflow.engines.base import Engine
from stenoflow.ledger.ledger import Ledger
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.manifest.model import Manifest, read_manifest
from stenoflow.media.binaries import chosen_decoder
from stenoflow.media.scratch import scratch_folder
from stenoflow.pipeline.publish import publish
from stenoflow.pipeline.recording import convert, fetch, look_up, run_steps, segment
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.rendering import rendering_of
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.transcribe import transcribe
from stenoflow.profile.model import Profile
from stenoflow.storage import Store, open_store
from stenoflow.times import SAMPLE_RATE

SPEECH = ROOT / "deployments" / "samples" / "interview.mp3"
SLICE_S = 5
STEP = 997
"""Samples by which one slice begins later than the one before, at most."""


def slices(folder: Path, count: int) -> list[str]:
    """Keys of ``count`` recordings of speech, of which no two are alike, made in a folder."""
    folder.mkdir()
    command = [chosen_decoder().path, "-v", "error", "-i", SPEECH, "-ac", "1"]
    command += ["-ar", str(SAMPLE_RATE), "-f", "s16le", "-"]
    pcm = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    keys = [f"speech-{number:05d}.wav" for number in range(count)]
    step = min(STEP, (len(pcm) // 2 - SLICE_S * SAMPLE_RATE) // count)
    for number, key in enumerate(keys):
        start = 2 * step * number
        with wave.open(str(folder / key), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(pcm[start : start + 2 * SLICE_S * SAMPLE_RATE])
    return keys


def published(key: str, source: Store, destination: Store, profile: Profile) -> Manifest | None:
    """The manifest of a recording as it is now; None where it has not come to its end."""
    mark = fingerprint(source.stat(key).version, profile)
    return read_manifest(destination, manifest_key(key, mark))


Buy = Callable[[], RecordingContext]


def once(buy: Buy) -> RecordingContext:
    """Try it once."""
    return buy()


def transcribed(path: Path, profile: Profile, engine: Engine) -> RecordingContext:
    """Return a recording after all steps but publishing, with a ledger of its own. Raises its rejection."""
    with scratch_folder() as scratch:
        context = RecordingContext(
            path.name,
            open_store(str(path.parent)),
            open_store(str(scratch / "kept"), create=True),
            profile,
            engine,
        )
        run = RunContext(scratch=scratch, ledger=Ledger(context.destination))
        done = run_steps(look_up(context), run)
    if done.rejection:
        raise done.rejection
    return done


def pass_through(
    key: str,
    source: Store,
    destination: Store,
    profile: Profile,
    engine: Engine,
    *,
    retrying: Callable[[Buy], RecordingContext] = once,
) -> Manifest:
    """Take one recording through all steps without Prefect; ``retrying`` does the buying."""
    recording = RecordingContext(key, source, destination, profile, engine)
    with scratch_folder() as scratch:
        run = RunContext(scratch=scratch, ledger=Ledger(recording.destination))
        recording = fetch(look_up(recording), run)
        recording = segment(convert(recording, run))
        recording = retrying(partial(transcribe, recording, run))
        return publish(recording, rendering_of(recording, run.prices), run)
