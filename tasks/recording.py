"""A recording as a flow's parameters name it."""

from stenoflow.blocks.resolving import open_credential, open_store_address
from stenoflow.engines.base import Engine
from stenoflow.engines.registry import engine_spec, open_engine
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.profile.model import Profile
from stenoflow.rendering import check_artifacts


async def open_recording(
    key: str, source: str, destination: str, profile: Profile, credentials: str | None
) -> RecordingContext:
    """Open all that a flow's parameters name, before anything is spent.

    Raises ConfigurationError if one of them names nothing, or the profile contradicts itself;
    MissingDependency if its engine is not installed.
    """
    check_artifacts(profile.artifacts)
    return RecordingContext(
        key=key,
        source=await open_store_address(source),
        destination=await open_store_address(destination, create=True),
        profile=profile,
        engine=await open_engine_of(profile, credentials),
    )


async def open_engine_of(profile: Profile, credentials: str | None) -> Engine:
    """Return the profile's engine, with the key it needs.

    Raises as :func:`open_recording`.
    """
    account = engine_spec(profile.engine).credentials
    if credentials is None or account is None:
        return open_engine(profile)
    credential = await open_credential(credentials, account.block)
    return open_engine(profile, credential=credential)
