"""Turns are for the whole machine, and what a dead process had is free."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Timer
from uuid import uuid4

import pytest

from stenoflow.errors import Stopped
from stenoflow.tasks.limits.machine import Turns

HOLDING = """
import sys, threading
from stenoflow.tasks.limits.machine import Turns
with Turns(sys.argv[1], 1).turn(threading.Event()):
    print("held", flush=True)
    sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux' abstract sockets")


@contextmanager
def held_elsewhere(name: str) -> Generator[subprocess.Popen[str]]:
    """The one place of that name, by another process."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, name],
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


def stopped_soon() -> Event:
    stop = Event()
    Timer(0.3, stop.set).start()
    return stop


def test_another_process_has_its_turn_until_it_is_killed() -> None:
    name = f"test-{uuid4().hex}"
    with held_elsewhere(name) as process:
        turns = Turns(name, 1)
        with pytest.raises(Stopped), turns.turn(stopped_soon()):
            pass
        process.send_signal(signal.SIGKILL)
        with turns.turn(Event()):
            with pytest.raises(Stopped), Turns(name, 1).turn(stopped_soon()):
                pass
            with Turns(name, 2).turn(Event()):
                pass


def test_threads_of_a_process_share_its_places() -> None:
    turns = Turns(f"test-{uuid4().hex}", 2)
    lock = threading.Lock()
    inside = most = 0

    def work(number: int) -> None:
        nonlocal inside, most
        with turns.turn(Event()):
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.005)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(40)))
    assert most == 2


def test_a_process_with_a_queue_lets_others_have_their_turn() -> None:
    name = f"test-{uuid4().hex}"
    queued = Turns(name, 1)
    begun: list[str] = []

    def work(number: int) -> None:
        with queued.turn(Event()):
            begun.append("queued")
            time.sleep(0.01)

    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(work, number) for number in range(60)]
        # Another object of that name waits as another process does.
        with Turns(name, 1).turn(Event()):
            begun.append("other")
        for each in waiting:
            each.result()
    assert begun.index("other") < 50


def test_a_turn_is_given_back_when_its_block_fails() -> None:
    turns = Turns(f"test-{uuid4().hex}", 1)
    for _ in range(3):
        with pytest.raises(ValueError, match="no"), turns.turn(Event()):
            raise ValueError("no")
