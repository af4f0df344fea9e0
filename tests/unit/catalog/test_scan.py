"""A scan finds what is to be transcribed, wherever source and destination lie, and cuts it without gaps."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest

from stenoflow.catalog import Catalog, KeyRange, Scan, Selection, Status, decisions, scan
from stenoflow.catalog.scan import MAX_REASONS, OTHER_REASON
from stenoflow.errors import Stopped
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.profile.model import Profile
from stenoflow.storage import ObjectInfo, Store, open_store

LATER = datetime.now(UTC) + timedelta(days=1)
KEYS = ["a", "a b", "a-b", "a/b", "a/b!", "a0", "é/ü"]


def source_of(folder: Path, keys: list[str]) -> Store:
    store = open_store(str(folder), create=True)
    for key in keys:
        store.put(f"{key}.mp3", b"sound")
    return store


def catalog_of(source: Store, destination: Store) -> Catalog:
    return Catalog(source, destination, Profile(), Selection(), LATER)


def scanned(
    source: Store,
    destination: Store,
    *,
    limit: int | None = None,
    on_taken: Callable[[ObjectInfo], object] | None = None,
) -> Scan:
    catalog = catalog_of(source, destination)
    return scan(threading.Event(), catalog, batch_size=2, limit=limit, on_taken=on_taken)


def finish(source: Store, destination: Store, key: str) -> None:
    mark = fingerprint(source.stat(key).version, Profile())
    destination.put(manifest_key(key, mark), b"{}")


def test_each_batch_holds_the_same_recordings_when_it_is_walked_alone(tmp_path: Path) -> None:
    source = source_of(tmp_path / "in", KEYS)
    destination = open_store(str(tmp_path / "out"), create=True)
    finish(source, destination, "a-b.mp3")

    found = scanned(source, destination)

    walked = [
        [
            each.info.key
            for each in decisions(
                catalog_of(source, destination), KeyRange(batch.after, batch.until)
            )
            if each.status.taken
        ]
        for batch in found.batches
    ]
    assert [len(keys) for keys in walked] == [batch.recordings for batch in found.batches]
    assert list(chain.from_iterable(walked)) == sorted(f"{key}.mp3" for key in KEYS if key != "a-b")


LONG_KEYS = [f"{'x' * 230}/{'y' * 230}/{'z' * 230}/{'é' * 130}{end}" for end in "abcdefg"]
"""Keys of some thousand bytes, alike in the first 800: too long to stand in a manifest's key."""


def test_recordings_with_long_keys_are_done_once_they_are_finished(tmp_path: Path) -> None:
    source = source_of(tmp_path / "in", [*KEYS, *LONG_KEYS])
    destination = open_store(str(tmp_path / "out"), create=True)
    for key in (*LONG_KEYS[::2], "é/ü"):
        finish(source, destination, f"{key}.mp3")

    found = scanned(source, destination)

    left = sorted(f"{key}.mp3" for key in [*KEYS[:-1], *LONG_KEYS[1::2]])
    assert found.statuses == {Status.DONE: len(LONG_KEYS[::2]) + 1, Status.NEW: len(left)}
    walked = [
        each.info.key
        for batch in found.batches
        for each in decisions(catalog_of(source, destination), KeyRange(batch.after, batch.until))
        if each.status.taken
    ]
    assert walked == left


def test_a_limit_ends_the_scan(tmp_path: Path) -> None:
    source = source_of(tmp_path / "in", KEYS)
    destination = open_store(str(tmp_path / "out"), create=True)

    assert scanned(source, destination, limit=3).recordings == 3


def test_the_callback_gets_each_recording_taken_once(tmp_path: Path) -> None:
    source = source_of(tmp_path / "in", KEYS)
    destination = open_store(str(tmp_path / "out"), create=True)
    finish(source, destination, "a-b.mp3")

    taken: list[str] = []
    found = scanned(source, destination, limit=3, on_taken=lambda info: taken.append(info.key))

    assert len(taken) == found.recordings == 3
    assert taken == sorted(f"{key}.mp3" for key in KEYS if key != "a-b")[:3]


@pytest.mark.parametrize("inside", ["", "texts"])
def test_a_destination_within_the_source_is_not_swept(tmp_path: Path, inside: str) -> None:
    source = source_of(tmp_path, ["call"])
    destination = open_store(str(tmp_path / inside), create=True)
    destination.put("_stenoflow/ledger/aa/reply.mp3", b"ours")
    finish(source, destination, "call.mp3")

    found = scanned(source, destination)

    assert found.recordings == 0
    assert found.statuses[Status.DONE] == 1


def test_a_stopped_scan_ends(tmp_path: Path) -> None:
    source = source_of(tmp_path / "in", KEYS)
    stop = threading.Event()
    stop.set()

    with pytest.raises(Stopped):
        scan(stop, catalog_of(source, source), batch_size=1)


def test_whatever_is_left_out_is_counted_by_its_reason(tmp_path: Path) -> None:
    keys = ["a", "a/b", "x/y"]
    source = source_of(tmp_path / "in", keys)
    for key in ("notes.pdf", "x/notes.PDF", "._a.mp3", "__MACOSX/a.mp3", "plain"):
        source.put(key, b"1")
    (tmp_path / "in" / "out.mp3").symlink_to(tmp_path / "elsewhere.mp3")
    (tmp_path / "elsewhere.mp3").write_bytes(b"1")
    (tmp_path / "in" / "same.mp3").symlink_to("x/y.mp3")
    destination = open_store(str(tmp_path / "in" / "results"), create=True)
    finish(source, destination, "a.mp3")

    found = scanned(source, destination)

    assert found.recordings == 3
    assert found.left_out == {
        "extension .pdf": 2,
        "metadata of another file": 2,
        "no extension": 1,
        "results of Stenoflow": 1,
        "symbolic link that leads out of the folder": 1,
    }
    assert found.statuses[Status.FILTERED] == 5


def test_reasons_without_end_are_counted_together(tmp_path: Path) -> None:
    source = open_store(str(tmp_path / "in"), create=True)
    for number in range(2 * MAX_REASONS):
        source.put(f"a.x{number}", b"1")
    found = scanned(source, open_store(str(tmp_path / "out"), create=True))
    assert len(found.left_out) == MAX_REASONS + 1
    assert found.left_out[OTHER_REASON] == MAX_REASONS
