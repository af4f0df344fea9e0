"""One recording's whole way without Prefect, and recordings to send along it: for the benches."""

import subprocess
import threading
import wave
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.harness.corpus import ROOT
from stenoflow.audio.analysis import analyze
from stenoflow.billing.budget import Budget
from stenoflow.engines.base import Engine
from stenoflow.engines.prices import prices_in_force
from stenoflow.ledger.ledger import Ledger
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.manifest.model import Manifest, read_manifest
from stenoflow.media.binaries import chosen_decoder
from stenoflow.media.scratch import scratch_folder
from stenoflow.media.stream_info import media_type
from stenoflow.pipeline.publish import Outcome, publish, render
from stenoflow.pipeline.transcribe import Original, Transcribed, transcribe
from stenoflow.profile.model import Profile
from stenoflow.segmentation.planner import plan_channels
from stenoflow.storage import Store
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


Buy = Callable[[], Transcribed]


def once(buy: Buy) -> Transcribed:
    """Try it, and that is all."""
    return buy()


def pass_through(
    key: str,
    source: Store,
    destination: Store,
    profile: Profile,
    engine: Engine,
    *,
    retrying: Callable[[Buy], Transcribed] = once,
) -> Manifest:
    """Fetch, decode, segment, transcribe and publish one recording; ``retrying`` does the buying."""
    stop = threading.Event()
    with scratch_folder() as folder:
        fetched = source.fetch(key, folder / "recording", max_bytes=profile.limits.max_bytes)
        heard = analyze(fetched.path, profile.analysis, folder)
        plans = plan_channels(
            heard.channels,
            profile.vad,
            profile.cutting,
            max_request_bytes=engine.max_request_bytes,
        )
        buy = partial(
            transcribe,
            heard,
            plans,
            profile,
            engine,
            Ledger(destination),
            fetched.sha256,
            original=Original(
                fetched.path, fetched.info.size, media_type(heard.media), lambda: None
            ),
            prices=prices_in_force(),
            budget=Budget(),
            admission=lambda _: nullcontext(),
            scratch=folder,
            stop=stop,
            progress=lambda _: None,
        )
        transcribed = retrying(buy)
        outcome = Outcome(key, fetched.info, fetched, heard, plans, transcribed, None)
        return publish(
            outcome,
            render(outcome, profile, source, prices_in_force(), engine),
            profile,
            destination,
            engine=engine,
            prices=prices_in_force(),
            flow_run=None,
            steps_s=dict[str, float],
            now=datetime.now(UTC),
        )
