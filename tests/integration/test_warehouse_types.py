"""Every type a fact may have, through Arrow and the real engine and back, from both engines."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest

from backbone.codec.table_columns import TableColumns, TableRows
from backbone.contracts.catalog import Contracts
from backbone.contracts.shape import Record
from backbone.warehouse.clickhouse_reader import ClickHouseReader
from backbone.warehouse.clickhouse_store import ClickHouseWriter
from backbone.warehouse.store import Block, Place
from backbone.warehouse.table import FactTable
from tests.contract.table_rows import front, rows_of
from tests.unit.codec.awkward import (
    DATE,
    MICROS,
    STATE,
    UUID,
    array,
    cases,
    contract_of,
    record,
)
from tests.unit.codec.payloads import Maker

pytestmark = pytest.mark.clickhouse
AVRO = Path(__file__).parents[2] / "avro"
CASES = cases(Contracts.load(AVRO))
FACTS = 150
PLACE = Place("topic-1", 0)


@pytest.fixture(scope="module")
def url(clickhouse_url: str) -> str:
    return urlsplit(clickhouse_url)._replace(path="/types").geturl()


@pytest.fixture
def writer(url: str) -> Iterator[ClickHouseWriter]:
    made = ClickHouseWriter(url)
    yield made
    made.close()


@pytest.fixture
def reader(url: str) -> Iterator[ClickHouseReader]:
    made = ClickHouseReader(url)
    yield made
    made.close()


def table_of(name: str, shape: Record) -> FactTable:
    """Only the name and the shape of a contract count here."""
    contract = replace(contract_of(record("F", key="string")), type=f"test.{name}.Fact")
    vars(contract)["shape"] = shape
    return FactTable(contract)


def stored(
    table: FactTable, rows: TableRows, writer: ClickHouseWriter, reader: ClickHouseReader
) -> list[dict[str, Any]]:
    """What comes back of the rows, whose places are taken for their offsets."""
    writer.prepare([table])
    whole = rows.behind(front(table.contract.topic, PLACE.topic_id, 0, list(rows.places)))
    writer.insert(Block(table, "one", whole))
    names = [each.name for each in table.contract.shape.fields]
    return [{name: row[name] for name in names} for row in reader.rows(table, PLACE, 0, FACTS)]


@pytest.mark.parametrize("name", CASES)
def test_what_is_stored_is_what_was_decoded(
    name: str, writer: ClickHouseWriter, reader: ClickHouseReader
) -> None:
    case, random = CASES[name], Random(name)
    payloads = [Maker(random).write(case.shape) for _ in range(FACTS)]
    decoded = [case.rows.decode(payload) for payload in payloads]
    shape = case.columns._shape
    columns, table = TableColumns(shape), table_of(name, shape)

    at_once = columns.of_columns(case.columns.decode(payloads))
    one_by_one = columns.of_rows(enumerate(decoded))

    assert at_once.objects() == one_by_one.objects()
    assert list(at_once.beyond) == list(one_by_one.beyond)
    assert stored(table, at_once, writer, reader) == [
        data for place, data in enumerate(decoded) if place not in at_once.beyond
    ]


MAPS = record(
    "F",
    key="string",
    a={"type": "map", "values": "long"},
    b=["null", {"type": "map", "values": ["null", MICROS]}],
    c={"type": "map", "values": record("Held", state=STATE, days=array(DATE))},
    d=array({"type": "map", "values": "bytes"}),
)


def test_maps_are_maps(writer: ClickHouseWriter, reader: ClickHouseReader) -> None:
    contract = replace(contract_of(MAPS), type="test.maps.Fact")
    some = {
        "key": "one",
        "a": {"x": 1, "y\n'": -2},
        "b": {"then": datetime(2026, 1, 1, tzinfo=UTC), "never": None},
        "c": {"z": {"state": "PAID", "days": [date(1999, 12, 31)]}},
        "d": [{}, {"é": b"\xff\0"}],
    }
    none: dict[str, Any] = {"key": "two", "a": {}, "b": None, "c": {}, "d": []}
    rows = TableColumns(contract.shape).of_rows([(0, some), (1, none)])

    assert stored(FactTable(contract), rows, writer, reader) == [some, none]


@pytest.mark.parametrize(
    ("field", "inside", "beyond"),
    [
        (
            MICROS,
            datetime(2299, 12, 31, 23, 59, 59, 999_999, UTC),
            datetime(2300, 1, 1, tzinfo=UTC),
        ),
        (MICROS, datetime(1900, 1, 1, tzinfo=UTC), datetime(1899, 12, 31, 23, tzinfo=UTC)),
        (DATE, date(2299, 12, 31), date(2300, 1, 1)),
        (array(["null", DATE]), [None, date(1900, 1, 1)], [None, date(1899, 12, 31)]),
    ],
)
def test_a_fact_whose_instants_no_table_holds_is_told_apart(
    field: Any, inside: Any, beyond: Any, writer: ClickHouseWriter, reader: ClickHouseReader
) -> None:
    schema = record("F", at=field, after=["null", record("G", deep=["null", field])])
    contract = replace(contract_of(schema), type=f"test.beyond.Fact{abs(hash(str(inside)))}")
    facts = [
        {"at": inside, "after": None},
        {"at": beyond, "after": None},
        {"at": inside, "after": {"deep": inside}},
        {"at": inside, "after": {"deep": beyond}},
        {"at": inside, "after": {"deep": None}},
    ]

    rows = TableColumns(contract.shape).of_rows(enumerate(facts))

    assert (list(rows.beyond), list(rows.places)) == ([1, 3], [0, 2, 4])
    assert stored(FactTable(contract), rows, writer, reader) == [facts[0], facts[2], facts[4]]


def test_the_memory_twin_reads_as_the_engine_does() -> None:
    contract = replace(contract_of(record("F", u=UUID, many=["null", array("string")])))
    data = {"u": "9f1c2d3e-0000-4000-8000-0123456789ab", "many": ["a"]}

    (row,) = rows_of(contract, {1: data}).objects()

    assert FactTable(contract).data(row) == data
