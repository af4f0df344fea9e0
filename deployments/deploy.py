"""``stenoflow deploy``: everything that a Prefect server must know of Stenoflow, registered at once.

In this order: work pool, limits, blocks, deployments, automations; then workers may start. It is safe
to repeat: what people have set since (limits, profiles, paused schedules) stays as they set it.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import get_current_settings
from rich.console import Console

from stenoflow.blocks import (
    DeepgramCredentials,
    ObjectStore,
    OpenAICredentials,
    TranscriptionProfile,
)
from stenoflow.deployments.automations import register_automations
from stenoflow.deployments.server.client import server_errors
from stenoflow.engines.base import EngineLimits
from stenoflow.engines.registry import engines
from stenoflow.errors import MissingDependency
from stenoflow.tasks.limits.engine import Lane, create_limits, set_limits

POOL = "stenoflow"
LANES: dict[Lane, int] = {"urgent": 1, "bulk": 2}
"""Work queues and their priorities: workers take runs of the lowest number first."""
FILE = Path(__file__).parent / "prefect.yaml"
PROFILE = "default"

console = Console(highlight=False, soft_wrap=True)


def deploy(
    *,
    crashed_after_s: float | None = None,
    limits: Mapping[str, EngineLimits] | None = None,
    quiet: bool = False,
) -> None:
    """Register everything at the Prefect server in use, and print what is still to be done.

    ``crashed_after_s`` is after how many seconds without a heartbeat a run is marked as crashed; None:
    what ``automations.yaml`` says. ``limits`` are set for the engines of these names; those of others are
    created unless they exist. Raises ConfigurationError if no server is named, or it refuses
    access; MissingDependency if it does not answer, or `prefect deploy` fails.
    """
    with server_errors() as url:
        asyncio.run(_create_pool())
        with get_client(sync_client=True) as client:
            for spec in engines().values():
                if spec.limits:
                    create_limits(client, spec.name)
            for engine, chosen in (limits or {}).items():
                set_limits(client, engine, chosen)
        _register_blocks()
        _deploy_flows()
        asyncio.run(register_automations(crashed_after_s))
        missing = list(_missing_blocks())
    if quiet:
        return
    console.print(f"Registered at {url}. Start workers with: prefect worker start --pool {POOL}")
    for block, how in missing:
        console.print(f"The deployments use the block {block}, which does not exist yet: {how}")


async def _create_pool() -> None:
    """Create a pool of processes and its queues, unless there are such, of whatever type and priority."""
    async with get_client() as client:
        with suppress(ObjectAlreadyExists):
            await client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        for lane, priority in LANES.items():
            with suppress(ObjectAlreadyExists):
                await client.create_work_queue(lane, work_pool_name=POOL, priority=priority)


def _register_blocks() -> None:
    for block in (ObjectStore, DeepgramCredentials, OpenAICredentials, TranscriptionProfile):
        block.register_type_and_schema()
    if not exists(TranscriptionProfile, PROFILE):
        TranscriptionProfile().save(PROFILE)


def _deploy_flows() -> None:
    settings = get_current_settings().to_environment_variables(exclude_unset=True)
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all",
         "--prefect-file", str(FILE)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise MissingDependency(f"prefect deploy failed:\n{done.stdout}{done.stderr}")


def _missing_blocks() -> Iterator[tuple[str, str]]:
    for name, example in (("recordings", "s3://recordings"), ("transcripts", "s3://transcripts")):
        if not exists(ObjectStore, name):
            how = f"save it under Blocks in the UI, with a location such as {example}."
            yield f"object-store/{name}", how


def exists(block: type[ObjectStore] | type[TranscriptionProfile], name: str) -> bool:
    """Return True if a block of this type and name is saved."""
    try:
        block.load(name)
    except ValueError:
        return False
    return True
