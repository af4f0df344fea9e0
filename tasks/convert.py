"""Convert a recording to PCM, hearing its quality and its speech in the same pass."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Event

from steno.errors import Stopped
from steno.listening import Heard, listen
from steno.profile import Profile
from steno.store import Fetched
from tasks.progress import Progress
from tasks.retrying import step
from tasks.threads import in_stoppable_thread

POLL_S = 0.2

DECODERS = int(os.environ.get("STENOFLOW_DECODERS") or os.cpu_count() or 1)
"""Decoders at work at once in this process: more than the cores would only take turns."""

_decoders = BoundedSemaphore(DECODERS)


@step
async def convert(recording: Fetched, profile: Profile, scratch: Path, progress: Progress) -> Heard:
    """The recording's channels as 16 kHz PCM in ``scratch``, each with its quality and, for every
    32 ms, the probability that somebody speaks."""
    progress.enter("convert")
    return await in_stoppable_thread(_convert, recording, profile, scratch, progress)


def _convert(
    stop: Event, recording: Fetched, profile: Profile, scratch: Path, progress: Progress
) -> Heard:
    with decoder(stop):
        return listen(recording.path, profile, scratch, stop=stop, progress=progress.advance)


@contextmanager
def decoder(stop: Event) -> Generator[None, None, None]:
    """Wait for one of the decoders, and have it until the block ends. Raises Stopped."""
    while not _decoders.acquire(timeout=POLL_S):
        if stop.is_set():
            raise Stopped("stopped while waiting for a free decoder")
    try:
        yield
    finally:
        _decoders.release()
