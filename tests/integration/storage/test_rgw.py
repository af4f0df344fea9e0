"""Ceph RGW as people and end-to-end tests start it by hand, and how it goes away."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import psutil
import pytest

from bench.harness.rgw import why_unavailable
from tests.support.corpus import ROOT


@pytest.fixture
def needed() -> None:
    if why := why_unavailable():
        pytest.skip(why)


@pytest.mark.usefixtures("needed")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_it_says_how_to_reach_it_and_leaves_no_process(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "bench.harness.rgw", "--bucket", "recordings"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout
        lines = [program.stdout.readline() for _ in range(4)]
        said = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        client = boto3.client(
            "s3",
            endpoint_url=said["AWS_ENDPOINT_URL"],
            aws_access_key_id=said["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=said["AWS_SECRET_ACCESS_KEY"],
            region_name=said["AWS_DEFAULT_REGION"],
        )
        assert [each["Name"] for each in client.list_buckets()["Buckets"]] == ["recordings"]
        daemons = psutil.Process(program.pid).children(recursive=True)
        assert {each.name() for each in daemons} == {"ceph-mon", "ceph-osd", "radosgw"}
        program.send_signal(number)
        program.wait(30)
    _, alive = psutil.wait_procs(daemons, timeout=30)
    assert alive == []
    if number is signal.SIGINT:
        assert list(tmp_path.iterdir()) == []
