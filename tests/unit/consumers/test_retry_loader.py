"""What a sink tries again, on memory twins: each row once, where it would have stood at first."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from backbone.backoff import Backoff
from backbone.codec.codec import Codec
from backbone.codec.columnar_engine import columnar
from backbone.codec.framing import frame
from backbone.contracts.catalog import Contracts
from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import topic_of
from backbone.log import Message, TopicSpec
from backbone.memory.log import MemoryAdmin, MemoryAppender
from backbone.memory.reader import MemoryReader
from backbone.middleware.dead_letters import dead_letters
from backbone.middleware.retry import retry
from backbone.patience import Patience
from backbone.replay.messages import of_fact, of_letter
from backbone.replay.outcomes import Became, Report
from backbone.replay.parked import Parked
from backbone.replay.plan import Target, Verdict, planned
from backbone.replay.retry_headers import COUNT, RETRY, Run
from backbone.runner import Runner
from backbone.warehouse.memory_store import MemoryWarehouse
from backbone.warehouse.store import Block
from consumers.clickhouse.judging import Rehearsal
from consumers.clickhouse.retry_loader import RetryLoader, Telling, Warehouse
from consumers.clickhouse.tables import Tables
from tests.unit.consumers.sinking import PRICE, TOPIC, Sinking, price

RUN = Run("r1", "tester")
RETRIES = "retry.warehouse"
REPLAYED = "replayed.warehouse"
GROUP = "test.warehouse.retry"


class Killed(BaseException):
    """As SIGKILL: nothing of ours handles it."""


@dataclass
class Parking(Sinking):
    """Prices of which some were written with a schema that the registry learns of later."""

    retried_by: MemoryWarehouse | None = None
    newer: Contracts = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in (RETRIES, REPLAYED):
            MemoryAdmin(self.log).create(TopicSpec(name, 1))
        ours = self.contracts[PRICE]
        note = {"name": "note", "type": ["null", "string"], "default": None, "doc": "Why."}
        schema = {**ours.schema, "fields": [*ours.schema["fields"], note]}
        self.newer = Contracts({PRICE: replace(ours, schema=schema)})

    def publish_ahead(self, *numbers: int) -> None:
        """As a writer that is ahead of the registry: nobody can read these yet."""
        known = [len(self.records) + at for at in range(len(numbers))]
        self.publish([price(each) for each in numbers])
        for at in known:
            record = self.records[at]
            assert record.value is not None
            value = frame(self.next_id, record.value[5:] + b"\x02\x06new")
            self.log.topics[TOPIC].partitions[0][at] = replace(record, value=value)

    @property
    def next_id(self) -> int:
        return 2

    def mend(self) -> None:
        contract = self.newer[PRICE]
        assert self.registry.register(contract.subject, contract.registered) == self.next_id

    # trying again

    @property
    def letters(self) -> list[DeadLetter]:
        return [*map(DeadLetter.of, MemoryReader(self.log).scan(topic_of("warehouse")))]

    def send(self, *messages: Message) -> None:
        MemoryAppender(self.log).append([each._replace(partition=0) for each in messages])

    def replay(self) -> None:
        """Every letter there is."""
        for each in self.letters:
            assert each.origin is not None
            self.send(of_letter("warehouse", each, each.origin, RUN))

    def tables(self) -> Mapping[str, Tables]:
        made = Tables(
            *(self.contracts, TOPIC, self.registry),
            lambda known: Codec(known, self.registry, batch_engine=columnar),
        )
        return {TOPIC: made}

    @contextmanager
    def owner(self) -> Iterator[Callable[[], None]]:
        """Gives what tries everything again that stands there."""
        patience = Patience("warehouse", Backoff(first_seconds=0.0, most_seconds=0.0))
        appender, warehouse = MemoryAppender(self.log), self.retried_by or self.warehouse
        stack = [retry(patience), dead_letters("warehouse", appender, lambda _: False)]
        telling = Telling(appender, REPLAYED, lambda: {0: 0})
        made = Warehouse(warehouse, warehouse)
        loader = RetryLoader("warehouse", self.tables(), made, stack, telling)
        runner = Runner(loader, [retry(patience)], patience)
        subscription = self.log.subscription(GROUP, RETRIES, runner)
        loader.attach(subscription)

        def work() -> None:
            rounds = iter(range(4))
            runner.run(subscription, lambda: next(rounds, None) is None)

        yield work
        subscription.close()

    def try_again(self) -> None:
        with self.owner() as work:
            work()

    @property
    def told(self) -> list[tuple[str, Became, str | None]]:
        values = [each.value or b"" for each in MemoryReader(self.log).scan(REPLAYED)]
        found = [told for each in values for told in Report.from_bytes(each).told]
        return [(each.of, each.became, each.code) for each in found]

    @property
    def became(self) -> list[Became]:
        return [became for _, became, _ in self.told]

    @property
    def stored(self) -> list[dict[str, Any]]:
        """Whole rows, lineage included; of rows from before a column, nothing."""
        rows = self.warehouse.rows(self.table, self.place, 0, 10**9)
        return [{name: value for name, value in each.items() if value is not None} for each in rows]


class KilledAfterInsert(MemoryWarehouse):
    """The first insert lands, and nothing is done behind it."""

    def __init__(self, inner: MemoryWarehouse, remembers: int = 1_000) -> None:
        super().__init__(remembers)
        self.tables = inner.tables
        self._reached = inner._reached

    def insert(self, block: Block) -> None:
        super().insert(block)
        raise Killed


def parked(*numbers: int) -> Parking:
    """Ten facts are loaded, and in their middle those are letters."""
    sinking = Parking()
    sinking.publish([price(each) for each in range(5)])
    sinking.publish_ahead(*numbers)
    sinking.publish([price(each) for each in range(5, 10)])
    sinking.load()
    assert sinking.dead == [5 + at for at in range(len(numbers))]
    return sinking


def test_what_was_mended_is_a_row_as_it_would_have_been_at_first() -> None:
    sinking = parked(100, 101)
    sinking.mend()
    sinking.replay()

    sinking.try_again()

    recovered = sinking.stored
    assert sinking.counts.stored == 12
    assert [row["_kafka_offset"] for row in recovered if row.get("note") == "new"] == [5, 6]
    assert sinking.told == [
        ("dlq.warehouse/0/0", Became.RECOVERED, None),
        ("dlq.warehouse/0/1", Became.RECOVERED, None),
    ]
    sinking.warehouse.empty()
    sinking.rewind(0)
    sinking.load()  # and nothing fails this time
    assert sinking.stored == recovered


def test_how_far_the_table_is_stays_the_loader_s_to_say() -> None:
    sinking = parked(100)
    before = [*sinking.warehouse.complete_up_to(sinking.table)]
    sinking.mend()
    sinking.replay()
    sinking.try_again()

    assert [*sinking.warehouse.complete_up_to(sinking.table)] == before


def test_replayed_twice_it_is_inserted_once() -> None:
    sinking = parked(100, 101)
    sinking.mend()
    sinking.replay()
    sinking.replay()
    sinking.try_again()
    sinking.replay()
    sinking.try_again()

    assert sinking.became == [Became.RECOVERED] * 4 + [Became.ALREADY_APPLIED] * 2
    assert sinking.counts.stored == 12


def test_killed_behind_the_insert_it_is_found_there_though_the_token_is_forgotten() -> None:
    sinking = parked(100, 101)
    sinking.mend()
    sinking.replay()
    sinking.retried_by = KilledAfterInsert(sinking.warehouse, remembers=0)
    with sinking.owner() as work, pytest.raises(Killed):
        work()
    assert sinking.became == []

    sinking.retried_by = None
    sinking.try_again()

    assert sinking.became == [Became.ALREADY_APPLIED] * 2
    assert sinking.counts.stored == 12


def test_an_answer_that_was_lost_inserts_once_and_tells_once() -> None:
    sinking = parked(100)
    sinking.mend()
    sinking.replay()
    sinking.warehouse.swallows = 1

    sinking.try_again()

    assert sinking.became == [Became.RECOVERED]
    assert sinking.counts.stored == 11


def test_a_row_that_went_from_the_table_comes_back_within_the_window_of_tokens() -> None:
    sinking = parked(100)
    sinking.mend()
    sinking.replay()
    sinking.try_again()
    rows = sinking.warehouse.tables[sinking.table.name].rows
    rows[:] = [row for row in rows if row["_kafka_offset"] != 5]
    sinking.replay()

    sinking.try_again()

    assert sinking.became == [Became.RECOVERED] * 2
    assert sorted(sinking.rows) == [*range(11)]


def test_what_fails_again_is_a_letter_again_with_its_first_place() -> None:
    sinking = parked(100)
    sinking.replay()

    sinking.try_again()

    first, again = sinking.letters
    assert sinking.told == [("dlq.warehouse/0/0", Became.FAILED, "unknown_schema")]
    assert (again.origin, again.published_ms) == (first.origin, first.published_ms)
    assert again.header(COUNT) == "1"
    assert again.header(RETRY) is None


def test_what_stands_ahead_or_elsewhere_is_refused() -> None:
    sinking = parked(100)
    sinking.mend()
    sinking.publish([price(50)])
    ahead = sinking.records[-1]
    elsewhere = replace(ahead, position=replace(ahead.position, topic="sales.order.v1"))
    recreated = replace(ahead, position=replace(ahead.position, topic_id="another", offset=0))
    sinking.send(*(of_fact("warehouse", each, RUN) for each in (ahead, elsewhere, recreated)))
    sinking.send(Message(RETRIES, b"k", b"v", [], 0))

    sinking.try_again()

    assert sinking.became == [Became.REFUSED] * 4
    assert sinking.counts.stored == 10


def test_an_owner_goes_on_behind_what_was_told_and_begins_anew_in_another_retry_topic() -> None:
    sinking = parked(100)
    sinking.mend()
    sinking.replay()
    sinking.try_again()
    sinking.try_again()
    assert sinking.became == [Became.RECOVERED]

    sinking.log.delete(RETRIES)
    MemoryAdmin(sinking.log).create(TopicSpec(RETRIES, 1))
    sinking.replay()
    sinking.try_again()

    assert sinking.became == [Became.RECOVERED, Became.ALREADY_APPLIED]


def test_a_plan_says_what_a_run_would_do_and_does_nothing() -> None:
    sinking = parked(100, 101)
    rehearsal = Rehearsal(sinking.tables(), sinking.warehouse)
    target = Target(TOPIC, sinking.place.topic_id, 1)
    parked_ones = [Parked(each, 1) for each in sinking.letters]
    before = planned(parked_ones, target, rehearsal)

    sinking.mend()
    after = planned(parked_ones, target, Rehearsal(sinking.tables(), sinking.warehouse))
    assert sinking.counts.stored == 10
    sinking.replay()
    sinking.try_again()
    done = planned(parked_ones, target, Rehearsal(sinking.tables(), sinking.warehouse))

    assert [(each.verdict, each.why) for each in before] == [
        (Verdict.WOULD_FAIL, "unknown_schema")
    ] * 2
    assert [each.verdict for each in after] == [Verdict.WOULD_PASS] * 2
    assert [each.verdict for each in done] == [Verdict.ALREADY_APPLIED] * 2
