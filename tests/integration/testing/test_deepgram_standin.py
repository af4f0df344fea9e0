"""The stand-in as a program, as people and benches start it."""

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.errors import EngineError
from stenoflow.testing.deepgram.faults import FINE, status
from stenoflow.testing.deepgram.process import standin_process
from stenoflow.testing.tones import Tone, request_audio, synthesize, write_wav
from tests.support.corpus import ROOT

GO_ON = threading.Event()


def test_two_lines_say_how_to_use_it_and_one_what_it_cost() -> None:
    command = [sys.executable, "-m", "stenoflow.testing.deepgram"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        lines = program.stdout.readline() + program.stdout.readline()
        assert re.fullmatch(r"base URL: http://127\.0\.0\.1:\d+\nAPI key:  \S+\n", lines)
        program.send_signal(signal.SIGINT)
        assert program.wait(60) == 0
        assert program.stdout.read() == "payments: 0, for 0.0 s of audio\n"


def test_it_takes_its_script_and_shows_its_bill_from_outside(tmp_path: Path) -> None:
    body = request_audio(
        write_wav(tmp_path / "a.wav", synthesize([Tone(4_000, 8_000, 500)], 16_000))
    )
    with standin_process("--key", "a-key-of-ours") as standin:
        standin.script(status(503), FINE)
        asked = DeepgramEngine(DeepgramOptions(), Credential(standin.key, standin.url))
        with pytest.raises(EngineError):
            asked.transcribe(body, stop=GO_ON)
        reply = asked.parse(asked.transcribe(body, stop=GO_ON))
        report, bill = standin.report(), standin.bill()
    assert [word.text for word in reply.words] == ["Tone500."]
    assert [(charge.sha256, charge.seconds) for charge in bill] == [(body.sha256, 1.0)]
    assert [request["status"] for request in report["requests"]] == [503, 200]
