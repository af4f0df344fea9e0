"""The stand-in as a program of its own, as people and the benches of other processes start it."""

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

from steno.engines.deepgram import DeepgramEngine
from steno.profile import DeepgramOptions
from tests.corpus import ROOT
from tests.deepgram_standin.faults import FINE, status
from tests.deepgram_standin.standin import remote_report, remote_script
from tests.deepgram_standin.tones import Tone, body_of, sounding, write_wav


def test_two_lines_say_how_to_use_it(tmp_path: Path) -> None:
    body = body_of(write_wav(tmp_path / "a.wav", sounding([Tone(4_000, 8_000, 500)], 16_000)))
    command = [sys.executable, "-m", "tests.deepgram_standin"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            lines = program.stdout.readline() + program.stdout.readline()
            match = re.fullmatch(r"base URL: (http://\S+)\nAPI key:  (\S+)\n", lines)
            assert match
            url, key = match.groups()
            remote_script(url, key, [FINE, status(503)])
            asked = DeepgramEngine(DeepgramOptions(), key, url)
            reply = asked.parse(asked.listen(body, stop=threading.Event()))
            report = remote_report(url, key)
        finally:
            program.send_signal(signal.SIGINT)
        assert program.wait(10) == 0
        assert program.stdout.read() == "payments: 1, for 1.0 s of audio\n"
    assert [word.text for word in reply.words] == ["Tone500."]
    assert [charge["sha256"] for charge in report["bill"]] == [body.sha256]
    assert report["requests"][0]["sha256"] == body.sha256
