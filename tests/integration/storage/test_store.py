"""What every store does, be it a folder, moto, or Ceph RGW."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stenoflow.errors import KeyTooLong, NotFound, ObjectTooLarge, OverLimit, Stopped
from stenoflow.storage import Store
from stenoflow.storage.base import CHUNK
from tests.integration.storage.conftest import Kind
from tests.support.corpus import ROOT

PLENTY = 1 << 40

with_each_store = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def listed(store: Store, prefix: str = "", after: str = "") -> list[str]:
    return [info.key for info in store.list(prefix, after=after)]


def by_bytes(keys: Iterable[str]) -> list[str]:
    return sorted(keys, key=str.encode)


# What is put is there


def test_what_was_put_can_be_stat_read_fetched_and_listed(store: Store, tmp_path: Path) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    store.put("calls/a.mp3", b"sound", content_type="audio/mpeg")

    info = store.stat("calls/a.mp3")
    fetched = store.fetch("calls/a.mp3", tmp_path / "a", max_bytes=5)

    assert (info.key, info.size) == ("calls/a.mp3", 5)
    assert before <= info.modified <= datetime.now(UTC) + timedelta(seconds=2)
    assert list(store.list()) == [info] == [fetched.info]
    assert fetched.path.read_bytes() == b"sound" == store.read("calls/a.mp3")
    assert fetched.sha256 == sha256(b"sound").hexdigest()
    assert fetched.resumed == 0


def test_an_object_may_be_empty(store: Store, tmp_path: Path) -> None:
    store.put("nothing", b"")
    assert store.fetch("nothing", tmp_path / "a", max_bytes=0).info.size == 0
    assert store.read("nothing") == b""


def test_a_file_is_put_as_it_is(store: Store, tmp_path: Path) -> None:
    body = os.urandom(3 * CHUNK + 1)
    (tmp_path / "body").write_bytes(body)
    store.put("a", tmp_path / "body")
    assert store.read("a") == body


def test_putting_again_replaces_and_changes_the_version(store: Store) -> None:
    store.put("a", b"one")
    first = store.stat("a")
    store.put("a", b"two")
    assert store.read("a") == b"two"
    assert store.stat("a").version != first.version
    assert len(listed(store)) == 1


def test_what_was_deleted_is_gone_and_may_be_deleted_again(store: Store) -> None:
    store.put("a/b", b"1")
    store.delete("a/b")
    store.delete("a/b")
    store.delete("never/there")
    assert listed(store) == []
    with pytest.raises(NotFound):
        store.stat("a/b")


# Listing


def test_keys_come_in_the_order_of_their_bytes(store: Store) -> None:
    given_keys = ["b", "a", "a/b", "a-b", "a b", "a/b/c", "a0", "Z", "é", "\uffff", "\U0001f600"]
    for key in given_keys:
        store.put(key, b"")
    assert listed(store) == by_bytes(given_keys)


def test_a_prefix_need_not_end_at_a_slash(store: Store) -> None:
    for key in ("calls/a", "calls/b", "calls-old/a", "call", "b"):
        store.put(key, b"")
    assert listed(store, "calls") == ["calls-old/a", "calls/a", "calls/b"]
    assert listed(store, "calls/") == ["calls/a", "calls/b"]
    assert listed(store, "calls/a") == ["calls/a"]
    assert listed(store, "none/such") == []


@with_each_store
@given(data=st.data())
def test_a_listing_goes_on_after_any_key(kind: Kind, data: st.DataObject) -> None:
    store = kind.new()
    some = data.draw(st.lists(kind.keys, min_size=1, max_size=8, unique=True))
    for key in some:
        store.put(key, b"")
    prefix = data.draw(st.sampled_from(some).flatmap(lambda key: st.sampled_from(["", key[:2]])))
    after = data.draw(st.one_of(st.sampled_from(some), kind.keys))
    expected = [
        key for key in by_bytes(some) if key.startswith(prefix) and key.encode() > after.encode()
    ]
    assert listed(store, prefix, after) == expected


# Hostile keys


def test_hostile_keys_round_trip_side_by_side(kind: Kind, tmp_path: Path) -> None:
    store = kind.new()
    for key in kind.hostile:
        store.put(key, key.encode())
    assert listed(store) == by_bytes(kind.hostile)
    for key in kind.hostile:
        assert store.stat(key).key == key
        assert store.put_if_absent(key, b"another") is False
        fetched = store.fetch(key, tmp_path / "fetched", max_bytes=PLENTY)
        assert fetched.path.read_bytes() == key.encode() == store.read(key)
    for key in kind.hostile[::2]:
        store.delete(key)
    assert listed(store) == by_bytes(kind.hostile[1::2])


@with_each_store
@given(data=st.data())
def test_any_keys_round_trip_side_by_side(kind: Kind, data: st.DataObject) -> None:
    store = kind.new()
    some = data.draw(st.lists(kind.keys, min_size=1, max_size=6, unique=True))
    for number, key in enumerate(some):
        assert store.put_if_absent(key, b"%d" % number) is True
    assert listed(store) == by_bytes(some)
    for number, key in enumerate(some):
        assert store.read(key) == b"%d" % number
        store.delete(key)
    assert listed(store) == []


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/x", "..", "%2e%2e/x"])
def test_nothing_is_found_or_removed_outside(store: Store, key: str) -> None:
    store.put("x", b"inside")
    with pytest.raises(NotFound):
        store.read(key)
    store.delete(key)
    assert listed(store) == ["x"]


@pytest.mark.parametrize("method", ["stat", "read", "delete"])
def test_a_key_too_long_for_the_store_is_refused(store: Store, method: str) -> None:
    with pytest.raises(KeyTooLong, match="Give the recording a shorter name"):
        getattr(store, method)(5000 * "k")


@pytest.mark.parametrize("key", ["", "\ud800"])
def test_what_is_no_key_names_nothing(store: Store, key: str) -> None:
    with pytest.raises(NotFound):
        store.stat(key)
    with pytest.raises(NotFound):
        store.put(key, b"")
    assert listed(store) == []


# Fetching


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK])
def test_a_fetch_takes_up_to_its_cap_and_not_a_byte_more(
    store: Store, tmp_path: Path, size: int
) -> None:
    body = os.urandom(size)
    store.put("a", body)
    fetched = store.fetch("a", tmp_path / "a", max_bytes=size)
    assert fetched.path.read_bytes() == body
    assert fetched.sha256 == sha256(body).hexdigest()
    if size:
        with pytest.raises(OverLimit, match=f"larger than the {size - 1:,} bytes allowed"):
            store.fetch("a", tmp_path / "b", max_bytes=size - 1)
        assert not (tmp_path / "b").exists()


def test_reading_has_a_cap_too(store: Store) -> None:
    store.put("a", b"12345")
    with pytest.raises(ObjectTooLarge, match="larger than the 4 bytes allowed"):
        store.read("a", max_bytes=4)


def test_a_fetch_that_is_to_stop_leaves_nothing(store: Store, tmp_path: Path) -> None:
    store.put("a", os.urandom(3 * CHUNK))
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        store.fetch("a", tmp_path / "a", max_bytes=PLENTY, stop=stop)
    assert not (tmp_path / "a").exists()


def test_a_fetch_replaces_an_existing_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"longer than the new")
    store.put("a", b"new")
    store.fetch("a", tmp_path / "a", max_bytes=3)
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_fetch_of_what_is_not_there_leaves_nothing(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        store.fetch("a", tmp_path / "a", max_bytes=PLENTY)
    assert not (tmp_path / "a").exists()


# Put if absent


def test_only_the_first_makes_an_object(store: Store) -> None:
    assert store.put_if_absent("a/b", b"first") is True
    assert store.put_if_absent("a/b", b"second") is False
    assert store.read("a/b") == b"first"
    store.delete("a/b")
    assert store.put_if_absent("a/b", b"third") is True
    assert store.read("a/b") == b"third"


def test_what_was_put_is_not_absent(store: Store) -> None:
    store.put("a", b"put")
    assert store.put_if_absent("a", b"absent?") is False
    assert store.read("a") == b"put"


def test_one_of_many_threads_wins(store: Store) -> None:
    racers = 8
    start = threading.Barrier(racers)

    def race(number: int, key: str) -> bool:
        start.wait()
        return store.put_if_absent(key, b"%d" % number)

    with ThreadPoolExecutor(racers) as threads:
        for key in [f"race/{number}" for number in range(5)]:
            won = list(threads.map(race, range(racers), [key] * racers))
            assert won.count(True) == 1
            assert store.read(key) == b"%d" % won.index(True)


def test_an_object_and_a_folder_of_its_name_are_made_at_the_same_time(store: Store) -> None:
    names = ["x", "x/y", "x/z", "x/y/z"] * 2
    start = threading.Barrier(len(names))

    def race(key: str) -> bool:
        start.wait()
        return store.put_if_absent(key, key.encode())

    with ThreadPoolExecutor(len(names)) as threads:
        for round_ in range(5):
            keys_of_round = [f"{round_}/{name}" for name in names]
            won = zip(keys_of_round, threads.map(race, keys_of_round), strict=True)
            assert sorted(key for key, mine in won if mine) == sorted(set(keys_of_round))
            assert listed(store, f"{round_}/") == by_bytes(sorted(set(keys_of_round)))


def test_one_of_many_processes_wins(kind: Kind) -> None:
    store = kind.new()
    command = [sys.executable, "-m", "tests.support.racer", store.url]
    pipe = subprocess.PIPE
    environment = os.environ | (kind.server.environment if kind.server else {})
    racers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)
        for _ in range(4)
    ]
    try:
        for key in [f"race/{number}" for number in range(20)]:
            for racer in racers:
                assert racer.stdin
                racer.stdin.write(f"{key}\n")
                racer.stdin.flush()
            won = [racer.stdout.readline() for racer in racers if racer.stdout]
            assert sorted(won) == ["False\n"] * 3 + ["True\n"]
            assert store.read(key) == str(racers[won.index("True\n")].pid).encode()
    finally:
        for racer in racers:
            racer.communicate(timeout=30)


# Clear words


def test_a_folder_is_no_recording(store: Store, tmp_path: Path) -> None:
    store.put("calls/2026/a.mp3", b"")
    for key in ("calls", "calls/", "calls/2026"):
        with pytest.raises(NotFound, match="is a folder, not a recording: name one"):
            store.stat(key)
        with pytest.raises(NotFound, match="is a folder, not a recording: name one"):
            store.fetch(key, tmp_path / "a", max_bytes=1)


def test_a_missing_object_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match=r"[Tt]here is no .*Check its name") as found:
        store.stat("calls/a.mp3")
    assert "calls/a.mp3" in str(found.value)


def test_urls_name_store_and_object(store: Store) -> None:
    assert store.url_of("calls/a.mp3") == f"{store.url}/calls/a.mp3"
