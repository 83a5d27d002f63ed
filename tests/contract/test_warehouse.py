"""What the port of the warehouse promises, held by ClickHouse and by the memory twin."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from backbone.contracts.contract import Contract
from backbone.errors import BackboneError, Misconfigured
from backbone.fact import LogPosition
from backbone.warehouse.clickhouse_reader import ClickHouseReader
from backbone.warehouse.clickhouse_store import ClickHouseWriter
from backbone.warehouse.memory_store import MemoryWarehouse
from backbone.warehouse.store import (
    Block,
    Counts,
    Place,
    Reached,
    WarehouseReader,
    WarehouseWriter,
)
from backbone.warehouse.table import FactTable
from tests.contract.table_rows import rows_of

TOPIC = "test.thing.v1"
TERMS = (TOPIC, "key", "log", 1, "forever", "us", "/test", 60, "public", "any", "draft")
MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
LINE: dict[str, Any] = {
    "type": "record",
    "name": "Line",
    "fields": [{"name": "code", "type": "string"}, {"name": "price", "type": ["null", MONEY]}],
}
FIELDS: list[dict[str, Any]] = [
    {"name": "key", "type": "string"},
    {"name": "at", "type": ["null", MICROS]},
    {"name": "lines", "type": {"type": "array", "items": LINE}},
]
PLACE = Place("topic-1", 0)


def table(*more: dict[str, Any]) -> FactTable:
    schema = {"type": "record", "name": "test.Thing", "fields": [*FIELDS, *more]}
    return FactTable(Contract("test.Thing", 1, schema, *TERMS))


def data(key: str) -> dict[str, Any]:
    return {
        "key": key,
        "at": datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC),
        "lines": [{"code": "a", "price": Decimal("1.2500")}, {"code": "b", "price": None}],
    }


@dataclass
class Warehouse:
    writer: WarehouseWriter
    reader: WarehouseReader


@pytest.fixture
def memory() -> Warehouse:
    made = MemoryWarehouse()
    return Warehouse(made, made)


@pytest.fixture
def clickhouse(clickhouse_url: str, unique: str) -> Iterator[Warehouse]:
    url = urlsplit(clickhouse_url)._replace(path=f"/{unique}").geturl()
    made = Warehouse(ClickHouseWriter(url), ClickHouseReader(url))
    yield made
    made.writer.close()
    made.reader.close()


@pytest.fixture(params=["memory", pytest.param("clickhouse", marks=pytest.mark.clickhouse)])
def warehouse(request: pytest.FixtureRequest) -> Warehouse:
    made: Warehouse = request.getfixturevalue(request.param)
    return made


def block(token: str, *offsets: int, of: FactTable | None = None, **where: Any) -> Block:
    of = of or table()
    rows = rows_of(of.contract, {offset: data(f"k{offset}") for offset in offsets}, **where)
    return Block(of, token, rows)


def reached(offset: int, complete_ms: int, **more: Any) -> Reached:
    place = {"table": table().name, "topic_id": "topic-1", "topic": TOPIC, "partition": 0}
    return Reached(**{**place, "next_offset": offset, "complete_ms": complete_ms, **more})


def test_a_row_is_found_by_its_log_position_with_the_fact_as_the_codec_gives_it(
    warehouse: Warehouse,
) -> None:
    warehouse.writer.prepare([table()])
    warehouse.writer.insert(block("t", 3, 5))

    found = warehouse.reader.row(table(), LogPosition("topic-1", TOPIC, 0, 5))

    assert found == {
        "_kafka_topic_id": "topic-1",
        "_kafka_topic": TOPIC,
        "_kafka_partition": 0,
        "_kafka_offset": 5,
        "_event_id": "event-5",
        "_source": "/test",
        "_correlation_id": "",
        "_schema_id": 7,
        "_kafka_timestamp": datetime.fromtimestamp(1_700_000_000.005, UTC),
        **data("k5"),
    }
    assert warehouse.reader.row(table(), LogPosition("topic-1", TOPIC, 0, 4)) is None


def test_topics_of_another_id_and_partitions_do_not_mix(warehouse: Warehouse) -> None:
    warehouse.writer.prepare([table()])
    warehouse.writer.insert(block("a", 1))
    warehouse.writer.insert(block("b", 2, topic_id="topic-2"))
    warehouse.writer.insert(block("c", 3, partition=1))

    assert [row["key"] for row in warehouse.reader.rows(table(), PLACE, 0, 10)] == ["k1"]
    assert [row["key"] for row in warehouse.reader.rows(table(), Place("topic-1", 1), 0, 10)] == [
        "k3"
    ]
    assert warehouse.reader.row(table(), LogPosition("topic-1", TOPIC, 0, 2)) is None


def test_rows_of_a_stretch_come_in_the_order_of_the_log(warehouse: Warehouse) -> None:
    warehouse.writer.prepare([table()])
    warehouse.writer.insert(block("b", 7, 8))
    warehouse.writer.insert(block("a", 1, 4))

    found = [row["_kafka_offset"] for row in warehouse.reader.rows(table(), PLACE, 4, 8)]

    assert found == [4, 7]


def test_a_token_that_came_before_inserts_nothing(warehouse: Warehouse) -> None:
    """By the token alone: what has landed is not compared with what comes."""
    warehouse.writer.prepare([table()])
    warehouse.writer.insert(block("a", 1, 2))
    warehouse.writer.insert(block("b", 3))
    warehouse.writer.insert(block("a", 1, 2, 9))

    assert warehouse.reader.counts(table(), PLACE, 0, 10) == Counts(rows=3, offsets=3, stored=3)


def test_rows_that_came_twice_are_one_in_the_view(warehouse: Warehouse) -> None:
    warehouse.writer.prepare([table()])
    warehouse.writer.insert(block("a", 1, 2))
    warehouse.writer.insert(block("b", 2, 3))

    assert warehouse.reader.counts(table(), PLACE, 0, 10) == Counts(rows=3, offsets=3, stored=4)
    assert warehouse.reader.counts(table(), PLACE, 2, 3) == Counts(rows=1, offsets=1, stored=2)


def test_how_far_a_table_is_never_goes_back(warehouse: Warehouse) -> None:
    assert list(warehouse.reader.complete_up_to(table())) == []
    warehouse.writer.prepare([table()])
    assert list(warehouse.reader.complete_up_to(table())) == []

    warehouse.writer.advance([reached(5, 2_000), reached(0, 0, partition=1)])
    warehouse.writer.advance([reached(3, 1_000)])
    warehouse.writer.advance([reached(5, 2_500)])

    expected = [reached(5, 2_500), reached(0, 0, partition=1)]
    assert list(warehouse.reader.complete_up_to(table())) == expected
    assert list(warehouse.writer.reached(TOPIC)) == expected
    assert list(warehouse.writer.reached("another.topic.v1")) == []


def test_preparing_again_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.writer.prepare([table()])
    warehouse.writer.insert(block("a", 1))
    warehouse.writer.advance([reached(2, 1_000)])

    warehouse.writer.prepare([table()])

    assert warehouse.reader.counts(table(), PLACE, 0, 10).rows == 1
    assert list(warehouse.reader.complete_up_to(table())) == [reached(2, 1_000)]


def test_a_newer_contract_brings_its_column(warehouse: Warehouse) -> None:
    newer = table({"name": "note", "type": ["null", "string"], "default": None})
    warehouse.writer.prepare([table()])
    rows = rows_of(newer.contract, {2: {**data("k2"), "note": "new"}})

    with pytest.raises(BackboneError):
        warehouse.writer.insert(Block(newer, "b", rows))
    warehouse.writer.prepare([newer])
    warehouse.writer.insert(Block(newer, "b", rows))

    found = [(row["key"], row["note"]) for row in warehouse.reader.rows(newer, PLACE, 0, 10)]
    assert found == [("k2", "new")]


def test_a_record_inside_of_a_field_grows(warehouse: Warehouse) -> None:
    line = {**LINE, "fields": [*LINE["fields"], {"name": "note", "type": ["null", "string"]}]}
    schema = {**table().contract.schema}
    schema["fields"] = [*FIELDS[:2], {"name": "lines", "type": {"type": "array", "items": line}}]
    newer = FactTable(Contract("test.Thing", 1, schema, *TERMS))
    lines = [{"code": "a", "price": None, "note": "new"}]
    warehouse.writer.prepare([table()])
    warehouse.writer.prepare([newer])

    rows = rows_of(newer.contract, {2: {**data("k2"), "lines": lines}})
    warehouse.writer.insert(Block(newer, "b", rows))

    assert [row["lines"] for row in warehouse.reader.rows(newer, PLACE, 0, 10)] == [lines]


def test_a_table_that_nobody_prepared_is_told(warehouse: Warehouse) -> None:
    with pytest.raises(Misconfigured):
        warehouse.writer.insert(block("a", 1))
    with pytest.raises(Misconfigured):
        warehouse.reader.row(table(), LogPosition("topic-1", TOPIC, 0, 5))


def test_which_rows_are_there_is_told_of_any_offsets(warehouse: Warehouse) -> None:
    assert warehouse.reader.present(table(), PLACE, [1]) == frozenset()
    warehouse.writer.prepare([table()])
    warehouse.writer.insert(block("t", 1, 3, 5))
    warehouse.writer.insert(block("again", 5))

    assert warehouse.reader.present(table(), PLACE, [5, 2, 3, 4]) == {3, 5}
    assert warehouse.reader.present(table(), PLACE, []) == frozenset()
    assert warehouse.reader.present(table(), Place("topic-1", 1), [1]) == frozenset()
    assert warehouse.reader.present(table(), Place("topic-2", 0), [1]) == frozenset()


def test_of_very_many_offsets_none_is_forgotten(warehouse: Warehouse) -> None:
    warehouse.writer.prepare([table()])
    warehouse.writer.insert(block("t", 0, 24_999))

    assert warehouse.reader.present(table(), PLACE, range(25_000)) == {0, 24_999}
