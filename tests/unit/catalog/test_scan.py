"""A survey finds what is to be done, wherever source and destination lie, and cuts it without gaps."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest

from stenoflow.catalog.diff import Selection, Status
from stenoflow.catalog.scan import KeyRange, Survey, decisions, survey
from stenoflow.errors import Stopped
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.profile.model import Profile
from stenoflow.storage import Store, open_store

LATER = datetime.now(UTC) + timedelta(days=1)
KEYS = ["a", "a b", "a-b", "a/b", "a/b!", "a0", "é/ü"]


def source_of(folder: Path, keys: list[str]) -> Store:
    store = open_store(str(folder), create=True)
    for key in keys:
        store.put(f"{key}.mp3", b"sound")
    return store


def look(source: Store, destination: Store, **options: object) -> Survey:
    given: dict[str, object] = {"now": LATER, "batch_size": 2, **options}
    return survey(threading.Event(), source, destination, Profile(), Selection(), **given)  # type: ignore[arg-type]


def finish(source: Store, destination: Store, key: str) -> None:
    mark = fingerprint(source.stat(key).version, Profile())
    destination.put(manifest_key(key, mark), b"{}")


def test_each_batch_holds_the_same_recordings_when_it_is_walked_alone(tmp_path: Path) -> None:
    source = source_of(tmp_path / "in", KEYS)
    destination = open_store(str(tmp_path / "out"), create=True)
    finish(source, destination, "a-b.mp3")

    found = look(source, destination)

    walked = [
        [
            each.info.key
            for each in decisions(
                source,
                destination,
                Profile(),
                Selection(),
                now=LATER,
                within=KeyRange(batch.after, batch.until),
            )
            if each.status.taken
        ]
        for batch in found.batches
    ]
    assert [len(keys) for keys in walked] == [batch.recordings for batch in found.batches]
    assert list(chain.from_iterable(walked)) == sorted(f"{key}.mp3" for key in KEYS if key != "a-b")


def test_a_limit_ends_the_walk(tmp_path: Path) -> None:
    source = source_of(tmp_path / "in", KEYS)
    destination = open_store(str(tmp_path / "out"), create=True)

    assert look(source, destination, limit=3).recordings == 3


def test_each_recording_that_is_taken_is_told_once(tmp_path: Path) -> None:
    source = source_of(tmp_path / "in", KEYS)
    destination = open_store(str(tmp_path / "out"), create=True)
    finish(source, destination, "a-b.mp3")

    told: list[str] = []
    found = look(source, destination, limit=3, tell=lambda info: told.append(info.key))

    assert len(told) == found.recordings == 3
    assert told == sorted(f"{key}.mp3" for key in KEYS if key != "a-b")[:3]


@pytest.mark.parametrize("inside", ["", "texts"])
def test_a_destination_within_the_source_is_not_swept(tmp_path: Path, inside: str) -> None:
    source = source_of(tmp_path, ["call"])
    destination = open_store(str(tmp_path / inside), create=True)
    destination.put("_stenoflow/ledger/aa/reply.mp3", b"ours")
    finish(source, destination, "call.mp3")

    found = look(source, destination)

    assert found.recordings == 0
    assert found.statuses[Status.DONE] == 1


def test_a_stopped_survey_ends(tmp_path: Path) -> None:
    source = source_of(tmp_path / "in", KEYS)
    stop = threading.Event()
    stop.set()

    with pytest.raises(Stopped):
        survey(stop, source, source, Profile(), Selection(), now=LATER, batch_size=1)
