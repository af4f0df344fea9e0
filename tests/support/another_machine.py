"""A process of another machine, by what the ledger can know: it transcribes a recording, with a short lease.

    python -m tests.support.another_machine RECORDING DESTINATION

It prints the time by its clock, then, as JSON, how it came by its replies and what may have been paid.
:func:`command` starts it in a process namespace of its own, so that its lease owner is not found in
``/proc``, and with a clock that is off.
"""

import json
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from stenoflow.engines.registry import open_engine
from stenoflow.ledger.ledger import Ledger
from stenoflow.media.scratch import scratch_folder
from stenoflow.pipeline.recording import look_up, run_steps
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.run_context import RunContext
from stenoflow.profile.model import Profile
from stenoflow.storage import locate, open_store

LEASE_S = 2.0

NAMESPACE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]


@cache
def _namespaces() -> bool:
    return not subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode


needs_faketime = pytest.mark.skipif(
    shutil.which("faketime") is None, reason="needs package faketime: for clocks that are off"
)
needs_namespaces = pytest.mark.skipif(
    not _namespaces(), reason="this system lets nobody make a process namespace"
)


def command(recording: Path, destination: str, *, clock: str) -> list[str]:
    """Return the command; ``clock`` is as faketime takes it: ``+1h``."""
    program = [sys.executable, "-m", "tests.support.another_machine", str(recording), destination]
    return ["faketime", "--exclude-monotonic", "-f", clock, *NAMESPACE, *program]


def main() -> None:
    """Transcribe, and print."""
    print(datetime.now(UTC).isoformat(), flush=True)
    profile = Profile(engine="deepgram")
    source, key = locate(sys.argv[1])
    destination = open_store(sys.argv[2], create=True)
    context = RecordingContext(key, open_store(source), destination, profile, open_engine(profile))
    with scratch_folder() as scratch:
        ledger = Ledger(destination, lease_s=LEASE_S, poll_s=0.1)
        run = RunContext(scratch=scratch, ledger=ledger, cancelled=threading.Event())
        done = run_steps(look_up(context), run)
    assert done.transcription
    print(
        json.dumps(
            {
                "origins": [each.how for each in done.transcription.purchases],
                "may_have_been_paid": done.transcription.may_have_been_paid,
                "words": [word.text for word in done.transcription.transcript.words],
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
