"""The warehouse: rows that lack, that nobody published, and that tell something else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from backbone.contracts.contract import Contract
from backbone.envelope import to_headers
from backbone.fact import Envelope
from backbone.ledger import warehouse_lines
from backbone.ledger.interval import Stretch
from backbone.ledger.line import Line
from backbone.ledger.warehouse_lines import Loaded
from backbone.log import Message
from backbone.memory.log import MemoryAppender
from backbone.record import Record
from backbone.warehouse.memory_store import MemoryWarehouse
from backbone.warehouse.store import Block, Counts, Place, Reached
from backbone.warehouse.table import OFFSET, FactTable
from tests.contract.table_rows import rows_of
from tests.unit.ledger.books import NOON, TOPIC, TYPE, Books, Json, value

FIELDS = [{"name": "key", "type": "string"}, {"name": "amount", "type": "long"}]
TERMS = (TOPIC, "key", "log", 1, "forever", "us", "/test", 60, "public", "any", "draft")
CONTRACT = Contract(TYPE, 1, {"type": "record", "name": TYPE, "fields": FIELDS}, *TERMS)
TABLE = FactTable(CONTRACT)


def data(number: int) -> dict[str, Any]:
    return {"key": f"K{number}", "amount": number}


class House:
    """Five facts in the log, and in the warehouse what a test puts there."""

    def __init__(
        self,
        rows: Mapping[int, Mapping[str, Any]],
        reached: int = 5,
        made: MemoryWarehouse | None = None,
    ) -> None:
        self.books = Books()
        MemoryAppender(self.books.log).append([_message(number) for number in range(5)])
        partition = self.books.log.topic(TOPIC).partitions[0]
        partition[:] = [_published(each) for each in partition]
        self.warehouse = made or MemoryWarehouse()
        self.warehouse.prepare([TABLE])
        self.warehouse.insert(Block(TABLE, "t", rows_of(CONTRACT, rows, self.books.topic_id)))
        self.warehouse.advance(
            [Reached(TABLE.name, self.books.topic_id, TOPIC, 0, reached, 0)] if reached else []
        )

    def loaded(self, dead: Sequence[int] = ()) -> Loaded:
        return Loaded(self.warehouse, TABLE, self.books.topic_id, 0, frozenset(dead))

    def line(self, dead: Sequence[int] = ()) -> Line:
        return warehouse_lines.line(self.books.scanned(), self.loaded(dead))

    def content(self) -> Line:
        return warehouse_lines.content(self.loaded(), self.books.records(), Json(), 5)


def _message(number: int) -> Message:
    told = Envelope(f"event-{number}", "/test", NOON, f"{number:020d}")
    headers = to_headers(told, f"{TYPE}.v1")
    return Message(TOPIC, f"K{number}".encode(), value(**data(number)), headers, 0)


def _published(record: Record) -> Record:
    at = 1_700_000_000_000 + record.position.offset
    return Record(record.position, record.key, record.value, record.headers, at)


def all_but(*left_out: int) -> dict[int, dict[str, Any]]:
    return {number: data(number) for number in range(5) if number not in left_out}


def wrong(line: Line) -> dict[str, tuple[int, list[str]]]:
    kinds = line.wrong.kinds()
    return {name: (each.count, each.first) for name, each in kinds.items() if each.count}


def test_every_fact_is_loaded() -> None:
    house = House(all_but())

    assert house.line().parts == {"loaded": 5, "dead-lettered": 0, "to come": 0}
    assert house.line().balances is True
    assert house.content().balances is True


def test_a_row_that_lacks_is_named() -> None:
    assert wrong(House(all_but(3)).line()) == {"missing": (1, [f"{TOPIC}/0/3"])}


def test_a_row_that_lacks_for_its_fact_is_in_the_dead_letters_is_well() -> None:
    found = House(all_but(3)).line(dead=[3])

    assert found.parts == {"loaded": 4, "dead-lettered": 1, "to come": 0}
    assert found.balances is True


def test_what_the_table_has_not_reached_is_still_to_come() -> None:
    found = House(all_but(4), reached=4).line()

    assert found.parts == {"loaded": 4, "dead-lettered": 0, "to come": 1}
    assert found.balances is True


def test_a_row_that_nobody_published_is_named() -> None:
    house = House({**all_but(), 7: data(7)}, reached=8)
    scanned = replace(house.books.scanned(), stretches={0: Stretch(0, 8)})  # control records

    found = warehouse_lines.line(scanned, house.loaded())

    assert wrong(found) == {"unknown": (1, [f"{TOPIC}/0/7"])}


class Doubling(MemoryWarehouse):
    """A view that shows the row of one record twice, as without FINAL."""

    def rows(
        self, table: FactTable, place: Place, first: int, end: int
    ) -> Iterator[Mapping[str, Any]]:
        for row in super().rows(table, place, first, end):
            yield from [row] * (2 if row[OFFSET] == 2 else 1)

    def counts(self, table: FactTable, place: Place, first: int, end: int) -> Counts:
        found = super().counts(table, place, first, end)
        return replace(found, rows=found.rows + 1)


def test_a_row_that_is_there_twice_is_named() -> None:
    house = House(all_but(), made=Doubling())

    assert wrong(house.line()) == {"double": (1, [f"{TOPIC}/0/2"])}


def test_an_altered_row_is_named() -> None:
    house = House({**all_but(2), 2: {"key": "K2", "amount": 9}})

    assert house.line().balances is True
    assert wrong(house.content()) == {"altered": (1, [f"{TOPIC}/0/2"])}


def test_a_table_that_was_never_loaded_is_not_judged() -> None:
    assert House({0: data(0)}, reached=0).line().balances is None
