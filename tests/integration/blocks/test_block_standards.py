"""Prefect's standards for blocks, as its own integrations test them (BlockStandardTestSuite).

Without their test of a logo: Prefect keeps its public address only, and the project has none.
"""

import re
from importlib.metadata import entry_points

import pytest
from prefect.blocks.abstract import CredentialsBlock
from prefect.blocks.core import Block
from pydantic import HttpUrl

from stenoflow import blocks
from stenoflow.blocks import (
    DeepgramCredentials,
    EngineCredentials,
    ObjectStore,
    OpenAICredentials,
    TranscriptionProfile,
)

BLOCKS = (ObjectStore, DeepgramCredentials, OpenAICredentials, TranscriptionProfile)


def test_prefect_finds_the_blocks_by_their_entry_point() -> None:
    found = entry_points(group="prefect.collections", name="stenoflow")
    assert {each.load() for each in found} == {blocks}
    exported = {getattr(blocks, name) for name in blocks.__all__} - {EngineCredentials}
    assert exported == set(BLOCKS)


@pytest.mark.parametrize("block", BLOCKS)
class TestStandards:
    def test_it_has_a_name_a_slug_and_a_description(self, block: type[Block]) -> None:
        assert block.get_block_type_name() != block.__name__
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", block.get_block_type_slug())
        assert block.get_description()
        assert block.__doc__

    def test_it_has_a_documentation_url(self, block: type[Block]) -> None:
        assert isinstance(block._documentation_url, HttpUrl)

    def test_every_field_has_a_title_and_a_description(self, block: type[Block]) -> None:
        for name, field in block.model_fields.items():
            assert field.title, name
            assert field.description and field.description.endswith("."), name

    def test_its_code_example_loads_it(self, block: type[Block]) -> None:
        example = block.get_code_example()
        assert example
        assert f"from stenoflow.blocks import {block.__name__}\n" in example
        assert re.search(rf'\w+ = {block.__name__}\.load\("BLOCK_NAME"\)', example)


@pytest.mark.parametrize("block", [DeepgramCredentials, OpenAICredentials])
def test_credentials_give_a_client(block: type[EngineCredentials]) -> None:
    assert issubclass(block, CredentialsBlock)
    with block.of("a-key-of-this-test", "http://127.0.0.1:9/v1").get_client() as client:
        assert str(client.base_url) == "http://127.0.0.1:9/v1/"
