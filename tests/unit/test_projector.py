"""The projector on memory twins: the fold, what is superseded, poison, parts, healing, fencing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from backbone.errors import Fatal, Fenced
from backbone.fact import Fact
from backbone.log import Message, TopicSpec
from backbone.memory.reader import MemoryReader
from backbone.record import Outcome
from backbone.views.part import MAX_KEYS
from processors import batch_facts
from processors.orders import CANCELLED, PLACED, Orders
from processors.prices import PRICES
from tests.view_bench import PRICE, START, Bench, batch_of


@pytest.fixture
def prices() -> Bench:
    return Bench(PRICES)


@pytest.fixture
def orders() -> Bench:
    return Bench(Orders())


def test_the_newest_price_counts_whatever_order_it_came_in(prices: Bench) -> None:
    prices.price("A", "2.00", seconds=5)
    prices.price("A", "1.00", seconds=1)
    prices.worker().run()
    assert prices.served()["A"] == {
        "stock_code": "A",
        "price": "2.0000",
        "currency": "GBP",
        "effective_at": "2026-01-01T00:00:05.000000Z",
    }


def test_of_two_prices_of_one_instant_the_later_statement_counts(prices: Bench) -> None:
    prices.price("A", "1.00", seconds=1)
    prices.price("A", "2.00", seconds=1)
    prices.worker().run()
    assert prices.served()["A"]["price"] == "2.0000"


def test_an_older_price_in_a_later_batch_is_superseded(prices: Bench) -> None:
    prices.price("A", "2.00", seconds=5)
    worker = prices.worker()
    worker.run()
    prices.price("A", "1.00", seconds=1)
    worker.run()
    assert prices.served()["A"]["price"] == "2.0000"


def test_an_order_keeps_its_lines_when_it_is_cancelled(orders: Bench) -> None:
    line = {"stock_code": "A", "description": None, "quantity": 3, "unit_price": Decimal("1.50")}
    orders.publish(
        PLACED,
        "1",
        order_id="1",
        placed_at=START,
        customer_id="c",
        country="France",
        currency="GBP",
        lines=[line],
    )
    orders.publish(CANCELLED, "1", order_id="1", cancelled_at=START, reason="late")
    orders.worker().run()
    assert orders.served()["1"] == {
        "order_id": "1",
        "status": "cancelled",
        "placed_at": "2026-01-01T00:00:00.000000Z",
        "country": "France",
        "currency": "GBP",
        "lines": [{"stock_code": "A", "description": None, "quantity": 3, "unit_price": "1.5000"}],
        "total": "4.5000",
        "cancelled_at": "2026-01-01T00:00:00.000000Z",
        "reason": "late",
    }


def test_a_cancel_without_an_order_is_a_cancelled_order_without_lines(orders: Bench) -> None:
    orders.publish(CANCELLED, "C1", order_id="C1", cancelled_at=START, reason=None)
    orders.worker().run()
    assert orders.served()["C1"]["status"] == "cancelled"
    assert orders.served()["C1"]["lines"] == []


def test_a_cancel_is_final(orders: Bench) -> None:
    orders.publish(CANCELLED, "1", order_id="1", cancelled_at=START, reason=None)
    line = {"stock_code": "A", "description": None, "quantity": 1, "unit_price": Decimal(1)}
    known = {"customer_id": None, "country": "France", "currency": "GBP", "lines": [line]}
    orders.publish(PLACED, "1", order_id="1", placed_at=START, **known)
    orders.worker().run()
    assert orders.served()["1"]["status"] == "cancelled"
    assert orders.served()["1"]["total"] == "1.0000"


def test_records_that_were_applied_before_are_superseded_when_they_come_again(
    prices: Bench,
) -> None:
    prices.price("A", "1.00", seconds=1)
    worker = prices.worker()
    batch = batch_of(worker)
    assert worker.projector.step(batch).count(Outcome.APPLIED) == 1
    worker.projector.commit(batch)
    assert worker.projector.step(batch).count(Outcome.SUPERSEDED) == 1


def test_a_record_that_made_the_entry_is_superseded_by_it(prices: Bench) -> None:
    """The offset was lost, the entries were not: what they hold is not applied twice."""
    prices.price("A", "1.00", seconds=1)
    worker = prices.worker()
    batch = batch_of(worker)
    worker.projector.step(batch)
    worker.projector.commit(batch)
    held = worker.projector._held[0]
    held.coming[-1] = replace(held.coming[-1], status=held.reached._replace(offset=0))
    assert worker.projector.step(batch).count(Outcome.SUPERSEDED) == 1


def test_a_poisoned_record_is_parked_once_and_its_neighbours_are_applied(prices: Bench) -> None:
    prices.price("A", "1.00", seconds=1)
    prices.append(Message(PRICES.topic, b"B", b"not a frame"))
    prices.price("C", "1.00", seconds=1)
    prices.worker().run()
    assert sorted(prices.served()) == ["A", "C"]
    assert prices.dead() == 1


def test_a_record_in_a_partition_that_its_key_does_not_belong_to_is_poison() -> None:
    bench = Bench(PRICES, partitions=4)
    bench.price("A", "1.00", seconds=1)
    record = next(iter(MemoryReader(bench.log).scan(PRICES.topic)))
    wrong = (record.position.partition + 1) % 4
    bench.append(Message(PRICES.topic, record.key, record.value, partition=wrong))
    bench.worker().run()
    assert list(bench.served()) == ["A"]
    assert bench.dead() == 1


def test_so_it_is_among_many_that_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_facts, "FEW", 1)
    bench = Bench(Orders(), partitions=4)
    for key in ("A", "B"):
        bench.publish(CANCELLED, key, order_id=key, cancelled_at=START, reason=None)
    record = next(iter(MemoryReader(bench.log).scan(bench.view.topic)))
    wrong = (record.position.partition + 1) % 4
    bench.append(Message(bench.view.topic, record.key, record.value, partition=wrong))
    bench.worker().run()
    assert list(bench.served()) == ["A", "B"]
    assert bench.dead() == 1


def test_a_record_without_a_key_is_poison(prices: Bench) -> None:
    prices.price("A", "1.00", seconds=1)
    record = next(iter(MemoryReader(prices.log).scan(PRICES.topic)))
    prices.append(Message(PRICES.topic, None, record.value, partition=0))
    prices.worker().run()
    assert prices.dead() == 1


def test_a_batch_of_many_keys_is_written_in_parts_that_each_move_the_offset(prices: Bench) -> None:
    for number in range(2 * MAX_KEYS + 500):
        prices.price(f"P{number}", "1.00", seconds=number)
    worker = prices.worker()
    batch = batch_of(worker)
    worker.projector.step(batch)
    parts = worker.projector._held[0].worked_out()
    assert [len(part.entries) for part in parts] == [MAX_KEYS, MAX_KEYS, 500]
    assert [part.status.offset for part in parts] == [MAX_KEYS, 2 * MAX_KEYS, 2 * MAX_KEYS + 500]


def test_a_restart_at_any_part_gives_the_same_view(prices: Bench) -> None:
    keys, facts = MAX_KEYS + 300, 2 * MAX_KEYS + 500
    for number in range(facts):
        prices.price(f"P{number % keys}", f"{number + 1}.00", seconds=number)
    first = prices.worker()
    batch = batch_of(first)
    first.projector.step(batch)
    held = first.projector._held[0]
    assert len(held.worked_out()) > 1
    prices.views.writer().write(prices.id, 0, held.token, held.worked_out()[0])
    first.subscription.close()
    prices.worker().run()
    served = prices.served()
    assert len(served) == keys
    assert served["P7"]["price"] == f"{keys + 8}.0000"
    assert served[f"P{keys - 1}"]["price"] == f"{keys}.0000"


def test_applying_the_whole_log_again_changes_nothing(prices: Bench) -> None:
    for number in range(50):
        prices.price(f"P{number % 7}", f"{number + 1}.00", seconds=number % 11)
    worker = prices.worker()
    worker.run()
    before = prices.served()
    prices.views.flush()
    worker.run(6)
    assert prices.served() == before


def test_an_emptied_store_heals_by_itself_and_says_so_until_it_has(prices: Bench) -> None:
    prices.price("A", "1.00", seconds=1)
    worker = prices.worker()
    worker.run()
    prices.views.flush()
    worker.run(1)
    assert prices.status().rebuilding
    worker.run()
    assert prices.served()["A"]["price"] == "1.0000"
    assert not prices.status().rebuilding


def test_a_worker_whose_partition_was_claimed_by_another_writes_nothing(prices: Bench) -> None:
    worker = prices.worker()
    worker.run()
    prices.views.writer().claim(prices.id, 0)
    prices.price("A", "1.00", seconds=1)
    with pytest.raises(Fenced):
        worker.run()
    assert prices.served() == {}


def test_a_view_built_from_a_topic_that_was_recreated_is_refused(prices: Bench) -> None:
    prices.price("A", "1.00", seconds=1)
    first = prices.worker()
    first.run()
    first.subscription.close()
    prices.log.delete(PRICES.topic)
    prices.admin.create(TopicSpec(PRICES.topic, 1))
    with pytest.raises(Fatal, match="backbone view rebuild prices"):
        prices.worker().run()


def test_a_quiet_view_is_current_because_its_end_was_seen(prices: Bench) -> None:
    prices.price("A", "1.00", seconds=1)
    prices.worker().run()
    status = prices.status()
    assert status.offset == 1
    assert status.current_until_ms >= status.as_of_ms > 0


@dataclass(frozen=True)
class Exploding:
    """A fold with a defect; its message quotes the fact."""

    name: str = "exploding"
    version: int = 1
    topic: str = PRICES.topic
    key: str = "k"
    example: str = ""
    freshness_seconds: int = 1
    description: str = ""

    @property
    def reads(self) -> Mapping[str, tuple[str, ...]]:
        return {PRICE: ("price",)}

    def apply(self, state: Mapping[str, Any] | None, fact: Fact) -> Mapping[str, Any]:
        del state
        raise RuntimeError(f"secret {fact.data['price']}")


def test_a_fold_that_raises_parks_its_fact_without_quoting_it() -> None:
    bench = Bench(Exploding())
    bench.price("A", "1.00", seconds=1)
    bench.worker().run()
    letter = next(iter(MemoryReader(bench.log).scan("dlq.exploding")))
    reasons = dict(letter.headers)
    assert reasons["dlq.error.code"] == b"handler_failed"
    assert b"RuntimeError" in (reasons["__connect.errors.exception.message"] or b"")
    assert b"secret" not in b"".join(value or b"" for value in reasons.values())
