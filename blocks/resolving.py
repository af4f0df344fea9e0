"""From what a person wrote in a form to the thing itself: a block by its name, or a plain value."""

import os
from typing import TypeVar

from prefect.blocks.core import Block

from stenoflow.blocks.deepgram_credentials import DEFAULT_BASE_URL, DeepgramCredentials
from stenoflow.blocks.object_store import ObjectStore
from stenoflow.blocks.transcription_profile import TranscriptionProfile
from stenoflow.errors import ConfigurationError
from stenoflow.profile.model import Profile
from stenoflow.storage import Store, open_store

_B = TypeVar("_B", bound=Block)


async def open_store_address(address: str, *, create: bool = False) -> Store:
    """The store at an address: ``object-store/NAME``, ``s3://bucket/prefix`` or an absolute path.

    A plain URL is opened with the machine's own credentials. Raises ConfigurationError where the block does
    not exist, or the address is none of the three.
    """
    name = _name_of(ObjectStore, address)
    if name is None:
        return open_store(address, create=create)
    return (await _load(ObjectStore, name)).store(create=create)


async def open_profile(profile: Profile | str) -> Profile:
    """The profile itself, or that of the block ``transcription-profile/NAME``.

    Raises ConfigurationError where there is no such block.
    """
    if isinstance(profile, Profile):
        return profile
    name = _name_of(TranscriptionProfile, profile)
    if name is None:
        raise ConfigurationError(
            f"profile {profile!r} is not a block's name: write transcription-profile/NAME, "
            "or give the profile's fields themselves."
        )
    return (await _load(TranscriptionProfile, name)).profile


async def open_credentials(credentials: str | None) -> DeepgramCredentials:
    """The block ``deepgram-credentials/NAME``, or for None the environment's DEEPGRAM_API_KEY.

    DEEPGRAM_BASE_URL, where set, goes with the key of the environment. Raises ConfigurationError where there
    is no such block, or no key.
    """
    if credentials is None:
        key = os.environ.get("DEEPGRAM_API_KEY", "").strip()
        if not key:
            raise ConfigurationError(
                "the engine deepgram needs an API key: save a Deepgram Credentials block and name "
                "it in `credentials`, or set DEEPGRAM_API_KEY where the flow runs."
            )
        return DeepgramCredentials.of(key, os.environ.get("DEEPGRAM_BASE_URL", DEFAULT_BASE_URL))
    name = _name_of(DeepgramCredentials, credentials)
    if name is None:
        raise ConfigurationError(
            "credentials takes the name of a block, deepgram-credentials/NAME, and never a key "
            "itself: parameters are stored in plain text."
        )
    return await _load(DeepgramCredentials, name)


async def open_block(block: type[_B], name: str) -> _B:
    """The saved block called ``SLUG/NAME``. Raises ConfigurationError where there is none."""
    short = _name_of(block, name)
    if short is None:
        raise ConfigurationError(
            f"{name!r} is not a block's name: write {block.get_block_type_slug()}/NAME."
        )
    return await _load(block, short)


def _name_of(block: type[Block], text: str) -> str | None:
    """NAME of ``slug/NAME``, where ``text`` is that."""
    slug, slash, name = text.partition("/")
    return name if slug == block.get_block_type_slug() and slash and name else None


async def _load(block: type[_B], name: str) -> _B:
    try:
        return await block.aload(name)
    except ValueError as error:
        slug = block.get_block_type_slug()
        raise ConfigurationError(
            f"there is no block {slug}/{name}: create it under Blocks in the Prefect UI, "
            f"or see `prefect block ls` for those that exist."
        ) from error
