"""What 0.1.0 wrote is read by today's code, and written again with the same fields and values.

``tests/golden/v0.1.0`` holds a destination as that version left it: a recording that was published by
Deepgram and one by PocketSphinx, which is no longer an engine, one without speech, one that was rejected,
the ledger of these and of ``tones.wav`` (bought in four chunks, two of them halves, after attempts that were
released, lost and spoiled), and the report of a sweep.
Paid once rests on this: a ledger that cannot be read is bought again.
"""

import json
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from stenoflow.catalog.report import SweepReport
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.engines.prices import list_prices
from stenoflow.engines.registry import open_engine_without_account
from stenoflow.ledger.ledger import Ledger
from stenoflow.ledger.records import Intent, Receipt
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.manifest.model import Manifest, read_manifest, written
from stenoflow.pipeline.publish import publish_again
from stenoflow.pipeline.transcribe import rebuild
from stenoflow.profile.model import EARLIER_SECTIONS, STORED, Profile
from stenoflow.rendering.document import Document
from stenoflow.segmentation.plan import Chunk, SegmentationPlan
from stenoflow.storage import open_store

GOLDEN = Path(__file__).parents[1] / "golden" / "v0.1.0"
DESTINATION = GOLDEN / "destination"
LEDGER = DESTINATION / "_stenoflow" / "ledger"
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def paths(pattern: str) -> list[Any]:
    return [
        pytest.param(path, id="/".join(path.parts[-2:]))
        for path in sorted(DESTINATION.glob(pattern))
    ]


def again(kind: TypeAdapter[Any], path: Path) -> Any:
    """The JSON value of a file that was read as ``kind`` and written again."""
    return json.loads(kind.dump_json(kind.validate_json(path.read_bytes())))


@pytest.mark.parametrize("path", paths("_stenoflow/manifests/*/*.json"))
def test_manifests(path: Path) -> None:
    manifest = Manifest.model_validate_json(path.read_bytes(), context=STORED)
    before = json.loads(path.read_bytes())
    for section in EARLIER_SECTIONS:
        del before["profile"][section]
    assert json.loads(written(manifest)) == before
    mark = fingerprint(manifest.source.version or "", manifest.profile)
    assert DESTINATION / manifest_key(manifest.source.key, mark) == path
    assert manifest.profile.digest() == manifest.profile_digest


def test_each_outcome_that_leaves_a_manifest_is_among_them() -> None:
    store = open_store(str(DESTINATION))
    found = [read_manifest(store, each.key) for each in store.list("_stenoflow/manifests/")]
    assert {each.source.key: each.outcome for each in found if each} == {
        "briefing.mp4": "published",
        "call.mp3": "published",
        "notes.mp3": "rejected",
        "quiet-room.ogg": "no_speech",
    }


@pytest.mark.parametrize("path", paths("_stenoflow/ledger/**/intent-*.json"))
def test_intents(path: Path) -> None:
    assert again(TypeAdapter(Intent), path) == json.loads(path.read_bytes())


def test_each_state_of_an_intent_is_among_them() -> None:
    intents = [json.loads(path.read_bytes()) for path in LEDGER.rglob("intent-*.json")]
    assert {each["state"] for each in intents} == {"open", "released", "lost", "spoiled"}


@pytest.mark.parametrize("path", paths("_stenoflow/ledger/**/receipt.json"))
def test_receipts(path: Path) -> None:
    assert again(TypeAdapter(Receipt), path) == json.loads(path.read_bytes())


@pytest.mark.parametrize("path", paths("_stenoflow/ledger/**/plan.json"))
def test_segmentation_plans(path: Path) -> None:
    kind = TypeAdapter(tuple[SegmentationPlan, ...])
    assert again(kind, path) == json.loads(path.read_bytes())


@pytest.mark.parametrize("path", paths("_stenoflow/ledger/**/split.json"))
def test_halves(path: Path) -> None:
    assert again(TypeAdapter(tuple[Chunk, ...]), path) == json.loads(path.read_bytes())


@pytest.mark.parametrize("path", paths("_stenoflow/sweeps/*.json"))
def test_sweep_reports(path: Path) -> None:
    added: dict[str, object] = {"left_out": {}, "unsettled": 0, "may_have_been_paid_usd": "0"}
    """Since 0.1.0, with their defaults."""
    assert again(TypeAdapter(SweepReport), path) == json.loads(path.read_bytes()) | added


@pytest.mark.parametrize("path", paths("*/transcript.json"))
def test_transcripts(path: Path) -> None:
    assert again(TypeAdapter(Document), path) == json.loads(path.read_bytes())


def test_what_was_bought_is_found_under_the_same_address_and_gives_the_same_words() -> None:
    expected = json.loads((GOLDEN / "tones.json").read_bytes())
    profile = Profile.model_validate(expected["profile"])
    engine = DeepgramEngine(profile.deepgram)
    ledger = Ledger(open_store(str(DESTINATION)))

    found = rebuild(profile, engine, ledger, expected["source_sha256"])

    words = [[w.text, round(w.start_s, 6), round(w.end_s, 6)] for w in found.transcript.words]
    assert words == expected["words"]
    purchases = [json.loads(each.model_dump_json()) for each in found.purchases]
    assert purchases == expected["purchases"]


def test_a_recording_is_published_again_from_its_ledger_word_for_word(tmp_path: Path) -> None:
    shutil.copytree(DESTINATION, tmp_path, dirs_exist_ok=True)
    (path,) = (tmp_path / "_stenoflow" / "manifests" / "call.mp3!").iterdir()
    manifest = Manifest.model_validate_json(path.read_bytes(), context=STORED)
    # Another choice beside that of the artifacts, so that none of them is kept as it is.
    profile = manifest.profile.model_copy(
        update={"artifacts": ("json",), "max_cost_usd": Decimal(1)}
    )

    published = publish_again(
        manifest,
        profile,
        open_store(str(tmp_path)),
        engine=open_engine_without_account(profile),
        prices=list_prices(),
        now=NOW,
    )

    assert [each.name for each in published.artifacts] == ["json"]
    transcript = "call.mp3/transcript.json"
    assert (tmp_path / transcript).read_bytes() == (DESTINATION / transcript).read_bytes()
