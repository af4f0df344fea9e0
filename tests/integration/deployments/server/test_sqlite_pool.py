"""Prefect's server on SQLite has one connection, so that nobody is refused or waits inside SQLite."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from stenoflow.deployments.server.sqlite_pool import CHOSEN_BY, database_of

SETTING = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
AT_ONCE = 20


async def read_then_write(engine: AsyncEngine) -> None:
    """As Prefect counts events for automations: in one transaction, begun without the wish to write."""
    async with engine.connect() as connection:
        await connection.exec_driver_sql("BEGIN DEFERRED")
        (counted,) = (await connection.execute(text("SELECT n FROM counts"))).one()
        await asyncio.sleep(0.01)
        await connection.execute(text("UPDATE counts SET n = :n"), {"n": counted + 1})
        await connection.exec_driver_sql("COMMIT")


async def counted(url: str) -> int:
    """What a counter says after it was counted up by many at once."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text("PRAGMA journal_mode = WAL"))
            await connection.execute(text("CREATE TABLE counts AS SELECT 0 AS n"))
        await asyncio.gather(*(read_then_write(engine) for _ in range(AT_ONCE)))
        async with engine.connect() as connection:
            return (await connection.execute(text("SELECT n FROM counts"))).scalar_one()
    finally:
        await engine.dispose()


async def test_with_one_connection_no_request_is_refused(tmp_path: Path) -> None:
    assert await counted(database_of(tmp_path)[SETTING]) == AT_ONCE


async def test_with_more_some_are(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="database is locked"):
        await counted(f"sqlite+aiosqlite:///{tmp_path}/prefect.db")


@pytest.mark.parametrize("name", sorted(CHOSEN_BY))
def test_what_a_person_chose_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv(name, "postgresql+asyncpg")
    assert database_of(tmp_path) == {}


def test_prefect_takes_the_url(tmp_path: Path) -> None:
    folder = tmp_path / "a folder #1"
    script = (
        "import asyncio; from prefect.server.database import provide_database_interface as own;"
        "pool = asyncio.run(own().engine()).pool; print(pool.size(), pool._max_overflow)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | database_of(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == ["1", "0"]
