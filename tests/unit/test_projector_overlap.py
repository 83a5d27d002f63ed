"""A batch is worked out while the one before is on its way: by a store that takes its time, and
whose answers may be lost."""

import asyncio
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from backbone.documents import encode
from backbone.errors import Fenced, Transient
from backbone.fact import Fact
from backbone.log import End, Message
from backbone.memory.reader import MemoryReader
from backbone.record import RecordBatch
from backbone.views.encoding import decode_entry
from backbone.views.memory_store import MemoryViews, MemoryViewWriter
from backbone.views.store import Claimed, EncodedEntry, Part, ViewId, Writing
from processors import batch_facts, latest
from processors.orders import CANCELLED, PLACED, Orders
from processors.prices import PRICES
from processors.view import View
from tests.view_bench import START, Bench, Worker, batch_of

LINE = {"stock_code": "A", "description": None, "quantity": 1, "unit_price": Decimal(1)}


class SlowWriter(MemoryViewWriter):
    """Writes nothing before it is asked whether it has. `accidents` may raise before the parts
    are written and after it, as when a request or an answer is lost."""

    def __init__(self, views: MemoryViews, accidents: Iterator[tuple[bool, bool]]) -> None:
        super().__init__(views)
        self.accidents = accidents
        self.claims = 0
        self.most = 0

    def claim(self, view: ViewId, partition: int) -> Claimed:
        self.claims += 1
        return super().claim(view, partition)

    def begin(self, view: ViewId, partition: int, token: str, parts: Sequence[Part]) -> Writing:
        self.most = max(self.most, len(parts))
        given = tuple(parts)
        return _Slow(self, lambda: super(SlowWriter, self).begin(view, partition, token, given))


@dataclass
class _Slow:
    writer: SlowWriter
    write: Callable[[], Writing]
    written: int = 0
    abandoned: list[bool] = field(default_factory=list)

    def finish(self) -> None:
        request_lost, answer_lost = next(self.writer.accidents, (False, False))
        if request_lost:
            raise Transient("the request was lost")
        done = self.write()
        if answer_lost:
            raise Transient("the answer was lost")
        self.written = done.written
        done.finish()

    def abandon(self) -> None:
        self.abandoned.append(True)


def _worker(bench: Bench, accidents: Iterator[tuple[bool, bool]], records: int) -> Worker:
    worker = bench.worker(max_records=records)
    writer = SlowWriter(bench.views, accidents)
    worker.projector._store = replace(worker.projector._store, writer=writer)
    return worker


def _accidents(random: Random, share: float) -> Iterator[tuple[bool, bool]]:
    while True:
        yield random.random() < share, random.random() < share


def _fill(bench: Bench, random: Random, count: int) -> None:
    """Few keys, so that a batch needs what the one before made of them."""
    for number in range(count):
        key = f"K{random.randrange(6)}"
        if bench.view.name == "prices":
            bench.price(key, f"{number + 1}.00", seconds=random.randrange(30))
        elif random.random() < 0.3:
            bench.publish(CANCELLED, key, order_id=key, cancelled_at=START, reason=None)
        else:
            known = {"customer_id": None, "country": f"C{number}", "currency": "GBP"}
            bench.publish(PLACED, key, order_id=key, placed_at=START, lines=[LINE], **known)


@pytest.mark.parametrize("view", [Orders(), PRICES], ids=["fold", "latest"])
@pytest.mark.parametrize("few", [1, 100], ids=["columns", "rows"])
@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(5))
def test_the_view_is_the_fold_of_its_log_however_slow_the_store(
    view: View, few: int, share: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick, slow = Bench(view), Bench(view)
    monkeypatch.setattr(latest, "FEW", few)
    monkeypatch.setattr(batch_facts, "FEW", few)
    for bench in (quick, slow):
        _fill(bench, Random(seed), 60)
    quick.worker().run()
    worker = _worker(slow, _accidents(Random(seed), share), records=1 + seed)
    worker.run(500)
    assert slow.served() == quick.served()
    assert list(slow.served()) == [f"K{number}" for number in range(6)]
    assert slow.status().offset == 60
    assert slow.dead() == 0
    writer = worker.projector._store.writer
    assert isinstance(writer, SlowWriter)
    assert writer.claims == 1, "lost answers are no reason to claim again"


def _send_one_batch(worker: Worker) -> None:
    batch = batch_of(worker)
    worker.projector.step(batch)
    worker.projector.commit(batch)


def test_what_is_on_its_way_is_written_before_the_partition_is_handed_over() -> None:
    bench = Bench(PRICES)
    bench.price("A", "1.00", seconds=1)
    worker = _worker(bench, iter(()), records=10)
    _send_one_batch(worker)
    assert bench.served() == {}
    worker.subscription.close()
    assert bench.served()["A"]["price"] == "1.0000"


def test_what_is_on_its_way_is_abandoned_when_another_has_the_partition() -> None:
    bench = Bench(PRICES)
    bench.price("A", "1.00", seconds=1)
    worker = _worker(bench, iter(()), records=10)
    _send_one_batch(worker)
    writing = worker.projector._held[0].writing
    worker.projector.lost(0)
    assert isinstance(writing, _Slow)
    assert writing.abandoned
    assert bench.served() == {}


def test_a_store_that_stays_away_is_not_given_more_and_more() -> None:
    bench = Bench(PRICES)
    bench.price("A", "1.00", seconds=1)
    worker = _worker(bench, iter([(True, True)] * 8), records=10)
    worker.run(60)
    writer = worker.projector._store.writer
    assert isinstance(writer, SlowWriter)
    assert writer.most <= 2, "a part, and one heartbeat behind it"
    assert bench.served()["A"]["price"] == "1.0000"


def test_one_partition_is_on_its_way_at_a_time() -> None:
    """Each holds a connection, of which a process has a hundred."""
    bench = Bench(PRICES, partitions=8)
    for number in range(64):
        bench.price(f"K{number}", "1.00", seconds=number)
    worker = _worker(bench, iter(()), records=100)
    polled = worker.subscription.poll(100, 0)
    batches = [each for each in polled if isinstance(each, RecordBatch)]
    assert len(batches) > 3
    for batch in batches:
        worker.projector.step(batch)
        worker.projector.commit(batch)
        assert sum(held.writing is not None for held in worker.projector._held.values()) == 1
    worker.subscription.close()
    assert len(bench.served()) == 64


def _retrying(partitions: int) -> tuple[Bench, Worker, SlowWriter]:
    """Of a view that stands at its end; the retries of partition 0 are on their way."""
    bench = Bench(PRICES, partitions=partitions)
    for number in range(8 * partitions):
        bench.price(f"K{number}", "1.00", seconds=number)
    worker = _worker(bench, iter(()), records=100)
    worker.run()
    records = MemoryReader(bench.log).scan(PRICES.topic)
    batch = RecordBatch.of([each for each in records if each.position.partition == 0])
    worker.projector.retry(batch)
    worker.projector.commit_retry(batch)
    writer = worker.projector._store.writer
    assert isinstance(writer, SlowWriter)
    return bench, worker, writer


def _no_answer(writer: SlowWriter) -> None:
    """Whoever waits for an answer of the store fails."""

    def accidents() -> Iterator[tuple[bool, bool]]:
        pytest.fail("an answer was waited for")
        yield (False, False)

    writer.accidents = accidents()


def test_an_end_waits_for_no_answer_while_retries_are_written_and_is_stored_with_them() -> None:
    bench, worker, writer = _retrying(partitions=1)
    _no_answer(writer)
    assert worker.projector.idle(End(0, 8, 7_000_000_000_000)) is None

    writer.accidents = iter(())
    assert worker.projector.settle(0) is None
    assert bench.status().current_until_ms == 7_000_000_000_000


def test_ends_of_other_partitions_are_sent_beside_retries_and_heard_later() -> None:
    bench, worker, writer = _retrying(partitions=3)
    _no_answer(writer)
    for partition in (1, 2):
        assert worker.projector.idle(End(partition, 0, 7_000_000_000_000)) is None

    writer.accidents = iter(())
    assert worker.projector.settle(0) is None
    worker.subscription.close()
    found = asyncio.run(bench.views.reader().statuses(bench.id))
    assert [each.current_until_ms for each in found if each][1:] == [7_000_000_000_000] * 2


def test_ends_beside_retries_hold_few_connections() -> None:
    _, worker, _ = _retrying(partitions=12)
    for partition in range(1, 12):
        assert worker.projector.idle(End(partition, 0, 7_000_000_000_000)) is None
        on_their_way = [each.writing for each in worker.projector._held.values() if each.writing]
        assert len(on_their_way) <= 8
    assert worker.projector.settle(0) is None


def test_whoever_was_overtaken_writes_no_dead_letter() -> None:
    bench = Bench(PRICES)
    bench.price("A", "1.00", seconds=1)
    worker = _worker(bench, iter(()), records=100)
    _send_one_batch(worker)
    bench.views.writer().claim(bench.id, 0)
    bench.append(Message(PRICES.topic, b"B", b"not a frame"))
    with pytest.raises(Fenced):
        worker.run()
    assert bench.dead() == 0


def test_a_fold_of_one_key_keeps_one_document_of_it_in_memory() -> None:
    # all of them were kept until the batch ended: 1.6 GB for 4,000 facts
    bench = Bench(Growing())
    for number in range(1_500):
        bench.price("A", f"{number + 1}.00", seconds=number)
    worker = bench.worker()
    batch = batch_of(worker)
    tracemalloc.start()
    worker.projector.step(batch)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(encode(bench_value(worker))) > 20_000
    assert peak < 20_000_000


def bench_value(worker: Worker) -> object:
    (part,) = worker.projector._held[0].worked_out()
    (entry,) = part.entries.values()
    assert isinstance(entry, EncodedEntry)
    return decode_entry(entry.data).value


@dataclass(frozen=True)
class Growing:
    """A fold that remembers every price."""

    name: str = "growing"
    version: int = 1
    topic: str = PRICES.topic
    key: str = "k"
    example: str = ""
    freshness_seconds: int = 1
    description: str = ""

    @property
    def reads(self) -> Mapping[str, tuple[str, ...]]:
        return {PRICES.fact: ("price",)}

    def apply(self, state: Mapping[str, Any] | None, fact: Fact) -> Mapping[str, Any]:
        before = state["prices"] if state else []
        return {"prices": [*before, str(fact.data["price"]).rjust(20)]}
