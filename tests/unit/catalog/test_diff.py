"""The merge of two listings decides every recording as a lookup in a dictionary would."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.catalog import Batch, Decision, Selection, Status
from stenoflow.catalog.diff import batches, decide, up_to
from stenoflow.errors import ConfigurationError
from stenoflow.manifest.keys import MANIFESTS, ManifestKey, encoded_key
from stenoflow.storage import ObjectInfo

NOW = datetime(2026, 7, 1, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
PROFILE = "p1"


def recording(
    key: str, *, version: str = "v1", size: int = 1000, modified: datetime = LONG_AGO
) -> ObjectInfo:
    return ObjectInfo(key=key, size=size, version=version, modified=modified)


def finished(key: str, version: str, profile: str) -> ManifestKey:
    """The manifest of a recording."""
    return ManifestKey(encoded_key(key), version, profile)


def listing_place(manifest: ManifestKey) -> bytes:
    """Where a store lists it."""
    return f"{MANIFESTS}{manifest.encoded}!/{manifest.version}-{manifest.profile}.json".encode()


def decided(
    recordings: list[ObjectInfo], done: list[ManifestKey], selection: Selection | None = None
) -> list[Decision]:
    return list(
        decide(
            recordings,
            done,
            selection=selection or Selection(),
            version_mark=lambda info: info.version,
            profile_mark=PROFILE,
            now=NOW,
        )
    )


def status_of(
    info: ObjectInfo, done: list[ManifestKey], selection: Selection | None = None
) -> Status:
    (decision,) = decided([info], done, selection)
    return decision.status


def test_a_recording_without_a_manifest_is_new() -> None:
    assert status_of(recording("a.mp3"), [finished("b.mp3", "v1", PROFILE)]) is Status.NEW


def test_a_recording_with_its_manifest_is_done() -> None:
    assert status_of(recording("a.mp3"), [finished("a.mp3", "v1", PROFILE)]) is Status.DONE


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(days=40_000)])
def test_a_recording_dated_in_the_future_is_taken_for_a_second_look(ahead: timedelta) -> None:
    (decision,) = decided([recording("a.mp3", modified=NOW + ahead)], [])
    assert (decision.status, decision.dated_ahead) == (Status.NEW, True)


def test_what_was_uploaded_since_the_sweep_began_is_left_to_the_next() -> None:
    (decision,) = decide(
        [recording("a.mp3", modified=NOW + timedelta(seconds=30))],
        [],
        selection=Selection(),
        version_mark=lambda info: info.version,
        profile_mark=PROFILE,
        now=NOW,
        clock=NOW + timedelta(minutes=1),
    )
    assert (decision.status, decision.left_out) == (Status.TOO_YOUNG, "too young")


def test_what_is_not_taken_says_why_unless_it_is_done() -> None:
    infos = [recording("a.mp3"), recording("b.pdf"), recording("c.mp3", modified=NOW)]
    found = decided(infos, [finished("a.mp3", "v1", PROFILE)])
    assert [each.left_out for each in found] == [None, "extension .pdf", "too young"]


def test_replaced_content_is_done_again() -> None:
    old = [finished("a.mp3", "v0", PROFILE)]
    assert status_of(recording("a.mp3"), old) is Status.CHANGED


def test_a_manifest_of_old_content_beside_that_of_the_present_one_changes_nothing() -> None:
    both = [finished("a.mp3", "v0", PROFILE), finished("a.mp3", "v1", PROFILE)]
    assert status_of(recording("a.mp3"), both) is Status.DONE


def test_another_profile_is_done_again_only_if_asked() -> None:
    other = [finished("a.mp3", "v1", "p0")]
    assert status_of(recording("a.mp3"), other) is Status.DONE
    asked = Selection(redo_changed_profile=True)
    assert status_of(recording("a.mp3"), other, asked) is Status.PROFILE_CHANGED
    assert (
        status_of(recording("a.mp3"), [*other, finished("a.mp3", "v1", PROFILE)], asked)
        is Status.DONE
    )


def test_an_upload_in_progress_is_left_alone() -> None:
    fresh = recording("a.mp3", modified=NOW - timedelta(seconds=59))
    assert status_of(fresh, []) is Status.TOO_YOUNG
    assert status_of(fresh, [], Selection(settle_s=59)) is Status.NEW


def test_a_listing_out_of_order_is_refused_rather_than_losing_recordings() -> None:
    with pytest.raises(ConfigurationError, match=r"'a\.mp3' after 'b\.mp3'"):
        decided([recording("b.mp3"), recording("a.mp3")], [])
    with pytest.raises(ConfigurationError, match="order"):
        decided([recording("c.mp3")], [finished("b", "v1", PROFILE), finished("a", "v1", PROFILE)])


short_keys = st.text(st.sampled_from("ab/.-!\x00 ~é\uffff\U0001f600"), min_size=1, max_size=4)
# Keys around the length from which they are cut, in bytes of every kind, alike up to there.
long_keys = st.builds(
    lambda beginning, length, end: beginning * (length // len(beginning.encode())) + end,
    st.sampled_from(["x", "é", "\uffff", "\U0001f600", " ", "x/"]),
    st.integers(785, 803),
    st.text(st.sampled_from("a '!/~é\uffff\U0001f600"), max_size=12),
)
keys = st.one_of(short_keys, long_keys)
versions = st.sampled_from(["v1", "v2"])
profiles = st.sampled_from([PROFILE, "p2"])
ages_s = st.sampled_from([0, 30, 60, 10**6])
infos = st.lists(st.tuples(keys, versions, ages_s), unique_by=lambda item: item[0], max_size=12)
manifests = st.lists(st.tuples(keys, versions, profiles), unique=True, max_size=16)


def in_byte_order(keyed: list[ObjectInfo]) -> list[ObjectInfo]:
    return sorted(keyed, key=lambda item: item.key.encode())


@given(infos, manifests, st.booleans())
def test_the_merge_agrees_with_a_set_of_all_manifests(
    found: list[tuple[str, str, int]], done: list[tuple[str, str, str]], redo: bool
) -> None:
    recordings = in_byte_order(
        [
            recording(key, version=version, modified=NOW - timedelta(seconds=age))
            for key, version, age in found
        ]
    )
    listed = sorted((finished(*item) for item in done), key=listing_place)
    everything = set(done)

    def expected(info: ObjectInfo) -> Status:
        known = {item for item in everything if item[0] == info.key}
        same_content = {item for item in known if item[1] == info.version}
        if info.key.endswith("/"):
            return Status.FILTERED
        if (info.key, info.version, PROFILE) in everything or (same_content and not redo):
            return Status.DONE
        if NOW - info.modified < timedelta(seconds=60):
            return Status.TOO_YOUNG
        if same_content:
            return Status.PROFILE_CHANGED
        return Status.CHANGED if known else Status.NEW

    selection = Selection(extensions="", redo_changed_profile=redo)
    decisions = decided(recordings, listed, selection)
    assert [decision.info for decision in decisions] == recordings
    assert [decision.status for decision in decisions] == [expected(info) for info in recordings]


@given(
    st.lists(keys, unique=True, max_size=30),
    st.integers(1, 7),
    st.lists(keys, max_size=3),
)
def test_batches_cover_every_recording_once_and_nothing_between_is_lost(
    names: list[str], batch_size: int, later: list[str]
) -> None:
    taken = in_byte_order([recording(name, size=index) for index, name in enumerate(names)])
    cut = list(batches(taken, batch_size=batch_size))
    ranges = [
        [info for info in up_to(taken, batch.until) if info.key > batch.after] for batch in cut
    ]
    assert [info for inside in ranges for info in inside] == taken
    assert all(
        len(inside) == batch.recordings <= batch_size
        for inside, batch in zip(ranges, cut, strict=True)
    )
    assert all(
        sum(info.size for info in inside) == b.size for inside, b in zip(ranges, cut, strict=True)
    )
    assert all(left.until == right.after for left, right in pairwise(cut))
    if cut:
        newcomers = [key for key in later if key <= cut[-1].until]
        assert all(any(b.after < key <= b.until for b in cut) for key in newcomers)


def test_a_batch_is_named_by_its_range() -> None:
    taken = [recording(key, size=10) for key in ("a", "b", "c")]
    assert list(batches(taken, batch_size=2, after="A")) == [
        Batch("A", "b", 2, 20),
        Batch("b", "c", 1, 10),
    ]


def test_memory_does_not_grow_with_the_listings() -> None:
    def peak(number: int) -> int:
        def found() -> Iterator[ObjectInfo]:
            return (recording(f"{index:07}.mp3") for index in range(number))

        def done() -> Iterator[ManifestKey]:
            return (finished(f"{index:07}.mp3", "v1", PROFILE) for index in range(number))

        tracemalloc.start()
        statuses = decide(
            found(),
            done(),
            selection=Selection(),
            version_mark=lambda info: info.version,
            profile_mark=PROFILE,
            now=NOW,
        )
        assert sum(decision.status is Status.DONE for decision in statuses) == number
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)
    # Threads of the process that allocate meanwhile are no matter of this: the least of two counts.
    assert min(peak(5_000) for _ in range(2)) < peak(200) + 20_000
