"""A process is known for what it is, and never taken for another."""

import os
import signal
import subprocess
import sys

import pytest

from stenoflow.ledger.lease_owner import LeaseOwner, is_alive, this_process
from tests.support.corpus import ROOT

PROGRAM = (
    "import sys; from stenoflow.ledger.lease_owner import this_process\n"
    "print(this_process().model_dump_json(), flush=True); sys.stdin.read()\n"
)


def test_we_live() -> None:
    assert is_alive(this_process()) is True


def test_another_lives_until_it_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout
        other = LeaseOwner.model_validate_json(process.stdout.readline())
        assert other.pid == process.pid
        assert is_alive(other) is True
        process.send_signal(signal.SIGKILL)
    assert is_alive(other) is False


def test_one_that_has_ended_but_is_not_yet_buried_is_dead() -> None:
    with subprocess.Popen(["/bin/sleep", "600"]) as process:
        owner = this_process().model_copy(update={"pid": process.pid})
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_alive(owner) is False


def test_a_later_process_of_the_same_number_is_another() -> None:
    us = this_process()
    assert is_alive(us.model_copy(update={"started": us.started - 1})) is False


@pytest.mark.parametrize("machine", ["", "another boot", "another boot pid:[4026531836]"])
def test_of_processes_elsewhere_nothing_is_known(machine: str) -> None:
    assert is_alive(this_process().model_copy(update={"machine": machine})) is None


def test_a_process_name_with_parentheses_and_spaces_is_parsed() -> None:
    program = f"open('/proc/self/comm', 'w').write('a) Z 1 (b'); {PROGRAM.replace(chr(10), ';')}"
    with subprocess.Popen(
        [sys.executable, "-c", program.strip(";")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout
        other = LeaseOwner.model_validate_json(process.stdout.readline())
        assert is_alive(other) is True
        process.communicate(b"")
    assert is_alive(other) is False
