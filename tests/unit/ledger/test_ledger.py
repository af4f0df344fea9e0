"""One payment for one audio, whoever wants it, and whatever happens to who buys it."""

import json
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from stenoflow.errors import (
    AccessDenied,
    BrokenReply,
    ConfigurationError,
    EngineAccountError,
    EngineBusy,
    EngineError,
    EngineRefused,
    ErrorReply,
    RequestRefused,
    StenoflowError,
    Stopped,
    StoreRefused,
    StoreUnavailable,
    UnusableResponse,
)
from stenoflow.ledger.lease_owner import LeaseOwner, this_process
from stenoflow.ledger.ledger import (
    MAX_AFTER_UNUSABLE,
    MAX_UNANSWERED_ATTEMPTS,
    Ledger,
    PurchasedReply,
    Unclaimed,
)
from stenoflow.ledger.records import ChunkKey, Intent, Order, Receipt
from stenoflow.ledger.spool import Spool
from stenoflow.ledger.unanswered import Unanswered
from stenoflow.storage import Store, open_store
from stenoflow.times import Seconds
from stenoflow.transcript.model import Reply, Word
from tests.support.fake_clock import FakeClock, ImpatientClock
from tests.support.observed_store import CountingStore, LaggingStore

CHUNK = ChunkKey("ab" * 32, "c" * 32)
ORDER = Order(
    engine="deepgram",
    body_sha256="0" * 64,
    body_bytes=10,
    seconds=1.0,
    exact=True,
    estimate_usd=Decimal("0.01"),
)
RAW = b'{"request_id": "r1", "text":  "hello"}\n'
ELSEWHERE = LeaseOwner(machine="another", pid=1, started=1)
DEAD = this_process().model_copy(update={"started": 1})
LEASE_S = 8.0
POLL_S = 1.0


def read(raw: bytes, order: Order) -> Reply:
    try:
        reply = json.loads(raw)
        word = Word(reply["text"], Seconds(0.0), Seconds(order.seconds))
    except (ValueError, KeyError) as error:
        raise EngineError("that is no answer", may_be_paid=True) from error
    return Reply((word,), request_id=reply["request_id"])


@dataclass
class Shop:
    """Sells one reply, and counts how often."""

    raw: bytes = RAW
    error: BaseException | None = None
    takes_s: float = 0.0
    clock: FakeClock = field(default_factory=FakeClock)
    sold: int = 0
    sold_at_s: float = 0.0
    selling: threading.Event = field(default_factory=threading.Event)
    answers: threading.Event = field(default_factory=threading.Event)
    """Set, the reply comes before ``takes_s`` have passed."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self) -> bytes:
        with self.lock:
            self.sold += 1
            self.sold_at_s = self.clock.now_s()
        self.selling.set()
        if self.takes_s:
            self.clock.wait(self.answers, self.takes_s)
        if self.error:
            raise self.error
        return self.raw


def obtain(ledger: Ledger, shop: Shop, cancelled: threading.Event | None = None) -> PurchasedReply:
    cancelled = cancelled or threading.Event()
    while True:
        found = ledger.wait(CHUNK, read, cancelled=cancelled)
        if isinstance(found, PurchasedReply):
            return found
        if bought := ledger.buy(found, ORDER, shop.send, read, cancelled=cancelled):
            return bought


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "ledger"), create=True)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger(store: Store, clock: FakeClock) -> Ledger:
    return ledger_in(store, clock)


def ledger_in(store: Any, clock: FakeClock, **options: Any) -> Ledger:
    return Ledger(store, lease_s=LEASE_S, poll_s=POLL_S, clock=clock, **options)


def leave_intent(store: Store, number: int = 1, **changes: Any) -> Intent:
    """Leave the intent of a buyer that was last seen with these changes."""
    intent = Intent(
        id="x",
        number=number,
        state="open",
        owner=ELSEWHERE,
        lease_s=LEASE_S,
        at=datetime.now(UTC),
        order=ORDER,
    ).model_copy(update=changes)
    store.put(CHUNK.intent_key(number), intent.model_dump_json().encode())
    return intent


def intent(store: Store, number: int = 1) -> Intent:
    return Intent.model_validate_json(store.read(CHUNK.intent_key(number)))


class Failing:
    """A store in which the given calls to one method fail."""

    def __init__(
        self, store: Store, method: str, error: Exception, *, key: str, times: int
    ) -> None:
        self._store, self._method, self._error = store, method, error
        self._key, self.left = key, times

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._store, name)
        if name != self._method:
            return real

        def call(key: str, *args: Any, **options: Any) -> Any:
            if self._key in key and self.left:
                self.left -= 1
                raise self._error
            return real(key, *args, **options)

        return call


def test_what_is_bought_is_kept_byte_for_byte_and_never_bought_again(
    ledger: Ledger, store: Store
) -> None:
    shop = Shop()
    first, second = obtain(ledger, shop), obtain(ledger, shop)
    assert (first.origin, second.origin, shop.sold) == ("bought", "reused", 1)
    assert first.reply == second.reply
    assert store.read(CHUNK.reply_key(1)) == RAW
    assert first.receipt.request_id == "r1"
    assert first.receipt.may_have_been_paid == 0


def test_the_intent_is_there_before_the_request_and_the_reply_before_it_is_read(
    ledger: Ledger, store: Store
) -> None:
    seen: list[str] = []

    def send() -> bytes:
        seen.append(f"{intent(store).state} {intent(store).order.body_sha256}")
        return RAW

    def reading(raw: bytes, order: Order) -> Reply:
        seen.append(store.read(CHUNK.reply_key(1)).decode())
        return read(raw, order)

    ledger.buy(Unclaimed(CHUNK, 1, ()), ORDER, send, reading, cancelled=threading.Event())
    assert seen == [f"open {'0' * 64}", RAW.decode()]


def test_eight_threads_at_once_pay_once(ledger: Ledger, clock: FakeClock) -> None:
    shop = Shop(takes_s=2 * LEASE_S, clock=clock)
    together = threading.Barrier(8)

    def one() -> PurchasedReply:
        together.wait()
        return obtain(ledger, shop)

    with ThreadPoolExecutor(8) as threads:
        buying = [threads.submit(one) for _ in range(8)]
        # The one that buys, the thread that renews its lease, and seven that wait.
        clock.run(buying, sleepers=9, step_s=POLL_S)
    obtained = [each.result() for each in buying]
    assert shop.sold == 1
    assert sum(each.origin == "bought" for each in obtained) == 1
    assert {each.receipt.may_have_been_paid for each in obtained} == {0}


BUYER = """
import sys, threading, time
from pathlib import Path
from tests.unit.ledger.test_ledger import CHUNK, ORDER, RAW, obtain, Shop
from stenoflow.ledger.ledger import Ledger
from stenoflow.storage import open_store

class Recorded(Shop):
    def send(self):
        with Path(sys.argv[2]).open("a") as bill:
            bill.write("paid\\n")
        print("sent", flush=True)
        time.sleep(float(sys.argv[3]))
        return RAW

print("ready", flush=True)
sys.stdin.readline()
found = obtain(Ledger(open_store(sys.argv[1]), poll_s=0.05), Recorded())
print(found.origin, found.receipt.may_have_been_paid, flush=True)
"""


def start_buyer(folder: Path, bill: Path, takes_s: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUYER, str(folder), str(bill), str(takes_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def said(buyer: subprocess.Popen[str]) -> str:
    assert buyer.stdout
    return buyer.stdout.readline().strip()


def tell(buyer: subprocess.Popen[str]) -> None:
    assert buyer.stdin
    buyer.stdin.write("go\n")
    buyer.stdin.flush()


@pytest.mark.processes
@pytest.mark.parametrize("count", [2, 8])
def test_processes_at_once_pay_once(tmp_path: Path, count: int) -> None:
    folder, bill = tmp_path / "ledger", tmp_path / "bill"
    open_store(str(folder), create=True)
    buyers = [start_buyer(folder, bill, 0.5) for _ in range(count)]
    try:
        assert {said(buyer) for buyer in buyers} == {"ready"}
        for buyer in buyers:
            tell(buyer)
        ends = [buyer.communicate(timeout=60)[0].split("\n") for buyer in buyers]
    finally:
        for buyer in buyers:
            buyer.kill()
    assert bill.read_text() == "paid\n"
    hows = sorted(end[-2] for end in ends)
    assert hows.count("bought 0") == 1
    assert set(hows) <= {"bought 0", "waited 0", "reused 0"}


def test_a_buyer_killed_while_it_waits_for_its_reply_is_followed_at_once_and_counted(
    tmp_path: Path,
) -> None:
    folder, bill = tmp_path / "ledger", tmp_path / "bill"
    store = open_store(str(folder), create=True)
    buyer = start_buyer(folder, bill, 60)
    try:
        assert said(buyer) == "ready"
        tell(buyer)
        assert said(buyer) == "sent"
    finally:
        psutil.Process(buyer.pid).kill()
        buyer.communicate()
    shop = Shop()
    found = obtain(Ledger(store, clock=ImpatientClock()), shop)
    assert (found.origin, shop.sold) == ("bought", 1)
    assert found.receipt.may_have_been_paid == 1


def test_a_reply_whose_buyer_died_before_reading_it_is_used(ledger: Ledger, store: Store) -> None:
    leave_intent(store)
    store.put(CHUNK.reply_key(1), RAW)
    shop = Shop()
    found = obtain(ledger, shop)
    assert (found.origin, shop.sold, found.receipt.may_have_been_paid) == ("reused", 0, 0)


def test_a_buyer_at_work_is_waited_for_longer_than_its_lease(
    ledger: Ledger, clock: FakeClock
) -> None:
    slow, quick = Shop(takes_s=5 * LEASE_S, clock=clock), Shop()
    with ThreadPoolExecutor(2) as threads:
        buying = threads.submit(obtain, ledger, slow)
        assert slow.selling.wait(60)
        waiting = threads.submit(obtain, ledger, quick)
        clock.run([buying, waiting], sleepers=3, step_s=POLL_S)
    found = waiting.result()
    assert (found.origin, quick.sold, slow.sold) == ("waited", 0, 1)
    assert buying.result().origin == "bought"


@pytest.mark.parametrize("year", [1990, 2026, 2190])
def test_a_dead_machine_keeps_its_lease_once_whatever_its_clock(
    ledger: Ledger, clock: FakeClock, store: Store, year: int
) -> None:
    leave_intent(store, at=datetime(year, 1, 1, tzinfo=UTC))
    shop = Shop(clock=clock)
    began_s = clock.now_s()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(obtain, ledger, shop)
        clock.run([waiting], sleepers=1, step_s=POLL_S)
    found = waiting.result()
    assert shop.sold_at_s - began_s > LEASE_S
    assert (shop.sold, found.receipt.may_have_been_paid) == (1, 1)


@pytest.mark.parametrize("skew_years", [-30, 30])
def test_a_machine_that_renews_is_not_overtaken_whatever_its_clock_says(
    ledger: Ledger, clock: FakeClock, store: Store, skew_years: int
) -> None:
    at = datetime.now(UTC)
    left = leave_intent(store, at=at.replace(year=at.year + skew_years))
    cancelled = threading.Event()
    shop = Shop()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(obtain, ledger, shop, cancelled)
        for renewal in range(1, 12):
            clock.wait_for_sleepers(1)
            leave_intent(store, at=left.at, renewal=renewal)
            clock.advance(LEASE_S / 2)
        clock.wait_for_sleepers(1)
        assert not waiting.done()
        cancelled.set()
        with pytest.raises(Stopped):
            waiting.result()
    assert shop.sold == 0


def test_a_buyer_taken_for_dead_uses_the_reply_that_came_first_and_both_are_counted(
    store: Store, clock: FakeClock
) -> None:
    mute = Failing(store, "put", StoreUnavailable("no renewals"), key="intent", times=1000)
    slow, quick = Shop(takes_s=float("inf"), clock=clock), Shop(raw=RAW.replace(b"r1", b"r2"))
    with ThreadPoolExecutor(2) as threads:
        overtaken = threads.submit(obtain, ledger_in(mute, clock), slow)
        assert slow.selling.wait(60)
        # As on another machine, where nobody can see that this process is alive.
        leave_intent(store, id=intent(store).id)
        first = threads.submit(obtain, ledger_in(store, clock), quick)
        clock.run([first], sleepers=3, step_s=POLL_S)
        slow.answers.set()
        clock.run([overtaken], sleepers=1, step_s=POLL_S)
    found, late = first.result(), overtaken.result()
    assert (found.origin, late.origin) == ("bought", "waited")
    assert late.reply == found.reply
    assert (found.receipt.may_have_been_paid, late.receipt.may_have_been_paid) == (1, 2)


def test_a_tampered_reply_is_neither_used_nor_bought_again(ledger: Ledger, store: Store) -> None:
    shop = Shop()
    obtain(ledger, shop)
    store.put(CHUNK.reply_key(1), RAW.replace(b"hello", b"hallo"))
    with pytest.raises(UnusableResponse, match="not what its receipt says"):
        obtain(ledger, shop)
    assert shop.sold == 1


@pytest.mark.parametrize("key", [CHUNK.intent_key(1), CHUNK.receipt_key])
@pytest.mark.parametrize("cut", [0, 1, 40])
def test_a_half_written_record_stops_all_buying(
    ledger: Ledger, store: Store, key: str, cut: int
) -> None:
    leave_intent(store, state="released")
    if key == CHUNK.receipt_key:
        receipt = Receipt(
            intent=1,
            reply_sha256="0" * 64,
            reply_bytes=1,
            request_id=None,
            order=ORDER,
            at=datetime.now(UTC),
            may_have_been_paid=0,
        )
        store.put(key, receipt.model_dump_json().encode())
    store.put(key, store.read(key)[:cut])
    shop = Shop()
    with pytest.raises(UnusableResponse, match="of the ledger"):
        obtain(ledger, shop)
    assert shop.sold == 0


def test_an_answer_that_cannot_be_read_is_paid_in_vain_until_somebody_can(ledger: Ledger) -> None:
    def unable(raw: bytes, order: Order) -> Reply:
        raise UnusableResponse("a form nobody knows", request_id="r1")

    shop, cancelled = Shop(), threading.Event()
    with pytest.raises(UnusableResponse):
        ledger.buy(Unclaimed(CHUNK, 1, ()), ORDER, shop.send, unable, cancelled=cancelled)
    with pytest.raises(UnusableResponse):
        ledger.wait(CHUNK, unable, cancelled=cancelled)
    assert obtain(ledger, shop).origin == "reused"
    assert shop.sold == 1


def test_two_replies_that_are_no_answers_are_enough(ledger: Ledger, store: Store) -> None:
    shop = Shop(raw=b"{}")
    for _ in range(1 + MAX_AFTER_UNUSABLE):
        with pytest.raises(EngineError):
            obtain(ledger, shop)
    with pytest.raises(UnusableResponse, match=r"no answer.*remove file://"):
        obtain(ledger, shop)
    assert shop.sold == 1 + MAX_AFTER_UNUSABLE
    assert intent(store).state == "spoiled"
    assert store.read(CHUNK.reply_key(1)) == b"{}"


@pytest.mark.parametrize("raw", [b"", b"<html>", RAW[:9], b"\xff\xfe", b"\xef\xbb\xbf{}"])
def test_whatever_arrives_is_kept_and_bought_at_most_once_more(
    ledger: Ledger, store: Store, raw: bytes
) -> None:
    shop = Shop(raw=raw)
    for _ in range(2):
        with pytest.raises(EngineError):
            obtain(ledger, shop)
    for _ in range(3):
        with pytest.raises(UnusableResponse, match=r"estimated 0.02 USD in all.*remove file://"):
            obtain(Ledger(ledger.store), shop)
    assert shop.sold == 2
    assert [store.read(CHUNK.reply_key(number)) for number in (1, 2)] == [raw, raw]


def test_after_an_unusable_reply_one_further_request_is_enough_whatever_came_of_it(
    ledger: Ledger,
) -> None:
    silent = Shop(error=EngineError("never answered", may_be_paid=True))
    for shop in (silent, silent, Shop(raw=b"{}"), silent):
        with pytest.raises(EngineError):
            obtain(ledger, shop)
    with pytest.raises(UnusableResponse, match=r"4 requests, an estimated 0\.04 USD") as caught:
        obtain(ledger, silent)
    assert silent.sold == 3
    assert (caught.value.possibly_paid, caught.value.possibly_paid_usd) == (4, Decimal("0.04"))


def test_what_was_paid_without_a_usable_reply_is_added_up(ledger: Ledger, store: Store) -> None:
    assert ledger.unanswered(CHUNK) == Unanswered()
    with pytest.raises(EngineError):
        obtain(ledger, Shop(raw=b"{}"))
    assert ledger.unanswered(CHUNK) == Unanswered(1, Decimal("0.01"))
    obtain(ledger, Shop())
    assert ledger.unanswered(CHUNK) == Unanswered(1, Decimal("0.01"))


def test_a_request_that_is_under_way_is_not_yet_unanswered(ledger: Ledger, store: Store) -> None:
    leave_intent(store)
    assert ledger.unanswered(CHUNK) == Unanswered()
    leave_intent(store, number=2)
    assert ledger.unanswered(CHUNK) == Unanswered(1, Decimal("0.01"))


def test_what_came_of_a_broken_reply_is_kept_and_bounds_what_is_bought(
    ledger: Ledger, store: Store
) -> None:
    shop = Shop(error=BrokenReply("broke off", b'{"te', request_id="r9"))
    for _ in range(2):
        with pytest.raises(BrokenReply):
            obtain(ledger, shop)
    with pytest.raises(UnusableResponse, match="broke off"):
        obtain(ledger, shop)
    assert (shop.sold, intent(store).state, intent(store).request_id) == (2, "spoiled", "r9")
    assert store.read(CHUNK.reply_key(1)) == b'{"te'


def test_a_reply_that_reports_an_error_is_kept_and_asked_for_again(
    ledger: Ledger, store: Store
) -> None:
    def reading(raw: bytes, order: Order) -> Reply:
        raise ErrorReply("overloaded", may_be_paid=True)

    with pytest.raises(ErrorReply):
        ledger.buy(
            Unclaimed(CHUNK, 1, ()), ORDER, lambda: b"busy", reading, cancelled=threading.Event()
        )
    assert (store.read(CHUNK.reply_key(1)), intent(store).state) == (b"busy", "lost")
    assert obtain(ledger, Shop()).receipt.may_have_been_paid == 1


@pytest.mark.parametrize(
    "name",
    [
        "reply-0001 (1).json",
        "reply-0001.json.bak",
        "intent-0001.bak",
        "intent-copy.json",
        "intent-0002 - Copy.json",
        "receipt (1).json",
        "receipt.json~",
        ".DS_Store",
        "reply-.json",
        "reply-٣٣٣٣.json",
        "reply-0007.json",
    ],
)
def test_other_files_in_a_chunks_folder_are_ignored(
    ledger: Ledger, store: Store, name: str
) -> None:
    store.put(CHUNK.prefix + name, b"not ours")
    shop = Shop()
    assert [obtain(ledger, shop).origin for _ in range(2)] == ["bought", "reused"]
    assert ledger.has_reply(CHUNK)
    assert shop.sold == 1


def test_what_a_listing_does_not_show_yet_is_not_bought_again(
    store: Store, clock: FakeClock
) -> None:
    shop = Shop()
    with pytest.raises(EngineError):
        obtain(ledger_in(LaggingStore(store), clock), Shop(raw=b"{}"))
    found = [obtain(ledger_in(LaggingStore(store), clock), shop) for _ in range(3)]
    assert [each.origin for each in found] == ["bought", "reused", "reused"]
    assert {each.receipt.may_have_been_paid for each in found} == {1}
    assert shop.sold == 1


def test_a_lease_that_a_listing_does_not_show_is_waited_for(store: Store, clock: FakeClock) -> None:
    lagging = LaggingStore(store)
    slow, quick = Shop(takes_s=5 * LEASE_S, clock=clock), Shop()
    with ThreadPoolExecutor(2) as threads:
        buying = threads.submit(obtain, ledger_in(lagging, clock), slow)
        assert slow.selling.wait(60)
        waiting = threads.submit(obtain, ledger_in(lagging, clock), quick)
        clock.run([buying, waiting], sleepers=3, step_s=POLL_S)
    assert (waiting.result().origin, quick.sold, slow.sold) == ("waited", 0, 1)


def test_an_unusable_reply_of_a_dead_buyer_counts_as_one(ledger: Ledger, store: Store) -> None:
    leave_intent(store, owner=DEAD)
    store.put(CHUNK.reply_key(1), b"{}")
    shop = Shop(raw=b"{}")
    with pytest.raises(EngineError):
        obtain(ledger, shop)
    with pytest.raises(UnusableResponse, match="2 requests"):
        obtain(ledger, shop)
    assert shop.sold == 1


def test_requests_to_the_store_are_few(store: Store, clock: FakeClock) -> None:
    counting = CountingStore(store)
    ledger = ledger_in(counting, clock)
    ledger.exclusivity.ensure(store)
    assert ledger.find(CHUNK, read) is None
    obtain(ledger, Shop())
    assert counting.calls == {"read": 3, "put_if_absent": 2, "put": 1}
    counting.calls.clear()
    assert ledger.find(CHUNK, read)
    assert counting.calls == {"read": 2}


def test_attempts_without_reply_are_counted_and_at_some_point_enough(ledger: Ledger) -> None:
    silent = Shop(error=EngineError("never answered", may_be_paid=True))
    for _ in range(3):
        with pytest.raises(EngineError):
            obtain(ledger, silent)
    assert obtain(ledger, Shop()).receipt.may_have_been_paid == 3


def test_after_too_many_lost_attempts_a_person_must_look(ledger: Ledger) -> None:
    silent = Shop(error=EngineError("never answered", may_be_paid=True))
    for _ in range(MAX_UNANSWERED_ATTEMPTS):
        with pytest.raises(EngineError):
            obtain(ledger, silent)
    with pytest.raises(UnusableResponse, match="never answered"):
        obtain(ledger, silent)
    assert silent.sold == MAX_UNANSWERED_ATTEMPTS


@pytest.mark.parametrize(
    "error",
    [
        EngineRefused("no audio"),
        EngineAccountError("no credit"),
        ConfigurationError("no such model"),
        RequestRefused("no"),
        EngineBusy("too many"),
        EngineError("never connected"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_certainly_unpaid_does_not_count(ledger: Ledger, error: Exception) -> None:
    for _ in range(2):
        with pytest.raises(type(error)):
            obtain(ledger, Shop(error=error))
    assert obtain(ledger, Shop()).receipt.may_have_been_paid == 0


@pytest.mark.parametrize("error", [Stopped("stop"), MemoryError(), KeyboardInterrupt()], ids=repr)
def test_what_ends_a_request_from_our_side_may_have_been_paid(
    ledger: Ledger, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        obtain(ledger, Shop(error=error))
    assert obtain(ledger, Shop()).receipt.may_have_been_paid == 1


def test_a_reply_waits_for_a_store_in_trouble(store: Store, clock: FakeClock) -> None:
    failing = Failing(store, "put", StoreUnavailable("away"), key="reply", times=5)
    shop = Shop()
    with ThreadPoolExecutor(1) as threads:
        buying = threads.submit(obtain, ledger_in(failing, clock), shop)
        clock.run([buying], sleepers=2, step_s=POLL_S)
    found = buying.result()
    assert (found.origin, shop.sold, failing.left) == ("bought", 1, 0)


@pytest.mark.parametrize(
    "error", [StoreUnavailable("away"), AccessDenied("403"), StoreRefused("400")]
)
def test_a_reply_that_cannot_be_stored_is_delivered_by_the_next_run(
    store: Store, clock: FakeClock, tmp_path: Path, error: StenoflowError
) -> None:
    spool = Spool(tmp_path / "home" / "spool")
    failing = Failing(store, "put", error, key="reply", times=100)
    shop = Shop()
    with pytest.raises(type(error), match=r"is paid for, is kept in .*reply-0001\.json"):
        obtain(ledger_in(failing, clock, storage_patience_s=0.0, spool=spool), shop)
    (kept,) = spool.folder.rglob("reply-*") if spool.folder else ()
    assert {stat.S_IMODE(each.stat().st_mode) for each in (kept, kept.parent / "chunk.url")} == {
        0o600
    }
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700

    found = obtain(ledger_in(store, clock, spool=spool), shop)
    assert (found.origin, found.receipt.may_have_been_paid, shop.sold) == ("reused", 0, 1)
    assert list((tmp_path / "home" / "spool").iterdir()) == []


def test_while_the_store_still_refuses_a_spooled_reply_nothing_is_bought(
    store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "spool")
    failing = Failing(store, "put", AccessDenied("403"), key="reply", times=100)
    shop = Shop()
    for _ in range(3):
        with pytest.raises(AccessDenied):
            obtain(ledger_in(failing, clock, storage_patience_s=0.0, spool=spool), shop)
    assert shop.sold == 1


def test_a_cancelled_run_leaves_its_reply_in_the_spool(
    store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "spool")
    failing = Failing(store, "put", StoreUnavailable("away"), key="reply", times=100)
    cancelled = threading.Event()

    class Cancelling(Shop):
        def send(self) -> bytes:
            cancelled.set()
            return super().send()

    shop = Cancelling()
    with pytest.raises(StoreUnavailable, match="is kept in"):
        obtain(ledger_in(failing, clock, spool=spool), shop, cancelled)
    assert obtain(ledger_in(store, clock, spool=spool), shop).origin == "reused"


def test_a_reply_that_can_be_kept_nowhere_is_counted(
    store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    spool = Spool(tmp_path / "file" / "spool")
    failing = Failing(store, "put", StoreUnavailable("away"), key="reply", times=100)
    with pytest.raises(StoreUnavailable):
        obtain(ledger_in(failing, clock, storage_patience_s=0.0, spool=spool), Shop())
    assert obtain(ledger_in(store, clock), Shop()).receipt.may_have_been_paid == 1


def test_nothing_is_bought_where_the_store_cannot_put_if_absent(
    store: Store, clock: FakeClock
) -> None:
    error = ConfigurationError("this store cannot")
    failing = Failing(store, "put_if_absent", error, key="", times=100)
    shop = Shop()
    with pytest.raises(ConfigurationError):
        obtain(ledger_in(failing, clock), shop)
    assert shop.sold == 0


def test_a_put_that_was_answered_twice_is_known_as_ones_own(store: Store, clock: FakeClock) -> None:
    class Repeating(Failing):
        def __getattr__(self, name: str) -> Any:
            real = getattr(self._store, name)
            return (lambda *a, **o: real(*a, **o) and False) if name == "put_if_absent" else real

    repeating = Repeating(store, "", OSError(), key="", times=0)
    shop = Shop()
    found = obtain(ledger_in(repeating, clock), shop)
    assert (found.origin, shop.sold) == ("bought", 1)


def test_stopped_before_the_request_nothing_is_sent(ledger: Ledger) -> None:
    shop, cancelled = Shop(), threading.Event()
    cancelled.set()
    with pytest.raises(Stopped):
        ledger.buy(Unclaimed(CHUNK, 1, ()), ORDER, shop.send, read, cancelled=cancelled)
    assert shop.sold == 0


def test_no_thread_outlives_its_request(ledger: Ledger) -> None:
    obtain(ledger, Shop())
    with pytest.raises(EngineError):
        Ledger(ledger.store).buy(
            Unclaimed(ChunkKey("cd" * 32, "e"), 1, ()),
            ORDER,
            Shop(error=EngineError("x")).send,
            read,
            cancelled=threading.Event(),
        )
    assert not [each for each in threading.enumerate() if each.name == "ledger-renewal"]
