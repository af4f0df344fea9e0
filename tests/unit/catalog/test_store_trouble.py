"""Which trouble of stores is one object's, and which every object meets."""

from pathlib import Path

import pytest

from stenoflow.catalog.store_trouble import IN_A_ROW, TroubleCounter, shared_trouble
from stenoflow.errors import (
    AccessDenied,
    BadMedia,
    EngineError,
    NotFound,
    ObjectArchived,
    StenoflowError,
    StoreMisconfigured,
    StoreRefused,
    StoreUnavailable,
)
from stenoflow.storage import Store, open_store
from tests.support.faulty_store import Fault, FaultyStore

KEYS = [f"{number:03}.mp3" for number in range(100)]


@pytest.fixture
def source(tmp_path: Path) -> Store:
    store = open_store(str(tmp_path / "source"), create=True)
    for key in KEYS:
        store.put(key, b"1")
    return store


@pytest.fixture
def destination(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "destination"), create=True)


def failing(error: type[StenoflowError], *operations: str, start: str = "") -> Fault:
    return lambda operation, key: (
        error(f"{operation} {key}") if operation in operations and key.startswith(start) else None
    )


def test_only_several_in_a_row_are_looked_at_and_each_time_more() -> None:
    counter = TroubleCounter()
    looks = [at for at in range(1, 40) if counter.count(AccessDenied)]
    assert looks == [IN_A_ROW, 3 * IN_A_ROW, 7 * IN_A_ROW]


@pytest.mark.parametrize("between", [Exception, BadMedia, EngineError])
def test_whatever_passed_the_stores_ends_the_row(between: type[Exception]) -> None:
    counter = TroubleCounter()
    ends = [StoreUnavailable] * (IN_A_ROW - 1) + [between]
    assert not any(counter.count(error) for error in 10 * ends)


def test_sound_stores_have_no_shared_trouble_and_nothing_is_left(
    source: Store, destination: Store
) -> None:
    assert shared_trouble(source, destination, KEYS) is None
    assert list(destination.list()) == []


@pytest.mark.parametrize(
    "error", [AccessDenied, StoreUnavailable, StoreRefused, StoreMisconfigured]
)
def test_a_source_that_gives_nothing(
    source: Store, destination: Store, error: type[StenoflowError]
) -> None:
    found = shared_trouble(FaultyStore(source, failing(error, "read")), destination, KEYS)
    assert found and found.startswith(f"The source {source.url} gives no recording at all. read ")
    found = shared_trouble(FaultyStore(source, failing(error, "list")), destination, KEYS)
    assert found and found.startswith(f"The source {source.url} gives no recording at all. list")


def test_one_that_can_be_read_clears_the_source(source: Store, destination: Store) -> None:
    fault = failing(AccessDenied, "read", start="0")
    assert shared_trouble(FaultyStore(source, fault), destination, KEYS) is not None
    source.put("z.mp3", b"")
    assert shared_trouble(FaultyStore(source, fault), destination, [*KEYS, "z.mp3"]) is None


@pytest.mark.parametrize("error", [ObjectArchived, NotFound])
def test_what_is_an_objects_own_is_not_shared_though_all_meet_it(
    source: Store, destination: Store, error: type[StenoflowError]
) -> None:
    assert shared_trouble(FaultyStore(source, failing(error, "read")), destination, KEYS) is None


@pytest.mark.parametrize("operation", ["put", "delete"])
def test_a_destination_that_takes_nothing(
    source: Store, destination: Store, operation: str
) -> None:
    double = FaultyStore(destination, failing(AccessDenied, operation))
    found = shared_trouble(source, double, KEYS)
    assert found and found.startswith(f"The destination {destination.url} takes no object at all.")
