"""Work that blocks is told to stop when its command is interrupted."""

import signal
import threading
from threading import Event

import pytest

from stenoflow.deployments.cli.interruption import run_stoppable


def test_an_interrupted_command_stops_its_work() -> None:
    ended = Event()

    def work(stop: Event) -> None:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
        assert stop.wait(60)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        run_stoppable(work)
    assert ended.wait(60)


def test_what_the_work_returns_or_raises_comes_through() -> None:
    def fail(_: Event) -> None:
        raise ValueError("no")

    assert run_stoppable(lambda stop: not stop.is_set())
    with pytest.raises(ValueError, match="no"):
        run_stoppable(fail)
