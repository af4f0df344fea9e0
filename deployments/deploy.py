"""``stenoflow deploy``: all that the Prefect server must know of Stenoflow, registered in one go.

In this order: work pool, limits, blocks, deployments, automations; then workers may start. It is safe
to repeat: what people have set since (limits, profiles, paused schedules) stays as they set it.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import get_current_settings
from pydantic import HttpUrl, ValidationError
from rich.console import Console

from stenoflow.blocks.deepgram_credentials import DeepgramCredentials
from stenoflow.blocks.object_store import ObjectStore
from stenoflow.blocks.transcription_profile import TranscriptionProfile
from stenoflow.deployments.automations import find_the_dead, register, revive_the_dead
from stenoflow.errors import ConfigurationError, MissingDependency
from stenoflow.tasks.limits.engine import SHARED, create_limits

POOL = "stenoflow"
FILE = Path(__file__).parent / "prefect.yaml"
PROFILE = "default"
DEAD_AFTER_S = 300.0
"""Ten heartbeats: a busy server loses some, and a run called dead too early would run twice."""

console = Console(highlight=False, soft_wrap=True)


def deploy(
    *, dead_after_s: float = DEAD_AFTER_S, logos: str | None = None, quiet: bool = False
) -> None:
    """Register everything at the Prefect server in use.

    ``logos`` is the address at which the blocks' SVG files are served, for the UI to show; None leaves
    those that are known.

    Raises ConfigurationError where none is named, or it refuses us, or ``logos`` is no address;
    MissingDependency where it does not answer, or `prefect deploy` fails.
    """
    url = get_current_settings().api.url
    if not url:
        raise ConfigurationError(
            "no Prefect server is named: set PREFECT_API_URL (and PREFECT_API_AUTH_STRING), or run "
            "`stenoflow serve`, which starts one."
        )
    try:
        asyncio.run(_create_pool())
        with get_client(sync_client=True) as client:
            for engine in SHARED:
                create_limits(client, engine)
        _register_blocks(logos)
        _deploy_flows()
        asyncio.run(_register_automations(dead_after_s))
        missing = list(_missing_blocks())
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.UNAUTHORIZED:
            raise ConfigurationError(
                f"{url} wants a password: set PREFECT_API_AUTH_STRING as on the server."
            ) from error
        raise MissingDependency(f"{url} answers {error.response.status_code}: {error}") from error
    except httpx.TransportError as error:
        raise MissingDependency(
            f"{url} does not answer: {error}. Start the server first, or see `stenoflow serve`."
        ) from error
    if quiet:
        return
    console.print(f"Registered at {url}. Start workers with: prefect worker start --pool {POOL}")
    for block, how in missing:
        console.print(f"The deployments use the block {block}, which does not exist yet: {how}")


async def _create_pool() -> None:
    """A pool of processes, unless there is one of this name, of whatever type somebody chose."""
    async with get_client() as client:
        with suppress(ObjectAlreadyExists):
            await client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))


def _register_blocks(logos: str | None) -> None:
    for block in (ObjectStore, DeepgramCredentials, TranscriptionProfile):
        block._logo_url = _logo(block, logos)  # pyright: ignore[reportPrivateUsage]
        block.register_type_and_schema()
    if not exists(TranscriptionProfile, PROFILE):
        TranscriptionProfile().save(PROFILE)


def _logo(block: type[Block], logos: str | None) -> HttpUrl | None:
    """The address of a block's logo, which lies beside its module: Prefect takes http and https only."""
    slug = block.get_block_type_slug()
    if logos is not None:
        try:
            return HttpUrl(f"{logos.rstrip('/')}/{slug.replace('-', '_')}.svg")
        except ValidationError as error:
            raise ConfigurationError(
                f"logos can be served at http and https addresses only, not at {logos!r}."
            ) from error
    with get_client(sync_client=True) as client, suppress(ObjectNotFound):
        return client.read_block_type_by_slug(slug).logo_url
    return None


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


async def _register_automations(dead_after_s: float) -> None:
    for automation in (find_the_dead(dead_after_s), revive_the_dead()):
        await register(automation)


def _missing_blocks() -> Iterator[tuple[str, str]]:
    for name, example in (("recordings", "s3://recordings"), ("transcripts", "s3://transcripts")):
        if not exists(ObjectStore, name):
            how = f"save it under Blocks in the UI, with a location such as {example}."
            yield f"object-store/{name}", how


def exists(block: type[ObjectStore] | type[TranscriptionProfile], name: str) -> bool:
    """Whether a block of this type and name is saved."""
    try:
        block.load(name)
    except ValueError:
        return False
    return True
