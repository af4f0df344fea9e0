"""The stores that one specification is run against: a folder, moto, and Ceph RGW."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import strategies as st

from bench.harness.s3_server import S3Server
from stenoflow.storage import Store, open_store
from tests.support.keys import HOSTILE, NEWLINES, keys


@dataclass(frozen=True, slots=True)
class Kind:
    """What the stores of a test are made of."""

    name: str
    new: Callable[[], Store]
    """Opens an empty store: a folder, or a prefix of a bucket that holds much else."""
    hostile: tuple[str, ...] = field(repr=False)
    keys: st.SearchStrategy[str] = field(repr=False)
    server: S3Server | None = None


@pytest.fixture(scope="session")
def moto_bucket(moto: S3Server) -> str:
    return moto.new_bucket()


@pytest.fixture(scope="session")
def rgw_bucket(rgw: S3Server) -> str:
    return rgw.new_bucket()


@pytest.fixture(params=["folder", "moto", "rgw"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    name = request.param
    newlines = name != "moto"
    hostile = HOSTILE + NEWLINES if newlines else HOSTILE
    if name == "folder":
        return Kind(
            name,
            lambda: open_store(str(tmp_path / uuid.uuid4().hex), create=True),
            hostile,
            keys(newlines=newlines),
        )
    server: S3Server = request.getfixturevalue(name)
    bucket: str = request.getfixturevalue(f"{name}_bucket")
    return Kind(
        name,
        lambda: server.open(f"{bucket}/ü {uuid.uuid4().hex[:12]}"),
        hostile,
        keys(newlines=newlines),
        server,
    )


@pytest.fixture
def store(kind: Kind) -> Store:
    return kind.new()


@pytest.fixture(params=["moto", "rgw"])
def server(request: pytest.FixtureRequest) -> S3Server:
    """For what only S3 knows."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def bucket(server: S3Server) -> str:
    """A bucket for this test alone."""
    return server.new_bucket()
