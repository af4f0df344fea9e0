"""Children that answer requests: their replies, their failures, and that none stays behind."""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stenoflow.engines.worker import WorkerSpec, ask_worker, close_idle_workers
from stenoflow.errors import EngineError, ProcessKilled, StenoflowError, Stopped
from tests.support.children import await_child

GO_ON = threading.Event()

BEGIN = "import json, os, sys, time\nfor line in sys.stdin:\n    request = json.loads(line)\n    "
ECHO = "print(json.dumps([os.getpid(), sys.argv[1], request]), flush=True)"
WAIT = "time.sleep(600)"


@pytest.fixture(autouse=True)
def none_is_left() -> Iterator[None]:
    yield
    close_idle_workers()


@pytest.fixture
def spec(tmp_path: Path) -> Callable[..., WorkerSpec]:
    """A kind of child that runs a script for each request."""

    def of(script: str, *, loads: str = "{}") -> WorkerSpec:
        path = tmp_path / "worker.py"
        path.write_text(BEGIN + script)
        return WorkerSpec("The engine", path, loads, memory_bytes=1 << 30)

    return of


def ask(
    spec: WorkerSpec, *, deadline_s: float = 60, stop: threading.Event = GO_ON, **options: Any
) -> bytes:
    return ask_worker(spec, {"beam": 1}, deadline_s=deadline_s, stop=stop, **options)


def test_the_child_is_given_what_it_loads_and_the_request(spec: Callable[..., WorkerSpec]) -> None:
    _, loads, request = json.loads(ask(spec(ECHO, loads='{"model": "small"}')))
    assert (loads, request) == ('{"model": "small"}', {"beam": 1})


def test_the_next_request_is_answered_by_the_same_child(spec: Callable[..., WorkerSpec]) -> None:
    pids = {json.loads(ask(spec(ECHO)))[0] for _ in range(3)}
    assert len(pids) == 1
    other = json.loads(ask(spec(ECHO, loads='{"model": "large"}')))[0]
    assert other not in pids, "another model is another child"


def test_a_child_that_died_meanwhile_is_replaced(spec: Callable[..., WorkerSpec]) -> None:
    first = json.loads(ask(spec(ECHO)))[0]
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert json.loads(ask(spec(ECHO)))[0] != first


def test_requests_at_once_have_a_child_each(spec: Callable[..., WorkerSpec]) -> None:
    slow = spec("time.sleep(0.2); " + ECHO)
    with ThreadPoolExecutor(3) as threads:
        replies = list(threads.map(lambda _: json.loads(ask(slow)), range(3)))
    assert len({reply[0] for reply in replies}) == 3


def test_an_answer_of_any_length_comes_whole(spec: Callable[..., WorkerSpec]) -> None:
    assert ask(spec("print('ab' * 1_500_000, flush=True)")) == b"ab" * 1_500_000


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("sys.exit(3)", r"The engine failed \(exit code 3\)"),
        ("raise RuntimeError('no such model')", "RuntimeError: no such model"),
        ("import ctypes; ctypes.string_at(0)", "exit code -11"),
        ("bytearray(1 << 31)", "MemoryError"),
    ],
)
def test_a_child_that_fails_is_trouble_and_says_why(
    spec: Callable[..., WorkerSpec], script: str, told: str
) -> None:
    with pytest.raises(EngineError, match=told):
        ask(spec(script))


def test_a_child_that_takes_too_long_is_trouble(spec: Callable[..., WorkerSpec]) -> None:
    with pytest.raises(EngineError, match=r"0\.5 s, the deadline"):
        ask(spec(WAIT), deadline_s=0.5)


def test_a_child_that_writes_too_much_is_trouble(spec: Callable[..., WorkerSpec]) -> None:
    with pytest.raises(EngineError, match="more than 1000000 bytes"):
        ask(spec("while True: sys.stdout.write('a' * 1000)"), reply_max_bytes=1_000_000)


def test_a_child_killed_from_outside_may_be_tried_again(spec: Callable[..., WorkerSpec]) -> None:
    with pytest.raises(ProcessKilled):
        ask(spec("import signal; os.kill(os.getpid(), signal.SIGKILL)"))


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (lambda stop, pid: stop.set(), Stopped),
        (lambda stop, pid: os.kill(pid, signal.SIGKILL), ProcessKilled),
    ],
)
def test_it_ends_with_its_child(
    spec: Callable[..., WorkerSpec],
    tmp_path: Path,
    end: Callable[[threading.Event, int], None],
    error: type[StenoflowError],
) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(ask, spec(WAIT), stop=stop)
        child = await_child(str(tmp_path / "worker.py"), gone=waiting.done)
        end(stop, child.pid)
        with pytest.raises(error):
            waiting.result()
    assert not child.is_running()


def test_children_that_wait_can_be_closed(spec: Callable[..., WorkerSpec]) -> None:
    pid = json.loads(ask(spec(ECHO)))[0]
    close_idle_workers()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_scripts_folder_hides_no_package(
    spec: Callable[..., WorkerSpec], tmp_path: Path
) -> None:
    (tmp_path / "wave.py").write_text("raise SystemExit('the wrong wave')")
    assert ask(spec("import wave; print(wave.__file__, flush=True)")).endswith(b"/wave.py")
