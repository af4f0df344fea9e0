"""Machines with clocks hours apart buy each chunk once, and wait for a dead one no longer than a lease."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.harness.s3_server import S3Server
from stenoflow.deployments.samples import sample_recordings
from stenoflow.testing.deepgram.process import StandInProcess, standin_process
from tests.support.another_machine import command, needs_faketime, needs_namespaces

pytestmark = [needs_faketime, needs_namespaces]

RECORDING = next(path for path in sample_recordings() if path.name == "briefing.mp4")


@dataclass
class Machine:
    """A machine at work on the recording."""

    process: subprocess.Popen[str]
    clock: datetime
    """Its time when it began."""

    @classmethod
    def at_work(cls, destination: Path, standin: StandInProcess, *, clock: str) -> "Machine":
        account = {"DEEPGRAM_API_KEY": standin.key, "DEEPGRAM_BASE_URL": standin.url}
        process = subprocess.Popen(
            command(RECORDING, str(destination), clock=clock),
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | account,
        )
        assert process.stdout
        return cls(process, datetime.fromisoformat(process.stdout.readline().strip()))

    def result(self) -> dict[str, Any]:
        printed, _ = self.process.communicate(timeout=100)
        assert self.process.returncode == 0
        return json.loads(printed)

    def lose_power(self) -> None:
        for each in psutil.Process(self.process.pid).children(recursive=True):
            each.kill()
        self.process.communicate(timeout=100)


def test_machines_that_want_one_recording_at_once_pay_once(tmp_path: Path) -> None:
    with standin_process("--latency", "3") as standin:
        ahead, behind = (
            Machine.at_work(tmp_path, standin, clock=clock) for clock in ("+1h", "-1h")
        )
        results = [ahead.result(), behind.result()]
        bill = standin.bill()
    assert ahead.clock - behind.clock > timedelta(minutes=119)
    assert sorted(each["origins"] for each in results) == [["bought"], ["waited"]]
    assert results[0]["words"] == results[1]["words"] != []
    assert [each["may_have_been_paid"] for each in results] == [0, 0]
    assert len(bill) == 1


@pytest.mark.parametrize(("dead", "heir"), [("+1h", "-1h"), ("-1h", "+1h")])
def test_what_a_dead_machine_was_buying_is_taken_over_after_a_lease(
    dead: str, heir: str, tmp_path: Path
) -> None:
    with standin_process("--latency", "3") as standin:
        first = Machine.at_work(tmp_path, standin, clock=dead)
        while not standin.report()["requests"]:
            assert first.process.poll() is None
        first.lose_power()
        # The test's time-out is far less than the hour between both clocks.
        result = Machine.at_work(tmp_path, standin, clock=heir).result()
    assert result["origins"] == ["bought"]
    assert result["may_have_been_paid"] == 1


@pytest.mark.parametrize("clock", ["+1h", "-1h"])
def test_a_store_that_refuses_such_a_clock_is_trouble_of_the_machine(
    clock: str, rgw: S3Server
) -> None:
    rgw.client().create_bucket(Bucket="skewed")
    code = 'from stenoflow.storage import open_store; open_store("s3://skewed").put("a", b"")'
    done = subprocess.run(
        ["faketime", "--exclude-monotonic", "-f", clock, sys.executable, "-c", code],
        env=os.environ | rgw.environment,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert "this machine's clock is wrong (RequestTimeTooSkewed). Set it right." in done.stderr
    assert "AccessDenied" in done.stderr
