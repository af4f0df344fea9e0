"""A destination that cannot be written to is found out before anything is bought."""

import json
import os
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

import stenoflow
from bench.harness.s3_server import S3Server
from stenoflow.deployments.samples import sample_recordings
from stenoflow.engines.credentials import Credential
from stenoflow.errors import AccessDenied
from stenoflow.testing.deepgram.server import StandIn

BRIEFING = next(path for path in sample_recordings() if path.name == "briefing.mp4")


@pytest.fixture
def read_only_folder(tmp_path: Path) -> Generator[str]:
    """A folder on a file system that is mounted read-only, or without the right to write."""
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o555)
    if os.geteuid() != 0:
        yield str(folder)
        return
    command = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("root may write everywhere, and cannot mount here: run as another user")
    try:
        yield str(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def read_only_bucket(rgw: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket whose policy lets nobody write."""
    bucket = rgw.new_bucket()
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [denied]}
    rgw.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    for name, value in rgw.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{bucket}/transcripts"


@pytest.mark.parametrize("fixture", ["read_only_folder", "read_only_bucket"])
def test_nothing_is_bought_for_a_destination_that_is_read_only(
    fixture: str, request: pytest.FixtureRequest, scratch: Path
) -> None:
    destination: str = request.getfixturevalue(fixture)
    with StandIn() as standin:
        with pytest.raises(AccessDenied) as refused:
            stenoflow.transcribe(
                BRIEFING,
                profile=stenoflow.Profile(engine="deepgram"),
                destination=destination,
                credential=Credential(standin.key, standin.url),
            )
        assert standin.bill.seconds == 0
        assert standin.requests == []
    assert destination in str(refused.value)
    assert list(scratch.iterdir()) == []
