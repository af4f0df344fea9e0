"""What a flow was asked to do with one recording, with everything it takes at hand."""

from dataclasses import dataclass

from stenoflow.blocks.resolving import open_credential, open_store_address
from stenoflow.engines.base import Engine
from stenoflow.engines.registry import engine_spec, open_engine
from stenoflow.profile.model import Profile
from stenoflow.render import check_artifacts
from stenoflow.storage import Store


@dataclass(frozen=True)
class Job:
    """One recording, where it comes from, where its transcript goes, and how it is treated."""

    key: str
    """The recording's key in ``source``; its artifacts lie under the same key in ``destination``."""
    source: Store
    destination: Store
    profile: Profile
    engine: Engine


async def open_job(
    key: str, source: str, destination: str, profile: Profile, credentials: str | None
) -> Job:
    """Open all that a flow's parameters name.

    Raises ConfigurationError where one of them names nothing, or the profile contradicts itself: here, before
    anything is spent; MissingDependency where its engine is not installed.
    """
    check_artifacts(profile.artifacts)
    return Job(
        key=key,
        source=await open_store_address(source),
        destination=await open_store_address(destination, create=True),
        profile=profile,
        engine=await _open_engine(profile, credentials),
    )


async def _open_engine(profile: Profile, credentials: str | None) -> Engine:
    """The profile's engine, with the key it needs."""
    account = engine_spec(profile.engine).credentials
    if credentials is None or account is None:
        return open_engine(profile)
    credential = await open_credential(credentials, account.block)
    return open_engine(profile, credential=credential)
