"""What is bought stays bought, whatever meets the rest; no money is spent that was not set aside."""

import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stenoflow.audio.analysis import AudioAnalysis
from stenoflow.billing.budget import Budget, RecordingBudget
from stenoflow.billing.pricing import Prices
from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.prices import list_prices
from stenoflow.errors import (
    BudgetSpent,
    ConfigurationError,
    EngineAccountError,
    EngineError,
    EngineRefused,
    EngineTooSlow,
    OverLimit,
    StenoflowError,
    Stopped,
    UnusableResponse,
)
from stenoflow.ledger.ledger import Ledger
from stenoflow.pipeline.purchase import OPEN_REQUESTS, ChunkPurchaser
from stenoflow.pipeline.recording_ledger import ChunkRequest, RecordingLedger
from stenoflow.pipeline.requests import OriginalFile, RequestBuilder
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.timeouts import MORE_THAN_CHUNKS
from stenoflow.profile.model import Profile
from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.plan import SegmentationPlan
from stenoflow.storage import open_store
from stenoflow.testing.deepgram.faults import FINE, PAID, UNPAID, Fault, Spoiling, status
from stenoflow.testing.deepgram.server import StandIn
from tests.support.analyses import analysis_of, evenly, plans_for
from tests.support.observed_store import LaggingStore

TONES = evenly(40)
PARTS = 6
LONGEST_S = 10.0
PROFILE = Profile(
    engine="deepgram", cutting=SegmentationOptions(remove_pauses=False, overlap_s=1.0)
)
WORDS = {tone.word for tone in TONES}


@dataclass
class Shop:
    """One recording, and all that is needed to buy it again and again."""

    standin: StandIn
    store: Any
    scratch: Path
    heard: AudioAnalysis
    plans: list[SegmentationPlan]
    profile: Profile = PROFILE
    sweep: Budget = field(default_factory=Budget)
    prices: Prices = field(default_factory=list_prices)
    cancelled: threading.Event = field(default_factory=threading.Event)
    inside: int = 0
    progress: list[float] = field(default_factory=list[float])

    @contextmanager
    def limiter(self, cancelled: threading.Event) -> Generator[None]:
        self.inside += 1
        yield

    def engine(self) -> DeepgramEngine:
        return DeepgramEngine(self.profile.deepgram, Credential(self.standin.key, self.standin.url))

    def ledger(self) -> RecordingLedger:
        ledger = Ledger(self.store, poll_s=0.02)
        return RecordingLedger.of(ledger, self.profile, self.engine(), "5" * 64)

    def builder(self) -> RequestBuilder:
        path = self.heard.channels[0].pcm
        original = OriginalFile(path, path.stat().st_size, "5" * 64, "audio/wav", lambda _: None)
        return RequestBuilder(self.heard, original, self.profile, self.engine())

    def buy(self) -> list[ChunkRequest]:
        ledger = self.ledger()
        run = RunContext(
            scratch=self.scratch,
            ledger=ledger.ledger,
            prices=self.prices,
            budget=self.sweep,
            limiter=self.limiter,
            cancelled=self.cancelled,
            progress=self.progress.append,
        )
        budget = RecordingBudget(self.profile.max_cost_usd, self.sweep)
        purchaser = ChunkPurchaser(ledger, self.builder(), budget, run)
        return purchaser.buy(ledger.requests(self.plans))

    def estimate_usd(self) -> Decimal:
        parts = (each.seconds for each in self.ledger().requests(self.plans))
        identity = self.engine().identity()
        return sum(
            (self.prices.estimate("deepgram", identity, each).usd or Decimal(0) for each in parts),
            Decimal(0),
        )


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def shop(tmp_path: Path, standin: StandIn) -> Iterator[Shop]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    heard = analysis_of(tmp_path, TONES)
    plans = plans_for(PROFILE, heard, TONES, longest_s=LONGEST_S)
    assert len(plans[0].chunks) == PARTS
    store = open_store(str(tmp_path / "ledger"), create=True)
    yield Shop(standin, store, scratch, heard, plans)
    assert list(scratch.iterdir()) == []


def words(bought: list[ChunkRequest]) -> set[str]:
    replies = [each.purchased.reply for each in bought if each.purchased]
    return {word.text.lower().strip(".") for reply in replies for word in reply.words}


def hows(bought: list[ChunkRequest]) -> list[str]:
    return [each.purchased.origin for each in bought if each.purchased]


def lost(bought: list[ChunkRequest]) -> int:
    return sum(
        each.possibly_paid + each.purchased.receipt.may_have_been_paid
        for each in bought
        if each.purchased
    )


def test_every_part_is_bought_once_in_order_and_nothing_the_second_time(shop: Shop) -> None:
    first, second = shop.buy(), shop.buy()
    assert [each.chunk for each in first] == list(shop.plans[0].chunks)
    assert words(first) == words(second) == WORDS
    assert (hows(first), hows(second)) == (["bought"] * PARTS, ["reused"] * PARTS)
    assert len(shop.standin.bill.charges) == shop.inside == PARTS
    assert shop.progress[PARTS - 1] == pytest.approx(shop.progress[-1])
    assert shop.standin.max_open <= OPEN_REQUESTS


def test_two_who_buy_one_recording_at_once_pay_for_it_once(shop: Shop, tmp_path: Path) -> None:
    shop.standin.latency_s = 0.1
    (other := tmp_path / "other").mkdir()
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(each.buy) for each in (shop, replace(shop, scratch=other))]
        for run in runs:
            assert words(run.result()) == WORDS
    assert len(shop.standin.bill.charges) == PARTS


def test_a_store_whose_listings_lag_is_paid_for_once(shop: Shop, tmp_path: Path) -> None:
    shop.standin.latency_s = 0.1
    (other := tmp_path / "other").mkdir()
    shop.store = LaggingStore(shop.store)
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(each.buy) for each in (shop, replace(shop, scratch=other))]
        for run in runs:
            assert words(run.result()) == WORDS
    assert hows(shop.buy()) == ["reused"] * PARTS
    assert len(shop.standin.bill.charges) == PARTS


@pytest.mark.parametrize("at", [0, 5])
@pytest.mark.parametrize("fault", UNPAID + PAID)
def test_a_fault_costs_no_part_but_its_own(shop: Shop, fault: Fault, at: int) -> None:
    shop.standin.script(*[FINE] * at, fault)
    with pytest.raises(EngineError):
        shop.buy()
    bought_first = len(shop.standin.bill.charges)
    found = shop.buy()
    assert words(found) == WORDS
    paid_in_vain = fault in PAID
    assert len(shop.standin.bill.charges) == PARTS + paid_in_vain
    assert lost(found) == paid_in_vain or not paid_in_vain
    assert hows(found).count("reused") == bought_first - paid_in_vain


@pytest.mark.parametrize("spoiled", ["truncated", "html", "not an object", "wrong shape", "empty"])
def test_what_was_surely_paid_and_is_unusable_is_bought_at_most_once_more(
    shop: Shop, spoiled: Spoiling
) -> None:
    shop.plans = plans_for(PROFILE, shop.heard, TONES)
    shop.standin.script(*[Fault(spoiled=spoiled)] * 100)
    errors: list[StenoflowError] = []
    for _ in range(5):
        with pytest.raises(StenoflowError) as caught:
            shop.buy()
        errors.append(caught.value)
    assert len(shop.standin.requests) <= 2
    assert isinstance(errors[-1], UnusableResponse)
    assert "USD" in str(errors[-1])
    kept = [info for info in shop.store.list() if "/reply-" in info.key]
    assert len(kept) == len(shop.standin.requests)


def test_the_money_of_all_unusable_replies_is_in_the_message(shop: Shop) -> None:
    shop.standin.script(*[Fault(spoiled="html")] * 100)
    with pytest.raises(UnusableResponse) as caught:
        while True:
            with suppress(EngineError):
                shop.buy()
    requests = len(shop.standin.requests)
    assert caught.value.possibly_paid == requests
    paid_usd = sum((_usd(shop, each.seconds) for each in shop.standin.bill.charges), Decimal(0))
    assert caught.value.possibly_paid_usd == paid_usd
    assert f"{requests} requests, an estimated {paid_usd} USD in all" in str(caught.value)


def test_what_is_too_large_goes_in_halves_that_are_kept_in_mind(shop: Shop) -> None:
    shop.profile = PROFILE.model_copy(update={"deepgram": DeepgramOptions(upload="wav")})
    shop.plans = plans_for(PROFILE, shop.heard, TONES)
    shop.standin.max_bytes = 500_000
    found = shop.buy()
    assert len(found) == 4
    assert words(found) == WORDS
    assert [each.chunk.span.start for each in found] == sorted(
        each.chunk.span.start for each in found
    )
    assert found[0].chunk.span.start == 0 and found[-1].chunk.span.end == shop.heard.samples
    asked = len(shop.standin.requests)
    assert [each.key for each in shop.buy()] == [each.key for each in found]
    assert len(shop.standin.requests) == asked


def test_what_took_too_long_is_tried_once_more_and_then_halved(shop: Shop) -> None:
    shop.plans = plans_for(PROFILE, shop.heard, TONES)
    shop.standin.script(status(504), status(504))
    found = shop.buy()
    assert len(found) == 2
    assert words(found) == WORDS
    assert lost(found) == lost(shop.buy())
    assert len(shop.standin.requests) == 4


def test_a_limit_that_even_short_audio_exceeds_is_not_the_recordings_fault(shop: Shop) -> None:
    shop.plans = plans_for(PROFILE, shop.heard, TONES, longest_s=4)
    shop.standin.max_bytes = 100
    with pytest.raises(ConfigurationError, match="something else must be wrong"):
        shop.buy()


@pytest.mark.parametrize("longest_s", [4.0, LONGEST_S, 600.0])
@pytest.mark.parametrize("from_gateway", [False, True])
def test_an_engine_that_finishes_nothing_in_time_is_not_asked_for_ever_shorter_audio(
    shop: Shop, longest_s: float, from_gateway: bool
) -> None:
    shop.plans = plans_for(PROFILE, shop.heard, TONES, longest_s=longest_s)
    shop.standin.script(*[status(504, from_gateway=from_gateway)] * 100)
    chunks = len(shop.ledger().requests(shop.plans))
    with pytest.raises(EngineTooSlow):
        shop.buy()
    # Those that are open when the limit is reached still end.
    assert len(shop.standin.requests) <= chunks + MORE_THAN_CHUNKS + OPEN_REQUESTS - 1
    if chunks == 1:
        assert len(shop.standin.requests) == 4
    asked = len(shop.standin.requests)
    pieces = len(shop.ledger().requests(shop.plans))
    with pytest.raises((EngineTooSlow, UnusableResponse)):
        shop.buy()
    again = len(shop.standin.requests) - asked
    assert again <= pieces + MORE_THAN_CHUNKS + OPEN_REQUESTS - 1


def test_a_recording_that_is_sent_as_it_is_and_times_out_is_not_rejected(shop: Shop) -> None:
    shop.plans = plans_for(PROFILE, shop.heard, TONES)
    shop.profile = PROFILE.model_copy(update={"deepgram": DeepgramOptions(upload="original")})
    shop.standin.script(*[status(504)] * 100)
    with pytest.raises(EngineTooSlow, match=r"deepgram\.upload to flac"):
        shop.buy()
    assert len(shop.standin.requests) == 2


def test_what_is_sent_as_it_is_cannot_be_halved(shop: Shop) -> None:
    shop.plans = plans_for(PROFILE, shop.heard, TONES)
    shop.profile = PROFILE.model_copy(update={"deepgram": DeepgramOptions(upload="original")})
    shop.standin.script(status(413))
    with pytest.raises(EngineRefused, match=r"deepgram\.upload to flac"):
        shop.buy()


def test_a_closed_account_stops_everything_and_says_so_above_all_else(shop: Shop) -> None:
    shop.plans = plans_for(PROFILE, shop.heard, TONES, longest_s=4)
    assert len(shop.plans[0].chunks) > 2 * OPEN_REQUESTS
    shop.standin.script(*[status(402), status(503), status(503), status(503)] * 5)
    with pytest.raises(EngineAccountError):
        shop.buy()
    assert len(shop.standin.requests) <= 2 * OPEN_REQUESTS
    assert shop.standin.bill.charges == []


def test_beyond_its_limit_nothing_of_a_recording_is_sent(shop: Shop) -> None:
    limit = shop.estimate_usd() - Decimal("0.000001")
    shop.profile = PROFILE.model_copy(update={"max_cost_usd": limit})
    with pytest.raises(OverLimit, match="max_cost_usd"):
        shop.buy()
    assert shop.standin.requests == []
    assert shop.sweep.spent_usd == 0


def test_within_its_limits_a_recording_is_bought_to_the_last_cent(shop: Shop) -> None:
    limit = shop.estimate_usd()
    shop.profile = PROFILE.model_copy(update={"max_cost_usd": limit})
    shop.sweep = Budget(limit)
    shop.buy()
    assert shop.sweep.left_usd == 0
    assert hows(shop.buy()) == ["reused"] * PARTS


def test_what_the_sweep_cannot_cover_is_left_whole(shop: Shop) -> None:
    shop.sweep = Budget(shop.estimate_usd() / 2)
    with pytest.raises(BudgetSpent):
        shop.buy()
    assert shop.standin.requests == []
    assert shop.sweep.left_usd == shop.sweep.limit_usd


def test_with_a_limit_but_no_price_nothing_is_sent(shop: Shop) -> None:
    shop.prices, shop.sweep = Prices(engines={}), Budget(Decimal(1000))
    with pytest.raises(ConfigurationError):
        shop.buy()
    assert shop.standin.requests == []


def test_money_of_what_was_certainly_not_paid_comes_back(shop: Shop) -> None:
    limit = shop.estimate_usd()
    shop.sweep = Budget(limit)
    shop.standin.script(*[status(503)] * OPEN_REQUESTS)
    with pytest.raises(EngineError):
        shop.buy()
    shop.buy()
    assert shop.sweep.left_usd == 0


def test_what_may_have_been_paid_in_vain_counts_toward_both_limits(shop: Shop) -> None:
    limit = shop.estimate_usd()
    shop.profile = PROFILE.model_copy(update={"max_cost_usd": limit})
    shop.sweep = Budget(2 * limit)
    shop.standin.script(Fault(reset_response_at=0))
    with pytest.raises(EngineError):
        shop.buy()
    with pytest.raises(OverLimit, match="without a reply"):
        shop.buy()
    paid_usd = sum((_usd(shop, each.seconds) for each in shop.standin.bill.charges), Decimal(0))
    assert shop.sweep.spent_usd == pytest.approx(paid_usd)
    assert paid_usd <= limit


def _usd(shop: Shop, seconds: float) -> Decimal:
    return shop.prices.estimate("deepgram", shop.engine().identity(), seconds).usd or Decimal(0)


def test_stopped_it_ends_soon_and_what_may_be_paid_is_counted(shop: Shop) -> None:
    shop.standin.script(*[Fault(hang=True)] * OPEN_REQUESTS)
    with ThreadPoolExecutor(1) as threads:
        buying = threads.submit(shop.buy)
        shop.standin.wait_for(lambda: len(shop.standin.bill.charges) == OPEN_REQUESTS)
        shop.cancelled.set()
        with pytest.raises(Stopped):
            buying.result(timeout=60)
    shop.cancelled = threading.Event()
    assert lost(shop.buy()) == OPEN_REQUESTS


def test_another_question_is_another_purchase(shop: Shop) -> None:
    shop.buy()
    options = DeepgramOptions(language="de")
    shop.profile = PROFILE.model_copy(update={"deepgram": options})
    assert hows(shop.buy()) == ["bought"] * PARTS
