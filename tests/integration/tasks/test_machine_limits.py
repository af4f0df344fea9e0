"""Slots are for the whole machine, and those of a process that was killed are free."""

import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from stenoflow.errors import ConfigurationError, Stopped
from stenoflow.tasks.limits import machine
from stenoflow.tasks.limits.machine import POLL_S, MachineSlots, slots_folder

HOLDING = """
import sys, threading
from pathlib import Path
from stenoflow.tasks.limits.machine import MachineSlots
with MachineSlots("core", 1, folder=Path(sys.argv[1])).slot(threading.Event()):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "slots"


@contextmanager
def held_elsewhere(folder: Path) -> Generator[subprocess.Popen[str]]:
    """The first slot, held by another process."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def stop_instead(stop: Event, seconds: float) -> None:
    """Whoever would wait is stopped: it shows that there is no free slot."""
    stop.set()


def is_free(folder: Path, count: int = 1) -> bool:
    try:
        with MachineSlots("core", count, folder=folder, wait=stop_instead).slot(Event()):
            return True
    except Stopped:
        return False


def test_a_slot_that_another_process_holds_is_free_once_that_is_killed(folder: Path) -> None:
    with held_elsewhere(folder) as process:
        assert not is_free(folder)
        process.send_signal(signal.SIGKILL)
        with MachineSlots("core", 1, folder=folder).slot(Event()):
            assert process.wait() == -signal.SIGKILL


def test_two_processes_share_two_slots(folder: Path) -> None:
    with (
        held_elsewhere(folder),
        MachineSlots("core", 2, folder=folder, wait=stop_instead).slot(Event()),
    ):
        assert not is_free(folder, count=2)
        assert is_free(folder, count=3)


def test_threads_of_a_process_share_its_slots(folder: Path) -> None:
    slots = MachineSlots("core", 2, folder=folder, wait=lambda *_: None)
    lock = threading.Lock()
    both = threading.Barrier(2, timeout=60)
    inside = most = 0

    def work(number: int) -> None:
        nonlocal inside, most
        with slots.slot(Event()):
            with lock:
                inside += 1
                most = max(most, inside)
            both.wait()
            with lock:
                inside -= 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(40)))
    assert most == 2


def test_a_process_leaves_a_released_slot_to_others_before_it_takes_it_again(folder: Path) -> None:
    paused_s: list[float] = []

    def others_have_it(stop: Event, seconds: float) -> None:
        paused_s.append(seconds)
        assert is_free(folder)

    slots = MachineSlots("core", 1, folder=folder, clock=lambda: 100.0, wait=others_have_it)
    for _ in range(3):
        with slots.slot(Event()):
            assert not is_free(folder)
    assert paused_s == [pytest.approx(2 * POLL_S)] * 2, "longer than another takes to look"


def test_who_waits_for_a_thread_of_its_own_process_can_be_stopped(folder: Path) -> None:
    slots = MachineSlots("core", 1, folder=folder)
    stop = Event()
    stop.set()
    with (
        slots.slot(Event()),
        ThreadPoolExecutor(1) as threads,
        pytest.raises(Stopped, match="core slots"),
    ):
        threads.submit(slots.slot(stop).__enter__).result()


def test_a_slot_is_given_back_when_its_block_fails(folder: Path) -> None:
    slots = MachineSlots("core", 1, folder=folder)
    for _ in range(3):
        with pytest.raises(ValueError, match="no"), slots.slot(Event()):
            raise ValueError("no")


def test_the_folder_is_made_for_its_user_alone(folder: Path) -> None:
    deep = folder / "of a" / "machine"
    assert is_free(deep)
    assert {each.stat().st_mode & 0o777 for each in (folder, deep.parent, deep)} == {0o700}


def test_a_folder_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(machine.os, "getuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(ConfigurationError, match="another user's: set STENOFLOW_HOME"):
        is_free(folder)


@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702])
def test_a_folder_that_others_may_write_to_is_refused(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 700"):
        is_free(folder)


def test_a_link_to_a_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError):
        is_free(folder)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ConfigurationError, match="cannot be made"):
        is_free(tmp_path / "file" / "slots")


def test_machines_that_share_a_home_share_no_slots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STENOFLOW_HOME", str(tmp_path))
    monkeypatch.setattr(machine.platform, "node", lambda: "here")
    here = slots_folder()
    monkeypatch.setattr(machine.platform, "node", lambda: "there")
    assert here.parent == slots_folder().parent == tmp_path / "slots"
    assert here != slots_folder()
