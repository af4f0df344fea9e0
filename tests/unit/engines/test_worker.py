"""A request that runs in a child: its reply, its failures, and that nothing of it stays behind."""

import json
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stenoflow.engines import worker as child_module
from stenoflow.engines.worker import run_worker
from stenoflow.errors import EngineError, ProcessKilled, StenoflowError, Stopped
from stenoflow.media.sandbox import Bounds
from tests.support.children import await_child

GO_ON = threading.Event()
BOUNDS = Bounds(1 << 30, 60)

BEGIN = "import json, sys, time\nrequest = json.load(open(sys.argv[1]))\n"
ECHO = "json.dump(request, sys.stdout)"
WAIT = "time.sleep(600)"


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    path = tmp_path / "audio" / "body.wav"
    path.parent.mkdir()
    path.write_bytes(b"RIFF")
    return path


@pytest.fixture
def run_script(tmp_path: Path, audio: Path) -> Callable[..., bytes]:
    """Runs a script with a request of one option."""

    def run(script: str, *, bounds: Bounds = BOUNDS, stop: threading.Event = GO_ON) -> bytes:
        path = tmp_path / "worker.py"
        path.write_text(BEGIN + script)
        try:
            return run_worker(path, {"beam": 1}, audio, bounds, called="The engine", stop=stop)
        finally:
            # Whatever happened, the request is gone.
            assert list(audio.parent.iterdir()) == [audio]

    return run


def test_the_child_is_given_the_request_and_the_audio(
    run_script: Callable[..., bytes], audio: Path
) -> None:
    assert json.loads(run_script(ECHO)) == {"beam": 1, "audio": str(audio)}


def test_an_answer_of_any_length_comes_whole(run_script: Callable[..., bytes]) -> None:
    assert run_script("sys.stdout.write('ab' * 1_500_000)") == b"ab" * 1_500_000


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("sys.exit(3)", r"The engine failed \(exit code 3\)"),
        ("raise RuntimeError('no such model')", "RuntimeError: no such model"),
        ("import ctypes; ctypes.string_at(0)", "exit code -11"),
        ("bytearray(1 << 31)", "MemoryError"),
    ],
)
def test_a_child_that_fails_is_trouble_and_says_why(
    run_script: Callable[..., bytes], script: str, said: str
) -> None:
    with pytest.raises(EngineError, match=said):
        run_script(script)


def test_a_child_that_takes_too_long_is_trouble(run_script: Callable[..., bytes]) -> None:
    with pytest.raises(EngineError, match=r"0\.5 s, the deadline"):
        run_script(WAIT, bounds=Bounds(1 << 30, 0.5))


def test_a_child_that_says_too_much_is_trouble(
    run_script: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "REPLY_MAX_BYTES", 1_000_000)
    with pytest.raises(EngineError, match="more than 1000000 bytes"):
        run_script("while True: sys.stdout.write('a' * 1000)")


def test_a_child_killed_from_outside_may_be_tried_again(run_script: Callable[..., bytes]) -> None:
    with pytest.raises(ProcessKilled):
        run_script("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (lambda stop, pid: stop.set(), Stopped),
        (lambda stop, pid: os.kill(pid, signal.SIGKILL), ProcessKilled),
    ],
)
def test_it_ends_with_its_child(
    run_script: Callable[..., bytes],
    audio: Path,
    end: Callable[[threading.Event, int], None],
    error: type[StenoflowError],
) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(run_script, WAIT, stop=stop)
        child = await_child(f"{audio}.request.json", gone=waiting.done)
        end(stop, child.pid)
        with pytest.raises(error):
            waiting.result()
    assert not child.is_running()


def test_the_scripts_folder_hides_no_package(
    run_script: Callable[..., bytes], tmp_path: Path
) -> None:
    (tmp_path / "wave.py").write_text("raise SystemExit('the wrong wave')")
    assert run_script("import wave; sys.stdout.write(wave.__file__)").endswith(b"/wave.py")
