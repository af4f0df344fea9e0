"""SQLite lets one connection at a time write, so a Prefect server on SQLite is given one in all.

Left to itself Prefect opens up to fifteen. Where one of them has read and then wants to write while
another writes, SQLite refuses at once: events get lost to automations ("database is locked"). Where one
waits to write, which blocks its thread for up to a minute, the event loop was seen to stand still for that
whole minute, and with it whoever was to finish writing first; most likely in freeing an old cursor of the
connection that waits. With one connection nothing waits inside SQLite: the queue is the pool's. It is how
Prefect itself runs SQLite in memory. A browser that is slow to download a run's logs keeps the others
waiting.

SQLAlchemy finds this plugin by the name in a database's URL and the entry point in pyproject.toml, see
https://docs.sqlalchemy.org/en/20/core/connections.html#sqlalchemy.engine.CreateEnginePlugin
"""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from sqlalchemy.engine import CreateEnginePlugin

NAME = "stenoflow-one-connection"
CHOSEN_BY = {
    f"PREFECT_{part}_DATABASE_{setting}"
    for part in ("SERVER", "API")
    for setting in ("CONNECTION_URL", "DRIVER")
}
"""Settings by which a person chooses a database: its URL or its driver, under the new or the old name."""

DATABASE = "prefect.db"
"""Name of the file. It holds blocks, and the key that their secrets are encrypted with."""

WAITS_S = 120
"""For the connection: longer than anything that holds it takes on a busy machine."""


class OneConnection(CreateEnginePlugin):
    """A plugin for engines that never open a second connection."""

    def __init__(self, url: URL, kwargs: dict[str, Any]) -> None:
        super().__init__(url, kwargs)
        kwargs |= {"pool_size": 1, "max_overflow": 0, "pool_timeout": WAITS_S}

    def update_url(self, url: URL) -> URL:
        """The URL as it is: SQLAlchemy itself takes the plugin's name out."""
        return url


def database_of(home: Path) -> dict[str, str]:
    """Return the environment of a server whose database is in ``home``; empty if another one is chosen."""
    if not CHOSEN_BY.isdisjoint(os.environ):
        return {}
    path = str(home / DATABASE)
    url = URL.create("sqlite+aiosqlite", database=path, query={"plugin": NAME})
    return {"PREFECT_SERVER_DATABASE_CONNECTION_URL": url.render_as_string()}
