"""What is published about our files is what the code writes."""

import json

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from stenoflow.manifest.schemas import FOLDER, schemas, written
from stenoflow.rendering import render_all
from stenoflow.transcript.model import Transcript
from tests.support.transcripts import broken_transcripts, rendering, transcript_of


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_published_schemas_are_those_of_the_code(name: str) -> None:
    published = (FOLDER / name).read_text(encoding="utf-8")
    assert published == written(schemas()[name]), "run: python -m stenoflow.manifest.schemas"
    Draft202012Validator.check_schema(json.loads(published))


def _transcript_json(transcript: Transcript) -> str:
    artifacts, failures = render_all(rendering(transcript), ["json"])
    assert failures == ()
    return artifacts[0].body.decode()


VALIDATOR = Draft202012Validator(schemas()["transcript.json"])


@settings(max_examples=100, deadline=None)
@given(broken_transcripts())
def test_every_transcript_is_valid(transcript: Transcript) -> None:
    VALIDATOR.validate(json.loads(_transcript_json(transcript)))


def test_the_schema_refuses_what_it_does_not_know() -> None:
    value = json.loads(_transcript_json(transcript_of("Hello.")))
    assert VALIDATOR.is_valid(value)
    for name in value:
        assert not VALIDATOR.is_valid({k: v for k, v in value.items() if k != name}), name
    assert not VALIDATOR.is_valid(value | {"schema": "stenoflow/transcript/2"})
    value["words"][0]["start_s"] = -1
    assert not VALIDATOR.is_valid(value)
