"""Engines on this machine: each request runs in a child process of its own.

A recognizer may hold Python's lock for seconds, crash, or leak. A child can be stopped at any moment and
takes everything with it. It is a plain script beside the engine. Its argument is the path of a JSON file
with the request, and it writes its reply as JSON to its standard output.
"""

import json
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stenoflow.errors import EngineError, OverLimit, ProcessTimedOut
from stenoflow.media.sandbox import Bounds, sandboxed

READ_BYTES = 1 << 16

REPLY_MAX_BYTES = 1 << 28
"""A reply larger than this is not a transcript: 24 hours of fast speech take about 20 MB."""


def run_worker(
    script: Path,
    request: Mapping[str, Any],
    audio: Path,
    bounds: Bounds,
    *,
    called: str,
    stop: threading.Event,
) -> bytes:
    """Run a script on a request about ``audio``, and return its reply.

    The script finds the path of the audio under the request's key "audio". The file of the request
    is beside the audio while the script runs. ``called`` names the engine in messages. Raises
    EngineError where the script fails or takes longer than its deadline, ProcessKilled where it is
    killed from outside, Stopped.
    """
    path = audio.with_name(f"{audio.name}.request.json")
    try:
        path.write_text(json.dumps({**request, "audio": str(audio)}))
        # -P: the script's folder holds modules named like the packages that it imports.
        arguments = [sys.executable, "-P", str(script), str(path)]
        with sandboxed(arguments, bounds, name=called, stop=stop) as child:
            reply = bytearray()
            block = memoryview(bytearray(READ_BYTES))
            while got := child.read_into(block):
                reply += block[:got]
                if len(reply) > REPLY_MAX_BYTES:
                    raise EngineError(f"{called} replied with more than {REPLY_MAX_BYTES} bytes.")
            end = child.finish()
            if end.exit_code != 0:
                last_line = child.messages().strip().rpartition("\n")[2]
                raise EngineError(f"{called} failed (exit code {end.exit_code}): {last_line}")
    except (OverLimit, ProcessTimedOut) as error:
        raise EngineError(str(error)) from error
    finally:
        path.unlink(missing_ok=True)
    return bytes(reply)
