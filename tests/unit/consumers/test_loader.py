"""The loader on memory twins: what it notes, what it inserts, and what comes of accidents."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from backbone.errors import Fatal, Transient
from backbone.log import TopicSpec
from backbone.memory.log import MemoryAdmin
from backbone.record import RecordBatch
from backbone.warehouse.memory_store import MemoryWarehouse
from backbone.warehouse.store import Block, Counts, Reached
from consumers.clickhouse import segments
from tests.unit.consumers.sinking import (
    CONTRACTS,
    GROUP,
    PRICE,
    TOPIC,
    Sinking,
    one_partition,
    price,
)


class Killed(BaseException):
    """As SIGKILL: nothing of ours handles it."""


class Watched(MemoryWarehouse):
    """Remembers what stood beside the offset at each insert, and kills at a given call."""

    def __init__(self, remembers: int = 1_000) -> None:
        super().__init__(remembers)
        self.sinking: Sinking
        self.noted: list[tuple[int, str]] = []
        self.kill_after_inserts = -1
        self.kill_before_inserts = -1

    def insert(self, block: Block) -> None:
        self.noted.append(self.sinking.noted)
        self._maybe_kill("kill_before_inserts")
        super().insert(block)
        self._maybe_kill("kill_after_inserts")

    def _maybe_kill(self, counter: str) -> None:
        left = getattr(self, counter)
        setattr(self, counter, left - 1)
        if left == 0:
            raise Killed


class KilledAfterInsert(MemoryWarehouse):
    """Killed once, after so many inserts."""

    def __init__(self, inserts: int) -> None:
        super().__init__()
        self.left = inserts

    def insert(self, block: Block) -> None:
        super().insert(block)
        self.left -= 1
        if self.left == -1:
            raise Killed


def watched(remembers: int = 1_000) -> tuple[Sinking, Watched]:
    warehouse = Watched(remembers)
    warehouse.sinking = Sinking(warehouse=warehouse)
    return warehouse.sinking, warehouse


def facts(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [price(number) for number in range(start, start + count)]


def killed(sinking: Sinking, records_a_poll: int = 1_000) -> None:
    with sinking.loader(records_a_poll) as loading:
        with pytest.raises(Killed):
            loading.until(lambda: sinking.loaded)
        loading.vanish()


def test_every_fact_is_a_row_once_and_the_offset_says_so() -> None:
    sinking = Sinking()
    sinking.publish(facts(250))

    sinking.load(records_a_poll=100)

    assert sinking.rows == dict(enumerate(facts(250)))
    assert sinking.counts == Counts(rows=250, offsets=250, stored=250)
    assert sinking.noted == (250, "loaded")
    assert sinking.next_offset == 250


def test_what_is_inserted_is_noted_before_beside_an_unmoved_offset() -> None:
    sinking, warehouse = watched()
    sinking.publish(facts(3))
    sinking.publish_poison()
    sinking.publish(facts(2))

    sinking.load(records_a_poll=4)

    assert warehouse.noted == [(0, "pending:0-3:3"), (4, "pending:4-5:")]


def test_an_insert_that_landed_before_a_kill_is_formed_again_however_polls_cut_the_log() -> None:
    sinking, warehouse = watched()
    sinking.publish(facts(90))
    warehouse.kill_after_inserts = 1
    killed(sinking, records_a_poll=40)
    assert sinking.noted == (40, "pending:40-79:")

    sinking.load(records_a_poll=7)

    assert sinking.rows == dict(enumerate(facts(90)))
    assert sinking.counts.stored == 90


def test_a_kill_between_insert_and_commit_leaves_nothing_twice_in_store() -> None:
    """The view would hide it: the token must see it."""
    for at in range(3):
        sinking = Sinking(warehouse=KilledAfterInsert(at))
        sinking.publish(facts(90))
        killed(sinking, records_a_poll=30)

        sinking.load(records_a_poll=7)

        assert sinking.counts == Counts(rows=90, offsets=90, stored=90)


def test_what_was_parked_before_a_kill_is_no_row_after_it() -> None:
    """Also where the program that comes after it would take it for a fact."""
    sinking = Sinking()
    sinking.publish(facts(9))
    sinking.load()
    sinking.warehouse.empty()
    sinking.warehouse.prepare([sinking.table])
    topic_id = sinking.log.topics[TOPIC].topic_id
    sinking.rewind(0, f"pending:0-8:3,5-6:{topic_id}")

    sinking.load()

    assert sorted(sinking.rows) == [0, 1, 2, 4, 7, 8]


def test_an_insert_that_did_not_land_before_a_kill_is_made_up_for() -> None:
    sinking, warehouse = watched()
    sinking.publish(facts(90))
    warehouse.kill_before_inserts = 1
    killed(sinking, records_a_poll=40)

    sinking.load(records_a_poll=64)

    assert sinking.counts == Counts(rows=90, offsets=90, stored=90)


def test_a_time_out_after_the_insert_landed_doubles_nothing() -> None:
    sinking = Sinking()
    sinking.publish(facts(90))
    sinking.warehouse.swallows = 5

    sinking.load(records_a_poll=40)

    assert sinking.counts == Counts(rows=90, offsets=90, stored=90)


def test_a_repeat_after_the_token_is_forgotten_is_one_row_in_the_view() -> None:
    sinking, warehouse = watched(remembers=1)
    sinking.publish(facts(60))
    warehouse.kill_after_inserts = 1
    killed(sinking, records_a_poll=30)
    warehouse.tables[sinking.table.name].tokens.clear()

    sinking.load()

    assert sinking.rows == dict(enumerate(facts(60)))
    assert sinking.counts == Counts(rows=60, offsets=60, stored=90)


def test_a_warehouse_that_is_away_is_waited_for() -> None:
    sinking = Sinking()
    sinking.publish(facts(10))
    sinking.warehouse.away = True

    with sinking.loader() as loading:
        rounds = iter(range(50))

        def back_after_a_while() -> bool:
            if next(rounds, None) is None:
                sinking.warehouse.away = False
            return sinking.loaded

        loading.until(back_after_a_while)

    assert sinking.counts == Counts(rows=10, offsets=10, stored=10)


def test_poison_leaves_its_batch_and_is_parked_once() -> None:
    sinking, warehouse = watched()
    sinking.publish(facts(5))
    sinking.publish_poison(2)
    sinking.publish(facts(120))
    warehouse.kill_after_inserts = 0
    killed(sinking)
    assert sinking.noted == (0, "pending:0-126:5-6")

    sinking.load(records_a_poll=50)

    assert sinking.dead == [5, 6]
    assert sinking.counts == Counts(rows=125, offsets=125, stored=125)


def test_more_poison_than_a_note_holds_cuts_the_batch() -> None:
    sinking, warehouse = watched()
    for _ in range(1_500):
        sinking.publish_poison()
        sinking.publish(facts(2))

    sinking.load(records_a_poll=10_000)

    assert len(sinking.dead) == 1_500
    assert sinking.counts == Counts(rows=3_000, offsets=3_000, stored=3_000)
    assert len(warehouse.noted) > 1
    assert all(len(note) <= 4_000 for _, note in warehouse.noted)


def test_small_polls_become_one_insert_and_the_end_of_the_log_does_not_wait_for_more() -> None:
    sinking, warehouse = watched()
    sinking.enough = 100
    sinking.publish(facts(10))
    sinking.publish_poison()
    sinking.publish(facts(219, start=10))

    sinking.load(records_a_poll=30)

    assert [note for _, note in warehouse.noted] == [
        "pending:0-89:10",
        "pending:90-179:",
        "pending:180-229:",
    ]
    assert sinking.counts == Counts(rows=229, offsets=229, stored=229)


def test_large_facts_are_inserted_before_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "ENOUGH_BYTES", 10_000)
    sinking, warehouse = watched()
    sinking.enough = 1_000_000
    sinking.publish(facts(300))

    with sinking.loader(records_a_poll=30) as loading:
        loading.until(lambda: bool(warehouse.noted))
        assert loading.delivered < len(sinking.records)
        loading.until(lambda: sinking.loaded)
    assert sinking.counts == Counts(rows=300, offsets=300, stored=300)


def test_a_rewind_changes_nothing_in_the_view() -> None:
    sinking = Sinking()
    sinking.publish(facts(90))
    sinking.load(records_a_poll=40)

    sinking.rewind(10)
    sinking.load(records_a_poll=30)

    assert sinking.rows == dict(enumerate(facts(90)))
    assert sinking.counts == Counts(rows=90, offsets=90, stored=170)
    assert sinking.noted == (90, "loaded")


def test_a_partition_that_goes_over_is_finished_first() -> None:
    sinking = Sinking()
    sinking.publish(facts(30))
    with sinking.loader(records_a_poll=10) as loading:
        loading.until(lambda: 0 in sinking.log.groups[GROUP].committed)
        loading.leave()

    assert sinking.noted[1] == "loaded"
    assert sinking.noted[0] == sinking.next_offset == sinking.counts.stored


def test_a_note_outlives_an_owner_who_had_not_gathered_what_it_says() -> None:
    sinking, warehouse = watched()
    sinking.publish(facts(90))
    warehouse.kill_after_inserts = 0
    killed(sinking, records_a_poll=60)
    with sinking.loader(records_a_poll=20) as loading:

        def has_gathered_some() -> bool:
            held = loading.loader._held.get(0)
            return held is not None and held.stretch is not None and len(held.stretch.parts) > 0

        loading.until(has_gathered_some)
        loading.leave()
    assert sinking.noted == (0, "pending:0-59:")

    sinking.load()

    assert sinking.counts == Counts(rows=90, offsets=90, stored=90)


def test_two_loaders_on_one_partition_leave_one_row_of_each() -> None:
    sinking = Sinking()
    sinking.publish(facts(100))
    with sinking.loader(records_a_poll=20) as zombie:
        zombie.until(lambda: sinking.offset > 0)
        held = zombie.loader._held[0]
        zombie.vanish()
        sinking.load(records_a_poll=33)
        moved = sinking.log.groups[GROUP].committed[0]

        sinking.publish(facts(20, start=100))
        batch = RecordBatch.of(sinking.records)
        zombie.loader._held[0] = held
        zombie.loader.step(batch)
        with pytest.raises(Transient):
            zombie.loader.commit(batch)

    assert sinking.log.groups[GROUP].committed[0] == moved
    sinking.load()
    assert sinking.rows == dict(enumerate(facts(120)))


def test_a_warehouse_that_was_emptied_is_healed_from_the_log() -> None:
    sinking = Sinking()
    sinking.publish(facts(50))
    sinking.load()

    sinking.warehouse.empty()
    sinking.publish(facts(10, start=50))
    sinking.load()

    assert sinking.rows == dict(enumerate(facts(60)))


def test_an_older_copy_of_the_warehouse_is_noticed_while_it_runs() -> None:
    sinking = Sinking()
    sinking.publish(facts(50))
    with sinking.loader() as loading:
        loading.loader._clock = iter(range(0, 10**6, 10)).__next__
        loading.until(lambda: sinking.loaded)
        loading.until(lambda: loading.loader._held[0].say_at > 10)
        sinking.warehouse.tables[sinking.table.name].rows.clear()
        sinking.warehouse.tables[sinking.table.name].tokens.clear()
        sinking.warehouse._reached.clear()

        loading.until(lambda: sinking.counts.rows == 50)

    assert sinking.rows == dict(enumerate(facts(50)))


def test_a_topic_that_was_created_again_stops_the_loader() -> None:
    sinking = Sinking()
    sinking.publish(facts(5))
    sinking.load()
    sinking.log.delete(TOPIC)
    MemoryAdmin(sinking.log).create(TopicSpec(TOPIC, 1))
    sinking.publish(facts(3))

    with pytest.raises(Fatal, match="created again"):
        sinking.load()


def test_a_note_of_somebody_else_stops_the_loader() -> None:
    sinking = Sinking()
    sinking.publish(facts(5))
    sinking.load()
    sinking.rewind(2, "mine")

    with pytest.raises(Fatal, match="another program"):
        sinking.load()


def test_a_begun_insert_that_cannot_be_formed_again_stops_the_loader() -> None:
    sinking = Sinking()
    sinking.publish(facts(5))
    sinking.publish_poison()
    sinking.load()
    sinking.warehouse._reached.clear()
    topic_id = sinking.log.topics[TOPIC].topic_id
    sinking.rewind(0, f"pending:0-5::{topic_id}")

    with pytest.raises(Fatal, match="cannot be formed again"):
        sinking.load()


def test_a_log_that_lost_what_was_begun_stops_the_loader() -> None:
    sinking = Sinking()
    sinking.publish(facts(5))
    sinking.load()
    topic_id = sinking.log.topics[TOPIC].topic_id
    sinking.rewind(5, f"pending:5-9::{topic_id}")

    with pytest.raises(Fatal, match="no longer"):
        sinking.load()


def test_a_newer_writer_s_field_becomes_a_column_at_once() -> None:
    sinking = Sinking()
    sinking.publish(facts(3))
    note = {"name": "note", "type": ["null", "string"], "default": None, "doc": "Why."}
    ours = sinking.contracts[PRICE]
    newer = replace(ours, schema={**ours.schema, "fields": [*ours.schema["fields"], note]})
    writer = sinking.writer_of(one_partition(newer))

    with sinking.loader() as loading:
        loading.until(lambda: sinking.loaded)
        sinking.publish([{**price(3), "note": "new"}], writer)
        sinking.publish(facts(1, start=4))
        loading.until(lambda: sinking.loaded)

    found = {
        row["_kafka_offset"]: row.get("note")
        for row in sinking.warehouse.tables[sinking.table.name].rows
    }
    assert found == {0: None, 1: None, 2: None, 3: "new", 4: None}


def test_facts_of_a_schema_with_maps_are_rows_too() -> None:
    ours = CONTRACTS[PRICE]
    tags = {"name": "tags", "type": {"type": "map", "values": "long"}, "doc": "Counts."}
    contracts = one_partition(
        replace(ours, schema={**ours.schema, "fields": [*ours.schema["fields"], tags]})
    )
    sinking = Sinking(contracts)
    data = [{**price(number), "tags": {"a": number}} for number in range(150)]
    sinking.publish(data)

    sinking.load()

    found = [row["tags"] for row in sinking.warehouse.tables[sinking.table.name].rows]
    assert found == [[{"key": "a", "value": number}] for number in range(150)]


class Accidents(MemoryWarehouse):
    """Kills at a random call, before or after it did its work, and forgets tokens now and then."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random = random
        self.fuse = random.randrange(1, 12)

    def insert(self, block: Block) -> None:
        self._call()
        super().insert(block)
        if self.random.random() < 0.1:
            self.tables[block.table.name].tokens.clear()
        self._call()

    def advance(self, reached: Any) -> None:
        self._call()
        super().advance(reached)
        self._call()

    def reached(self, topic: str) -> list[Reached]:
        self._call()
        return list(super().reached(topic))

    def _call(self) -> None:
        self.fuse -= 1
        if self.fuse == 0:
            self.fuse = self.random.randrange(3, 40)
            raise Killed if self.random.random() < 0.7 else Transient("an accident")


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens_the_view_equals_the_topic(seed: int) -> None:
    random = Random(seed)
    sinking = Sinking(warehouse=Accidents(random), enough=random.choice((1, 60, 300)))
    expected: dict[int, Any] = {}
    poisoned: set[int] = set()
    for number in range(random.randrange(100, 500)):
        if random.random() < 0.05:
            poisoned.add(len(sinking.records))
            sinking.publish_poison()
        else:
            expected[len(sinking.records)] = price(number)
            sinking.publish([price(number)])
    while True:
        with sinking.loader(random.choice((1, 7, 40, 200, 1_000))) as loading:
            try:
                loading.until(lambda: sinking.loaded)
                break
            except Killed:
                loading.vanish()
        if random.random() < 0.2 and sinking.offset:
            sinking.rewind(random.randrange(sinking.offset))

    sinking.warehouse.fuse = 10**9  # type: ignore[attr-defined] # of the double
    assert sinking.rows == expected
    assert set(sinking.dead) == poisoned
    assert sinking.next_offset == len(sinking.records)
