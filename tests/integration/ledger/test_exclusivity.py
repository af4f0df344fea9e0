"""Nothing is bought at a store that does not keep two buyers apart."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from threading import Event

import pytest

from bench.harness.s3_server import S3Server
from bench.harness.unconditional_s3 import without_conditions
from stenoflow.errors import ConfigurationError
from stenoflow.ledger.exclusivity import PROBES, PROOF, Exclusivity
from stenoflow.ledger.ledger import Ledger, Unclaimed
from stenoflow.storage import Store, open_store, probe
from tests.unit.ledger.test_ledger import CHUNK, ORDER, Shop, obtain, read


def folder(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"), create=True)


@pytest.fixture(params=["folder", "moto", "rgw"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    if request.param == "folder":
        return lambda: folder(tmp_path)
    server: S3Server = request.getfixturevalue(request.param)
    bucket = server.new_bucket()
    return lambda: server.open(f"{bucket}/destination")


def keys(store: Store) -> list[str]:
    return [info.key for info in store.list("_stenoflow/put-if-absent")]


def test_a_store_proves_itself_once_before_the_first_purchase(
    reopen: Callable[[], Store],
) -> None:
    store = reopen()
    obtain(Ledger(store), Shop())
    assert keys(store) == [PROOF]
    proved = store.stat(PROOF)
    Exclusivity().ensure(reopen())
    assert store.stat(PROOF) == proved


def test_at_a_server_that_ignores_the_condition_nothing_is_bought(moto: S3Server) -> None:
    shop = Shop()
    with without_conditions(moto.endpoint_url) as url:
        store = moto.open(moto.new_bucket(), endpoint_url=url)
        for _ in range(2):
            with pytest.raises(ConfigurationError, match="nothing can be bought safely"):
                obtain(Ledger(store), shop)
        assert probe(store).allows("put if absent") is False
    assert shop.sold == 0
    store = moto.open(store.url.removeprefix("s3://"))
    assert keys(store) == []
    assert list(store.list(CHUNK.prefix)) == []


def test_a_proof_that_was_copied_to_such_a_server_proves_nothing(moto: S3Server) -> None:
    bucket = moto.new_bucket()
    Exclusivity().ensure(moto.open(bucket))
    with (
        without_conditions(moto.endpoint_url) as url,
        pytest.raises(ConfigurationError, match="nothing can be bought safely"),
    ):
        Exclusivity().ensure(moto.open(bucket, endpoint_url=url))


def test_a_proof_of_another_store_is_made_again(tmp_path: Path) -> None:
    one, other = (open_store(str(tmp_path / name), create=True) for name in ("one", "other"))
    Exclusivity().ensure(one)
    other.put(PROOF, one.read(PROOF))
    seen: list[str] = []

    class Watched:
        def __getattr__(self, name: str) -> object:
            real = getattr(other, name)
            if name != "put_if_absent":
                return real
            return lambda key, *a, **o: seen.append(key) or real(key, *a, **o)

    Exclusivity().ensure(Watched())  # pyright: ignore[reportArgumentType]
    assert any(key.startswith(PROBES) for key in seen)


def test_what_costs_nothing_needs_no_proof(tmp_path: Path) -> None:
    store, free = folder(tmp_path), ORDER.model_copy(update={"estimate_usd": Decimal(0)})
    Ledger(store).buy(Unclaimed(CHUNK, 1, ()), free, Shop().send, read, cancelled=Event())
    assert keys(store) == []
