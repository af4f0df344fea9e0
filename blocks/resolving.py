"""Opens what a person named in a form: a block by its name, or a plain value."""

import asyncio
from typing import TypeVar

from prefect.blocks.core import Block

from stenoflow.blocks.engine_credentials import EngineCredentials
from stenoflow.blocks.object_store import ObjectStore
from stenoflow.blocks.transcription_profile import TranscriptionProfile
from stenoflow.engines.credentials import Credential
from stenoflow.errors import ConfigurationError
from stenoflow.profile.model import Profile
from stenoflow.profile.vocabulary_file import read_vocabulary, read_vocabulary_from
from stenoflow.storage import Store, open_store

_B = TypeVar("_B", bound=Block)


async def open_store_address(address: str, *, create: bool = False) -> Store:
    """Return the store at ``object-store/NAME``, ``s3://BUCKET/PREFIX`` or an absolute path.

    A plain URL is opened with the machine's own credentials. Raises ConfigurationError if the block does
    not exist, or the address is none of the three.
    """
    name = _name_of(ObjectStore, address)
    if name is None:
        return open_store(address, create=create)
    return (await _load(ObjectStore, name)).store(create=create)


async def open_profile(profile: Profile | str) -> Profile:
    """Return the profile, or that of the block ``transcription-profile/NAME``.

    Its vocabulary's file is read: a path, a URL, or ``object-store/NAME/KEY``. Raises ConfigurationError
    if there is no such block, or the file cannot be read; StoreUnavailable.
    """
    return await _with_vocabulary(await _profile(profile))


async def _with_vocabulary(profile: Profile) -> Profile:
    file = profile.vocabulary.file
    name = _name_of(ObjectStore, file) if file else None
    if name is None:
        return await asyncio.to_thread(read_vocabulary, profile)
    block, _, key = name.partition("/")
    store = (await _load(ObjectStore, block)).store()
    return await asyncio.to_thread(read_vocabulary_from, store, key, profile)


async def _profile(profile: Profile | str) -> Profile:
    if isinstance(profile, Profile):
        return profile
    name = _name_of(TranscriptionProfile, profile)
    if name is None:
        raise ConfigurationError(
            f"profile {profile!r} is not a block's name: write transcription-profile/NAME, "
            "or give the profile's fields themselves."
        )
    return (await _load(TranscriptionProfile, name)).profile


async def open_credential(name: str, slug: str) -> Credential:
    """Return the credential of the block ``SLUG/NAME``, bound to its host.

    ``slug`` is the block type that the engine's key is kept in. Raises ConfigurationError if ``name`` is
    not the name of such a block, or there is none.
    """
    # The name is not repeated in the error: a key may have been pasted here.
    given, slash, short = name.partition("/")
    if not (given == slug and slash and short):
        raise ConfigurationError(
            f"credentials takes the name of a block, for this engine {slug}/NAME, and never a key "
            "itself: parameters are stored in plain text."
        )
    try:
        block = await Block.aload(name)
    except ValueError as error:
        raise _no_such_block(name) from error
    if not isinstance(block, EngineCredentials):
        raise ConfigurationError(f"the block {name} does not hold an engine's credentials.")
    return block.credential()


async def open_block(block: type[_B], name: str) -> _B:
    """Return the saved block ``SLUG/NAME``. Raises ConfigurationError if there is none."""
    short = _name_of(block, name)
    if short is None:
        raise ConfigurationError(
            f"{name!r} is not a block's name: write {block.get_block_type_slug()}/NAME."
        )
    return await _load(block, short)


def _name_of(block: type[Block], text: str) -> str | None:
    """Return NAME if ``text`` is ``SLUG/NAME`` of this block type."""
    slug, slash, name = text.partition("/")
    return name if slug == block.get_block_type_slug() and slash and name else None


async def _load(block: type[_B], name: str) -> _B:
    try:
        return await block.aload(name)
    except ValueError as error:
        raise _no_such_block(f"{block.get_block_type_slug()}/{name}") from error


def _no_such_block(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"there is no block {name}: create it under Blocks in the Prefect UI, or see "
        "`prefect block ls` for those that exist."
    )
